import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect as connectTcp, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { QuorateError, UnreachableError } from '../../lib/errors.ts'
import { cgroupProcesses } from '../../lib/lab/cgroup.ts'
import { type Lab, labUp } from '../../lib/lab/index.ts'
import { Secret } from '../../lib/secret.ts'
import type { Connection } from '../../lib/transport/connection.ts'
import { connect } from '../../lib/transport/index.ts'
import type { Become, ConnectionSettings, ConnectOptions } from '../../lib/transport/settings.ts'
import { applySshConfig } from '../../lib/transport/ssh-config.ts'

const test = suite('ssh')
const dir = mkdtempSync(join(tmpdir(), 'quorate-transport-'))
const opened: Connection[] = []
const PASSWORD = "pass word's $x"
let lab: Lab
let address: string

// alice may become anybody with her password, bob without one, carol not at all; kim's password is asked interactively.
const SETUP = `
for user in alice bob carol kim; do id $user >/dev/null 2>&1 || useradd -m -s /bin/bash $user; done
for user in root alice bob carol kim; do printf '%s:%s\\n' $user "${PASSWORD.replace('$', '\\$')}"; done | chpasswd
printf 'alice ALL=(ALL:ALL) ALL\\nbob ALL=(ALL:ALL) NOPASSWD: ALL\\n' >/etc/sudoers.d/quorate
printf 'KbdInteractiveAuthentication yes\\nPermitRootLogin yes\\nMaxStartups 100\\nMatch User kim\\nPasswordAuthentication no\\n' \
  >/etc/ssh/sshd_config.d/quorate.conf
for user in alice bob carol; do
  mkdir -p /home/$user/.ssh && cp /root/.ssh/authorized_keys /home/$user/.ssh/ && chown -R $user: /home/$user/.ssh
done
echo 'echo noise from a login script' >>/home/bob/.bashrc; sed -i '1i echo noise' /home/bob/.bashrc
apt-get install -y -qq opendoas >/dev/null 2>&1 || exit 1
printf 'permit alice\npermit nopass bob\n' >/etc/doas.conf; chmod 600 /etc/doas.conf
id one >/dev/null 2>&1 || useradd -m -s /bin/bash one; printf 'Match User one\nMaxSessions 1\n' >>/etc/ssh/sshd_config.d/quorate.conf
mkdir -p /home/one/.ssh && cp /root/.ssh/authorized_keys /home/one/.ssh/ && chown -R one: /home/one/.ssh
printf 'TrustedUserCAKeys /etc/ssh/user_ca.pub\n' >/etc/ssh/sshd_config.d/00-ca.conf
mkdir -p /mnt/small && mount -t tmpfs -o size=1m tmpfs /mnt/small
systemctl reload ssh`

test.before(async () => {
  process.env.HOME = dir
  delete process.env.SSH_AUTH_SOCK
  lab = await labUp({ name: 'transport-test', hosts: 1 })
  address = lab.hosts[0]?.address ?? ''
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(dir, 'ca')])
  await lab.exec('m1', 'cat >/etc/ssh/user_ca.pub', readFileSync(join(dir, 'ca.pub'), 'utf8'))
  const { rc, stderr } = await lab.exec('m1', SETUP)
  assert.is(rc, 0, stderr)
})
test.after.each(async () => {
  await Promise.all(opened.splice(0).map((connection) => connection.close()))
})
test.after(async () => {
  rmSync(dir, { recursive: true })
  await lab.down()
})

test('logs in with a key and knows the facts of the host', async () => {
  const { facts } = await open({})
  assert.is(facts.hostname, 'm1')
  assert.equal(facts.os, { id: 'debian', version: '12', like: [] })
  assert.is(facts.packageManager, 'apt')
  assert.is(facts.systemd, true)
  assert.is(facts.user, 'root')
  assert.ok(facts.addresses.some((candidate) => candidate.address === address && candidate.prefix === 24))
})

test('logs in with a password', async () => {
  assert.is((await open(withPassword('root'))).facts.user, 'root')
})

test('logs in with a password that is asked interactively', async () => {
  assert.is((await open(withPassword('kim'))).facts.user, 'kim')
})

test('logs in with a key of the ssh-agent', async () => {
  const agent = spawn('ssh-agent', ['-D', '-a', join(dir, 'agent')], { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    await once(agent.stdout, 'data')
    process.env.SSH_AUTH_SOCK = join(dir, 'agent')
    execFileSync('ssh-add', ['-q', lab.key])
    assert.is((await open({ privateKeyFile: undefined })).facts.user, 'root')
  } finally {
    delete process.env.SSH_AUTH_SOCK
    agent.kill()
  }
})

test('logs in with a default key, in spite of an agent that does not answer', async () => {
  process.env.SSH_AUTH_SOCK = join(dir, 'no-agent')
  try {
    execFileSync('mkdir', ['-p', join(dir, '.ssh')])
    execFileSync('cp', [lab.key, join(dir, '.ssh', 'id_ed25519')])
    assert.is((await open({ privateKeyFile: undefined })).facts.user, 'root')
  } finally {
    delete process.env.SSH_AUTH_SOCK
    rmSync(join(dir, '.ssh'), { recursive: true })
  }
})

test('reaches a host through jump hosts, on one connection for all that go through them', async () => {
  const settings = await configured('target')
  const all = await Promise.all([1, 2, 3].map(() => open(settings, { knownHostsFile: jumpKnown() })))
  assert.is(all[2]?.facts.user, 'alice')
  await all[2]?.upload(lab.knownHosts, '/tmp/through')
  // bastion, inner and three for the target, of which only those of the bastion come from outside
  const { stdout } = await lab.exec('m1', "ss -Htn state established '( sport = :22 )' | grep -vc 127.0.0")
  assert.is(stdout, '1\n')
  await Promise.all(opened.splice(0).map((connection) => connection.close()))
  await eventually(async () => (await count('[s]shd: (bob|carol|alice)@')) === 0)
})

test('reaches a host through a ProxyCommand', async () => {
  const connection = await open(await configured('piped'), { knownHostsFile: jumpKnown() })
  assert.is((await connection.run('echo $SSH_CLIENT | cut -d" " -f1')).stdout.toString(), '127.0.0.1\n')
})

for (const [host, message] of [
  ['nojump', /^m1: no way through its jump host: jump host .* refused the connection/],
  ['nowhere', /^m1 \(127.0.0.1:9\): jump host .*: .*onnect(ion)? (failed|refused)/],
  ['nopipe', /^m1 \(127.0.0.1:22\).*: its ProxyCommand has ended: no pipe/],
] as const) {
  test(`says what is wrong on the way to ${host}`, async () => {
    const error = await failure(open(await configured(host), { knownHostsFile: jumpKnown() }))
    assert.instance(error, UnreachableError)
    assert.match(error.message, message)
  })
}

test('uses of an agent only the key that the configuration names, where it says so', async () => {
  const agent = spawn('ssh-agent', ['-D', '-a', join(dir, 'agent2')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    await once(agent.stdout, 'data')
    const env = { ...process.env, SSH_AUTH_SOCK: join(dir, 'agent2') }
    // sshd ends the connection after six keys that it does not know
    for (let number = 0; number < 7; number++) {
      const key = join(dir, `agent-key-${number}`)
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key])
      execFileSync('ssh-add', ['-q', key], { env })
    }
    execFileSync('ssh-add', ['-q', lab.key], { env })
    const connection = await open({ ...(await configured('agent')), privateKeyFile: undefined })
    assert.is(connection.facts.user, 'root')
  } finally {
    agent.kill()
  }
})

const refusals: [
  what: string,
  settings: () => Partial<Writable>,
  message: RegExp,
  options?: () => Partial<ConnectOptions>,
][] = [
  ['a wrong password', () => withPassword('root', 'wrong-secret'), /^m1: wrong password for root .*password/],
  [
    'nothing to log in with',
    () => ({ privateKeyFile: undefined }),
    /authentication failed for root .*nothing to try.*publickey/,
  ],
  [
    'a user that does not exist',
    () => ({ user: 'nobody-here' }),
    /authentication failed for nobody-here .*tried key/,
  ],
  [
    'a key file that does not exist',
    () => ({ privateKeyFile: '/nonexistent' }),
    /cannot use the private key \/nonexistent/,
  ],
  ['a key with a passphrase', () => ({ privateKeyFile: encryptedKey() }), /locked has a passphrase/],
  ['a port where nobody listens', () => ({ port: 9 }), /^m1 \(.*:9\) refused the connection/],
  [
    'a name that does not exist',
    () => ({ host: 'nothing.invalid' }),
    /no address for the name nothing.invalid/,
  ],
  [
    'an address where nobody is',
    () => ({ host: lab.network.replace(/\d+\/.*/, '99') }),
    /does not answer|no route/,
    () => ({ timeoutSeconds: 1 }),
  ],
  [
    'an unknown host key',
    () => ({}),
    /m1 \(.*:22\) is not a known host: its ssh-ed25519 key is SHA256:/,
    () => ({ knownHostsFile: join(dir, 'none') }),
  ],
  [
    'a changed host key',
    () => ({}),
    /has changed.*other_known:1/,
    () => ({ knownHostsFile: otherKey(), acceptNewHostKeys: true }),
  ],
  ['a shell that is none', () => ({ user: 'carol' }), /no POSIX shell there.*not available/],
]
for (const [what, settings, message, options] of refusals) {
  test(`says what is wrong with ${what}`, async () => {
    if (what.startsWith('a shell')) await lab.exec('m1', 'usermod -s /usr/sbin/nologin carol')
    const error = await failure(open(settings(), options?.()))
    await lab.exec('m1', 'usermod -s /bin/bash carol')
    assert.instance(error, UnreachableError)
    assert.match(error.message, message)
    assert.not.match(`${error.message} ${error.hint}`, /wrong-secret|pass word/)
  })
}

test('remembers a new host key on request and knows it from then on', async () => {
  const knownHostsFile = join(dir, 'new_known')
  await open({}, { knownHostsFile, acceptNewHostKeys: true })
  await open({}, { knownHostsFile })
  assert.is(readFileSync(knownHostsFile, 'utf8').trim().split('\n').length, 1)
})

test('knows a host by a hashed line', async () => {
  const knownHostsFile = join(dir, 'hashed_known')
  execFileSync('cp', [lab.knownHosts, knownHostsFile])
  execFileSync('ssh-keygen', ['-H', '-f', knownHostsFile], { stdio: 'ignore' })
  assert.is((await open({}, { knownHostsFile })).facts.hostname, 'm1')
})

type Method = NonNullable<Become['method']>
const becomes: [user: string, become: string, password: string | undefined, method?: Method][] = [
  ['bob', 'root', undefined],
  ['bob', 'root', 'not needed'],
  ['bob', 'carol', undefined],
  ['alice', 'root', PASSWORD],
  ['alice', 'carol', PASSWORD],
  ['alice', 'alice', undefined],
  ['root', 'carol', undefined],
  ['root', 'root', 'not needed'],
  ['alice', 'root', PASSWORD, 'su'],
  ['root', 'carol', undefined, 'su'],
  ['bob', 'root', undefined, 'doas'],
  ['bob', 'carol', 'not needed', 'doas'],
  ['alice', 'root', PASSWORD, 'doas'],
]
for (const [user, become, password, method = 'sudo'] of becomes) {
  test(`lets ${user} become ${become} by ${method} ${password === undefined ? 'without' : 'with'} a password, for scripts and uploads`, async () => {
    const connection = await open({ user, become: becoming(become, password, method) })
    const { stdout, stderr } = await connection.run('id -un; echo $HOME; umask; echo err >&2')
    assert.is(stdout.toString(), `${become}\n${become === 'root' ? '/root' : `/home/${become}`}\n0022\n`)
    assert.is(stderr.toString(), 'err\n')
    assert.is(connection.facts.user, become)
    await lab.exec('m1', 'rm -f /tmp/uploaded')
    await connection.upload(lab.knownHosts, '/tmp/uploaded', { mode: 0o640 })
    const { stdout: file } = await lab.exec('m1', "stat -c '%U %a %s' /tmp/uploaded")
    assert.is(file, `${become} 640 ${readFileSync(lab.knownHosts).length}\n`)
  })
}

const becomeRefusals: [
  what: string,
  user: string,
  become: string,
  password: string | undefined,
  message: RegExp,
  method?: Method,
][] = [
  ['a wrong become password', 'alice', 'root', 'wrong-secret', /m1: wrong become password for alice/],
  [
    'a missing become password',
    'alice',
    'root',
    undefined,
    /m1: sudo wants a password before alice may become root/,
  ],
  ['a user who may not become another', 'carol', 'root', PASSWORD, /m1: sudo does not let carol become root/],
  ['a user to become who does not exist', 'bob', 'nobody-here', undefined, /no user nobody-here to become/],
  ['a wrong password', 'alice', 'root', 'wrong-secret', /wrong become password for root: su did not/, 'su'],
  ['a missing password', 'alice', 'root', undefined, /m1: su wants a password before alice/, 'su'],
  ['a user who does not exist', 'alice', 'nobody-here', 'x', /no user nobody-here to become/, 'su'],
  ['a wrong password', 'alice', 'root', 'wrong-secret', /wrong become password for alice: doas did/, 'doas'],
  ['a missing password', 'alice', 'root', undefined, /m1: doas wants a password before alice/, 'doas'],
  ['a user who may not', 'carol', 'root', PASSWORD, /doas does not let carol become root/, 'doas'],
]
for (const [what, user, become, password, message, method = 'sudo'] of becomeRefusals) {
  test(`says what is wrong with ${what} (${method})`, async () => {
    const error = await failure(open({ user, become: becoming(become, password, method) }))
    assert.instance(error, UnreachableError)
    assert.match(error.message, message)
    assert.not.match(`${error.message} ${error.hint}`, /wrong-secret|pass word/)
  })
}

test('hands on the flags of become, and starts the program that is asked for', async () => {
  const kept = await open({ user: 'bob', become: { user: 'root', flags: ['-E'] } })
  assert.match((await kept.run('echo "$USER:$SSH_CONNECTION"')).stdout.toString(), /^\w+:\d/)
  const become: Become = { user: 'carol', method: 'su', program: ['sudo', 'su'], flags: ['-l'] }
  const login = await open({ user: 'bob', become })
  assert.is((await login.run('id -un; pwd')).stdout.toString(), 'carol\n/home/carol\n')
  await login.upload(lab.knownHosts, '/tmp/uploaded-by-carol')
  assert.is((await lab.exec('m1', 'stat -c %U /tmp/uploaded-by-carol')).stdout, 'carol\n')
})

test('keeps the become password off the command lines and out of the environment', async () => {
  const connection = await open({ user: 'alice', become: becoming('root', PASSWORD) })
  const { stdout } = await connection.run("cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ | tr '\\0' '\\n'")
  assert.match(stdout.toString(), 'sudo')
  assert.not.match(stdout.toString(), 'pass word')
})

for (const method of ['su', 'doas'] as const) {
  test(`keeps the password of ${method} off the command lines and out of the environment`, async () => {
    const connection = await open({ user: 'alice', become: becoming('root', PASSWORD, method) })
    const { stdout } = await connection.run("cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ | tr '\\0' '\\n'")
    assert.match(stdout.toString(), method)
    assert.not.match(stdout.toString(), 'pass word')
  })
}

test('does with a server that takes one session a connection', async () => {
  const connection = await open({ user: 'one' })
  const paths = [1, 2, 3].map((number) => `/tmp/one-${number}`)
  await Promise.all(paths.map((path) => connection.upload(lab.knownHosts, path)))
  assert.is((await connection.run('ls /tmp/one-* | wc -l')).stdout.toString(), '3\n')
  await connection.close()
  await eventually(async () => (await count('[s]shd: one@')) === 0)
})

test('comes back to a server that turns callers away', async () => {
  await lab.exec('m1', '/usr/sbin/sshd -p 2200 -o MaxStartups=2 -o PidFile=/run/few.pid')
  try {
    const knownHostsFile = join(dir, 'few_known')
    const options = { knownHostsFile, acceptNewHostKeys: true, timeoutSeconds: 120 }
    const all = await Promise.all(Array.from({ length: 8 }, () => open({ port: 2200 }, options)))
    assert.is(all.length, 8)
  } finally {
    await lab.exec('m1', 'kill $(cat /run/few.pid)')
  }
})

test('logs in with a certificate through ssh(1), with the same guarantees', async () => {
  const key = certified('alice', '+5m')
  const settings = { transport: 'openssh', user: 'alice', privateKeyFile: key } as const
  const connection = await open({ ...settings, become: becoming('root', PASSWORD) })
  assert.is((await connection.run('id -un; cat; echo err >&2')).stdout.toString(), 'root\n')
  await lab.exec('m1', 'rm -f /tmp/uploaded')
  await connection.upload(lab.knownHosts, '/tmp/uploaded', { mode: 0o640 })
  const { stdout } = await lab.exec('m1', "stat -c '%U %a %s' /tmp/uploaded")
  assert.is(stdout, `root 640 ${readFileSync(lab.knownHosts).length}\n`)
  const running = failure(connection.run('sleep 1004 & sleep 1004'))
  await eventually(async () => (await count('[s]leep 1004')) === 2)
  await connection.close()
  await running
  await eventually(async () => (await count('[s]leep 1004')) === 0)
  // sshd goes, and with it the way to the host
  const second = await open(settings)
  const lost = failure(second.run('sleep 1005'))
  await eventually(async () => (await count('[s]leep 1005')) === 1)
  await lab.exec('m1', 'pkill -KILL -f "^sshd: alice@"')
  assert.match((await lost).message, /^connection to m1 lost/)
  await eventually(async () => (await count('[s]leep 1005')) === 0)
})

for (const [what, settings, message, options] of [
  [
    'a certificate that is not valid',
    () => ({ privateKeyFile: certified('alice', '20200101:20200102') }),
    /^m1: ssh cannot connect: .*Permission denied/,
  ],
  ['a port where nobody listens', () => ({ port: 9 }), /^m1: ssh cannot connect: .*Connection refused/],
  [
    'an unknown host key',
    () => ({}),
    /^m1: ssh cannot connect: .*Host key verification failed/,
    () => ({ knownHostsFile: join(dir, 'none') }),
  ],
] as [string, () => Partial<Writable>, RegExp, (() => Partial<ConnectOptions>)?][]) {
  test(`says what is wrong with ${what}, by ssh(1)`, async () => {
    const error = await failure(open({ transport: 'openssh', user: 'alice', ...settings() }, options?.()))
    assert.instance(error, UnreachableError)
    assert.match(error.message, message)
  })
}

const ways: [what: string, settings: () => Partial<Writable>][] = [
  ['as root', () => ({})],
  ['through sudo', () => ({ user: 'alice', become: becoming('root', PASSWORD) })],
  ['through sudo as another user', () => ({ user: 'bob', become: becoming('carol', undefined) })],
  ['through su', () => ({ user: 'alice', become: becoming('root', PASSWORD, 'su') })],
  ['through doas', () => ({ user: 'alice', become: becoming('root', PASSWORD, 'doas') })],
]
for (const [what, settings] of ways) {
  test(`leaves no orphan on the host when the connection breaks ${what}`, async () => {
    const proxy = await breakableProxy()
    const place = { host: '127.0.0.1', port: proxy.port }
    const connection = await open(
      { ...settings(), ...place },
      { knownHostsFile: join(dir, `proxy-${proxy.port}`), acceptNewHostKeys: true },
    )
    const running = failure(connection.run('echo $$ >/tmp/pid; sleep 1001 & sleep 1001'))
    await eventually(async () => (await count('[s]leep 1001')) === 2)
    proxy.break()
    const error = await running
    assert.instance(error, UnreachableError)
    assert.match(error.message, /connection to m1 lost/)
    await eventually(async () => (await count('[s]leep 1001')) === 0)
    assert.match((await failure(connection.run('true'))).message, /connection to m1 lost/)
    assert.match((await failure(connection.upload(lab.key, '/tmp/x'))).message, /connection to m1 lost/)
    // bootstrap, session and watcher go as well
    await eventually(async () => (await count('[t]rap "" HUP')) === 0)
  })

  test(`leaves no orphan on the host when the control process is killed ${what}`, async () => {
    const control = controlProcess(settings(), 'sleep 1002 & sleep 1002')
    await eventually(async () => (await count('[s]leep 1002')) === 2)
    control.kill('SIGKILL')
    await eventually(async () => (await count('[s]leep 1002')) === 0)
  })
}

test('enters a machine of this one by its namespaces', async () => {
  // lab hosts are not registered: something else has to know their first process
  const machinectl = join(dir, 'machinectl')
  writeFileSync(machinectl, `#!/bin/sh\n[ "$5" != m1 ] || echo ${firstProcess()}\n`, { mode: 0o755 })
  const path = process.env.PATH
  process.env.PATH = `${dir}:${path}`
  try {
    const connection = await open({ transport: 'nspawn', host: 'm1', become: becoming('carol', undefined) })
    assert.equal([connection.facts.hostname, connection.facts.user], ['m1', 'carol'])
    await connection.upload(lab.knownHosts, '/tmp/entered')
    assert.is((await lab.exec('m1', 'stat -c %U /tmp/entered')).stdout, 'carol\n')
    const running = failure(connection.run('sleep 1006'))
    await eventually(async () => (await count('[s]leep 1006')) === 1)
    await connection.close()
    await running
    await eventually(async () => (await count('[s]leep 1006')) === 0)
    assert.match(
      (await failure(open({ transport: 'nspawn', host: 'm2' }))).message,
      /machine m2 is not running/,
    )
  } finally {
    process.env.PATH = path
  }
})

test('removes a partial file when the connection breaks during an upload', async () => {
  const proxy = await breakableProxy()
  const knownHostsFile = join(dir, `proxy-${proxy.port}`)
  const connection = await open(
    { host: '127.0.0.1', port: proxy.port },
    { knownHostsFile, acceptNewHostKeys: true },
  )
  const uploading = failure(connection.upload('/dev/zero', '/root/endless'))
  await eventually(async () => (await lab.exec('m1', 'test -s /root/endless')).rc === 0)
  proxy.break()
  assert.match((await uploading).message, /connection to m1 lost/)
  await eventually(async () => (await lab.exec('m1', 'test -e /root/endless')).rc === 1)
})

test('names a full disk and leaves nothing of the file', async () => {
  const connection = await open({})
  const error = await failure(connection.upload(process.execPath, '/mnt/small/node'))
  assert.instance(error, QuorateError)
  assert.match(error.message, 'cannot upload /mnt/small/node: write error: No space left on device')
  assert.is((await lab.exec('m1', 'ls /mnt/small')).stdout, '')
  assert.is((await connection.run('echo fine')).stdout.toString(), 'fine\n')
})

test('uploads 500 MB without holding them in memory, while scripts go on', async () => {
  const source = join(dir, 'large')
  execFileSync('sh', [
    '-c',
    `head -c 1000000 /dev/urandom >${source}.1; for i in $(seq 500); do cat ${source}.1; done >${source}`,
  ])
  const connection = await open({})
  const before = process.memoryUsage().rss
  let most = 0
  const sampler = setInterval(() => {
    most = Math.max(most, process.memoryUsage().rss - before)
  }, 10)
  const uploading = connection.upload(source, '/root/large')
  assert.is((await connection.run('echo between')).stdout.toString(), 'between\n')
  await uploading
  clearInterval(sampler)
  assert.ok(most < 150e6, `grew by ${most} bytes`)
  const [digest] = execFileSync('sha256sum', [source], { encoding: 'utf8' }).split(' ')
  assert.match((await lab.exec('m1', 'sha256sum /root/large; rm /root/large')).stdout, digest ?? 'no digest')
})

test('uploads 40 files at once over one connection', async () => {
  const connection = await open({})
  const numbers = Array.from({ length: 40 }, (_, number) => number)
  await Promise.all(numbers.map((number) => connection.upload(lab.knownHosts, `/tmp/many-${number}`)))
  const { stdout } = await connection.run(
    'ls /tmp/many-* | wc -l; rm /tmp/many-*; pgrep -c -f "sshd: root@notty"',
  )
  assert.is(stdout.toString(), '40\n1\n')
})

test('leaves no process on the host when it is closed', async () => {
  const connection = await open({})
  const running = failure(connection.run('sleep 1003'))
  await eventually(async () => (await count('[s]leep 1003')) === 1)
  await connection.close()
  assert.match((await running).message, 'closed')
  await eventually(async () => (await count('[s]leep 1003|[t]rap "" HUP|[s]shd: root@')) === 0)
})

type Writable = { -readonly [K in keyof ConnectionSettings]: ConnectionSettings[K] | undefined }

async function open(settings: Partial<Writable>, options: Partial<ConnectOptions> = {}): Promise<Connection> {
  const connection = await connect(complete(settings), {
    name: 'm1',
    knownHostsFile: lab.knownHosts,
    ...options,
  })
  opened.push(connection)
  return connection
}

function complete(settings: Partial<Writable>): ConnectionSettings {
  const defaults = { transport: 'ssh', host: address, port: 22, user: 'root', privateKeyFile: lab.key }
  const entries = Object.entries({ ...defaults, ...settings }).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as unknown as ConnectionSettings
}

/** What a configuration with jump hosts says about one of its hosts. */
function configured(host: string): Promise<ConnectionSettings> {
  const config = join(dir, 'ssh_config')
  // all of them are m1: from outside, and from itself
  const text = `Host *
  IdentityFile ${lab.key}
Host bastion nojump-bastion
  HostName ${address}
  User bob
Host nojump-bastion
  Port 9
Host inner
  User carol
  HostName 127.0.0.2
Host target nowhere piped nojump nopipe
  HostName 127.0.0.1
  User alice
Host target
  ProxyJump bastion,inner
Host nowhere
  ProxyJump bastion
  Port 9
Host nojump
  ProxyJump nojump-bastion
Host piped
  ProxyCommand ssh -F ${config} -o UserKnownHostsFile=${lab.knownHosts} -W %h:%p -q bastion
Host nopipe
  ProxyCommand sh -c 'echo no pipe >&2; exit 1'
Host agent
  HostName ${address}
  User root
  IdentityFile ${lab.key}.pub
  IdentitiesOnly yes
  IdentityAgent ${join(dir, 'agent2')}
`
  writeFileSync(config, text)
  return applySshConfig({ transport: 'ssh', host, sshArguments: { before: ['-F', config], after: [] } })
}

/** The host's key under all the names by which jumps reach it. */
function jumpKnown(): string {
  const file = join(dir, 'jump_known')
  const names = ['127.0.0.1', '127.0.0.2'].map((name) => {
    return readFileSync(lab.knownHosts, 'utf8').replaceAll(address, name)
  })
  writeFileSync(file, [readFileSync(lab.knownHosts, 'utf8'), ...names].join('\n'))
  return file
}

function withPassword(user: string, password = PASSWORD): Partial<Writable> {
  return { user, privateKeyFile: undefined, password: new Secret(password) }
}

function becoming(user: string, password: string | undefined, method: Method = 'sudo'): Become {
  return { user, method, ...(password !== undefined && { password: new Secret(password) }) }
}

/** A key that the host knows by its certificate only. */
function certified(user: string, validity: string): string {
  const key = join(mkdtempSync(join(dir, 'certified-')), 'key')
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key])
  const interval = validity.startsWith('+') ? `-1d:${validity}` : validity
  execFileSync('ssh-keygen', [
    '-q',
    '-s',
    join(dir, 'ca'),
    '-I',
    user,
    '-n',
    user,
    '-V',
    interval,
    `${key}.pub`,
  ])
  return key
}

function encryptedKey(): string {
  const file = join(dir, 'locked')
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', 'phrase', '-f', file])
  return file
}

function otherKey(): string {
  const key = join(dir, 'other')
  const file = join(dir, 'other_known')
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key])
  writeFileSync(file, `${address} ${readFileSync(`${key}.pub`, 'utf8')}`)
  return file
}

async function failure(promise: Promise<unknown>): Promise<QuorateError> {
  const error = await promise.then(
    () => undefined,
    (reason) => reason,
  )
  assert.ok(error, 'did not fail')
  return error
}

/** The host's init, as this machine numbers it. */
function firstProcess(): number | undefined {
  return cgroupProcesses('quorate.transport-test.m1').find((pid) =>
    /^NSpid:\s+\d+\s+1$/m.test(readFileSync(`/proc/${pid}/status`, 'utf8')),
  )
}

/** How many processes of the host have a command line like this. */
async function count(pattern: string): Promise<number> {
  const { stdout } = await lab.exec('m1', `ps -e -o args= | grep -cE '${pattern}'`)
  return Number(stdout)
}

async function eventually(done: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 120_000
  while (!(await done())) {
    if (Date.now() > deadline)
      throw new Error(`waited in vain: ${done}\n${(await lab.exec('m1', 'ps axjf')).stdout}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** A way to the host's sshd that can be cut. */
async function breakableProxy(): Promise<{ port: number; break: () => void }> {
  const sockets: Socket[] = []
  const server = createServer((client) => {
    const upstream = connectTcp(22, address)
    for (const socket of [client, upstream]) sockets.push(socket.on('error', () => {}))
    client.pipe(upstream).pipe(client)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cut = () => {
    server.close()
    for (const socket of sockets) socket.resetAndDestroy()
  }
  return { port: (server.address() as AddressInfo).port, break: cut }
}

/** Another process that connects and runs a script. */
function controlProcess(settings: Partial<Writable>, script: string) {
  const { become, ...rest } = complete(settings)
  const text = JSON.stringify(rest)
  const password = become?.password === undefined ? '' : `, password: new Secret(${JSON.stringify(PASSWORD)})`
  const url = (path: string) => JSON.stringify(new URL(`../../lib/${path}`, import.meta.url).href)
  const program = `
    const { connect } = await import(${url('transport/index.ts')})
    const { Secret } = await import(${url('secret.ts')})
    const become = ${become === undefined ? '{}' : `{ become: { user: '${become.user}', method: '${become.method}'${password} } }`}
    const options = ${JSON.stringify({ name: 'm1', knownHostsFile: lab.knownHosts })}
    const connection = await connect({ ...${text}, ...become }, options)
    await connection.run(${JSON.stringify(script)})`
  return spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
}

test.run()
