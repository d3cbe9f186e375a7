import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import * as fs from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { converge } from '../../lib/engine/converge.ts'
import type { Change, Resource } from '../../lib/engine/resource.ts'
import { QuorateError } from '../../lib/errors.ts'
import { type Lab, labUp } from '../../lib/lab/index.ts'
import { absent, artifact, directory, file, hostsEntries, line, symlink } from '../../lib/resources/index.ts'
import { Secret } from '../../lib/secret.ts'
import type { Connection } from '../../lib/transport/connection.ts'
import { connect } from '../../lib/transport/index.ts'

interface Context {
  lab: Lab
  host: Connection
  /** A directory of this machine. */
  local: string
}

const test = suite<Context>('file resources on a lab host')

test.before(async (context) => {
  context.local = fs.mkdtempSync(join(tmpdir(), 'quorate-lab-files-'))
  process.env.XDG_CACHE_HOME = join(context.local, 'cache')
  context.lab = await labUp({ name: 'files-test', hosts: ['f1'] })
  context.host = await open(context.lab)
})
test.after(async ({ lab, host, local }) => {
  await host?.close()
  await lab?.down()
  fs.rmSync(local, { recursive: true, force: true })
})

function open(lab: Lab): Promise<Connection> {
  const [{ name, address }] = lab.hosts as [Lab['hosts'][0]]
  const settings = {
    transport: 'ssh',
    host: address,
    port: 22,
    user: 'root',
    privateKeyFile: lab.key,
  } as const
  return connect(settings, { name, knownHostsFile: lab.knownHosts })
}

/** Brings the host to the desired state, and makes sure that doing so again changes nothing. */
async function settle(host: Connection, ...resources: Resource[]): Promise<Change[]> {
  const made: Change[] = []
  await converge(host, resources, { onChange: (_, change) => made.push(change) })
  const again: string[] = []
  await converge(host, resources, { onChange: (_, { summary }) => again.push(summary) })
  assert.equal(again, [])
  return made
}

/** All that the user is told about a failure. */
async function failure(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => undefined,
    (reason) => reason,
  )
  assert.instance(error, QuorateError)
  return `${error.message}\n${error.hint}\n${(error as { stderr?: string }).stderr}`
}

async function output({ lab }: Context, command: string): Promise<string> {
  const { stdout, stderr, rc } = await lab.exec('f1', command)
  assert.is(rc, 0, stderr)
  return stdout.trimEnd()
}

test('a file, its directory and its symlink come to be with owner, group and mode', async (context) => {
  await settle(
    context.host,
    directory('/srv/app/conf', { owner: 'www-data', group: 'www-data', mode: 0o2750 }),
    file('/srv/app/conf/a b', { content: 'text\n', owner: 'www-data', group: '0', mode: 0o4750 }),
    symlink('/srv/app/current', { target: 'conf' }),
  )
  const found = await output(
    context,
    'cd /srv/app && stat -c "%n %a %U %G" . conf "conf/a b" && cat "current/a b"',
  )
  assert.is(found, '. 755 root root\nconf 2750 www-data www-data\nconf/a b 4750 www-data root\ntext')
})

test('everything below a recursive directory changes hands, symlinks but not their targets', async (context) => {
  await context.lab.exec(
    'f1',
    'mkdir -p /srv/tree/a && touch /srv/tree/a/b /srv/outside && ln -s /srv/outside /srv/tree/l',
  )
  await settle(context.host, directory('/srv/tree', { owner: 'www-data', recursive: true }))
  assert.is(
    await output(context, 'stat -c %U /srv/tree/a/b /srv/tree/l /srv/outside'),
    'www-data\nwww-data\nroot',
  )
})

test('below a recursive directory nothing is changed where only the directory itself differs', async (context) => {
  await context.lab.exec('f1', 'mkdir -p /srv/top && touch /srv/top/a && chown www-data /srv/top/a')
  const changes = await settle(context.host, directory('/srv/top', { owner: 'www-data', recursive: true }))
  assert.equal(
    changes.map(({ summary }) => summary),
    ['owner root → www-data'],
  )
})

test('an owner that does not exist is an error that names it, and the old file stays', async (context) => {
  await settle(context.host, file('/srv/o', { content: 'old' }))
  const told = await failure(
    converge(context.host, [file('/srv/o', { content: 'new', owner: 'nobody-knows' })]),
  )
  assert.match(told, /invalid user.*nobody-knows/)
  assert.is(await output(context, 'cat /srv/o; ls -A /srv | grep quorate- || true'), 'old')
})

test('a secret reaches its file and no process list', async (context) => {
  const secret = 'correct-horse-battery-staple'
  // The arguments of every process that the script starts, as anybody on the host can read them.
  const validate =
    'for p in /proc/[0-9]*; do tr "\\0" " " <$p/cmdline; tr "\\0" " " <$p/environ; done >/srv/seen 2>/dev/null; [ -f % ]'
  const changes = await settle(context.host, file('/srv/secret', { content: new Secret(secret), validate }))
  assert.is(await output(context, 'stat -c %a /srv/secret; cat /srv/secret'), `600\n${secret}`)
  const seen = await output(context, 'cat /srv/seen')
  for (const text of [seen, JSON.stringify(changes)]) {
    assert.not.match(text, secret)
    assert.not.match(text, Buffer.from(secret).toString('base64'))
  }
})

test('a full disk is refused by the plan, and by the host where it fills up later: the old file stays', async (context) => {
  await context.lab.exec(
    'f1',
    'mkdir -p /srv/small && mount -t tmpfs -o size=512k none /srv/small && echo old >/srv/small/x',
  )
  const content = Buffer.alloc(200 * 1024, 'x')
  const early = await open(context.lab)
  await context.lab.exec('f1', 'head -c 400k /dev/zero >/srv/small/filler')
  const late = await open(context.lab)
  try {
    const planned = await failure(converge(late, [file('/srv/small/x', { content })]))
    assert.match(planned, /no space on \/srv\/small: \d+ kB free, file \/srv\/small\/x needs 200 kB/)
    for (const [size, reason] of [
      [200, /base64: write error: No space left on device/],
      [300, /No space left on device/],
    ] as const) {
      const failed = await failure(
        converge(early, [file('/srv/small/x', { content: Buffer.alloc(size * 1024, 'x') })]),
      )
      assert.match(failed, reason)
      assert.match(failed, /cannot write \/srv\/small\/x; what was there stays/)
      assert.is(await output(context, 'cat /srv/small/x; ls -A /srv/small'), 'old\nfiller\nx')
    }
    const failed = await failure(converge(early, [line('/srv/small/x', { line: 'y'.repeat(200 * 1024) })]))
    assert.match(failed, /No space left on device/)
  } finally {
    await Promise.all([early.close(), late.close()])
    await context.lab.exec('f1', 'umount /srv/small')
  }
})

test('a read-only filesystem is an error that says so', async (context) => {
  await context.lab.exec(
    'f1',
    'mkdir -p /srv/ro && mount -t tmpfs none /srv/ro && echo old >/srv/ro/x && mount -o remount,ro /srv/ro',
  )
  try {
    for (const size of [10, 300 * 1024]) {
      const told = await failure(converge(context.host, [file('/srv/ro/x', { content: Buffer.alloc(size) })]))
      assert.match(told, /Read-only file system/)
      assert.match(told, /cannot write (in )?\/srv\/ro/)
    }
    assert.match(await failure(converge(context.host, [directory('/srv/ro/d')])), /Read-only file system/)
    assert.match(await failure(converge(context.host, [absent('/srv/ro/x')])), /Read-only file system/)
  } finally {
    await context.lab.exec('f1', 'umount /srv/ro')
  }
})

test('the removal of a directory leaves what is mounted in it alone', async (context) => {
  await context.lab.exec(
    'f1',
    'mkdir -p /srv/m/data && mount -t tmpfs none /srv/m/data && touch /srv/m/data/kept',
  )
  // The connection was opened before the mount: only the host itself can tell.
  assert.match(await failure(converge(context.host, [absent('/srv/m')])), /data/)
  assert.is(await output(context, 'ls /srv/m/data; umount /srv/m/data'), 'kept')
})

test('entries in /etc/hosts are found by the host', async (context) => {
  await context.lab.exec('f1', 'echo "127.0.1.1 q1 other" >>/etc/hosts')
  const [change] = await settle(
    context.host,
    hostsEntries([{ address: '10.99.0.1', names: ['q1', 'q1.example'] }]),
  )
  assert.is(change?.summary, '1 entry; q1 was 127.0.1.1, now 10.99.0.1')
  assert.match(await output(context, 'getent hosts q1'), /^10\.99\.0\.1 /)
  assert.match(await output(context, 'getent hosts other'), /^127\.0\.1\.1 /)
  await settle(context.host, hostsEntries([]))
  assert.not.match(await output(context, 'cat /etc/hosts'), /q1/)
})

test('a power cut in the middle of writing leaves the old file or the new one', async (context) => {
  await settle(context.host, file('/srv/power', { content: 'old' }))
  const host = await open(context.lab)
  const cut = converge(host, [
    file('/srv/power', { content: 'new', validate: 'echo % >/srv/reached; sleep 60' }),
  ])
  const failed = failure(cut)
  while ((await context.lab.exec('f1', 'cat /srv/reached')).rc !== 0)
    await new Promise((resolve) => setTimeout(resolve, 100))
  await context.lab.kill('f1')
  await failed
  await host.close()
  await context.host.close()
  await context.lab.start('f1')
  context.host = await open(context.lab)
  assert.is(await output(context, 'cat /srv/power'), 'old')
  await settle(context.host, file('/srv/power', { content: 'new' }))
  assert.is(await output(context, 'cat /srv/power; ls -A /srv | grep quorate- || true'), 'new')
})

test('an archive from a web server is installed, healed and not fetched in vain', async (context) => {
  const { local, host } = context
  fs.mkdirSync(join(local, 'tool-1.0'))
  for (const name of ['tool', 'toolctl'])
    fs.writeFileSync(join(local, 'tool-1.0', name), `#!/bin/sh\necho ${name} 1.0\n`)
  execFileSync('tar', ['-czf', join(local, 'tool.tar.gz'), '-C', local, 'tool-1.0'])
  const archive = fs.readFileSync(join(local, 'tool.tar.gz'))
  let requests = 0
  const server = createServer((_, response) => {
    requests += 1
    response.end(archive)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const tool = artifact({
    name: 'tool',
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/tool.tar.gz`,
    sha256: createHash('sha256').update(archive).digest('hex'),
    files: { 'tool-1.0/tool': '/usr/local/bin/tool', 'tool-1.0/toolctl': '/usr/local/bin/toolctl' },
  })
  try {
    await converge(host, [tool], { check: true })
    assert.is(requests, 0)
    await settle(host, tool)
    assert.is(
      await output(context, 'tool && toolctl && stat -c "%a %U" $(command -v tool)'),
      'tool 1.0\ntoolctl 1.0\n755 root',
    )
    await context.lab.exec('f1', 'echo broken >/usr/local/bin/toolctl; chmod 700 /usr/local/bin/tool')
    const [change] = await settle(host, tool)
    assert.is(change?.summary, 'install /usr/local/bin/toolctl')
    assert.is(await output(context, 'toolctl; stat -c %a /usr/local/bin/tool'), 'toolctl 1.0\n755')
    assert.is(requests, 1)
  } finally {
    server.close()
  }
})

test('a plain binary with another checksum never reaches the host', async (context) => {
  const path = join(context.local, 'plain')
  fs.writeFileSync(path, 'plain')
  const sha256 = createHash('sha256').update('plain').digest('hex')
  await settle(context.host, artifact({ name: 'plain', path, sha256, to: '/usr/local/bin/plain' }))
  const other = artifact({ name: 'plain', path, sha256: 'a'.repeat(64), to: '/usr/local/bin/plain' })
  assert.match(
    await failure(converge(context.host, [other])),
    `has the sha256 ${sha256}, expected ${'a'.repeat(64)}`,
  )
  assert.is(await output(context, 'cat /usr/local/bin/plain'), 'plain')
})

test('an installed program is read again only once it was touched', async (context) => {
  const { local, host, lab } = context
  const path = join(local, 'program')
  fs.writeFileSync(path, 'program')
  const sha256 = createHash('sha256').update('program').digest('hex')
  const program = artifact({ name: 'program', path, sha256, to: '/usr/local/bin/program' })
  const wouldChange = async () => {
    const summaries: string[] = []
    await converge(host, [program], { check: true, onChange: (_, { summary }) => summaries.push(summary) })
    return summaries
  }
  const falsifyRecord = `sed -i '1s/.*/${'0'.repeat(64)}/' /var/lib/quorate/digests/usr/local/bin/program`
  const install = 'install /usr/local/bin/program'
  await settle(host, program)
  await lab.exec('f1', falsifyRecord)
  assert.equal(await wouldChange(), [install], 'the record is believed')
  await lab.exec('f1', 'touch /usr/local/bin/program')
  assert.equal(await wouldChange(), [], 'the record is of another time')

  await settle(host, artifact({ name: 'program', path, sha256, to: '/usr/local/bin/program', mode: 0o700 }))
  await lab.exec('f1', falsifyRecord)
  assert.equal(await wouldChange(), [install], 'a new mode is recorded')
  await settle(host, program)
  await lab.exec(
    'f1',
    'cd /usr/local/bin; touch -r program /root/time; printf PROGRAM >program; touch -r /root/time program',
  )
  const [change] = await settle(host, program)
  assert.is(change?.summary, install, 'the same size and time, but another content')
  assert.is(await output(context, 'cat /usr/local/bin/program'), 'program')
})

test.run()
