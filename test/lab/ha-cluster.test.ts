// The main job, by the README's own command: playbooks/ha-cluster.mjs over three hosts.
import { type ChildProcess, spawn } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Lab, labUp } from '../../lib/lab/index.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const test = suite('ha-cluster')
const names = ['m1', 'm2', 'm3'] as const
let lab: Lab
let folder: string

test.before(async () => {
  lab = await labUp({ name: 'ha-cluster', hosts: [...names] })
  folder = join(dirname(lab.inventory), 'test')
  mkdirSync(join(folder, 'group_vars'), { recursive: true })
  cpSync(lab.inventory, join(folder, 'hosts.ini'))
  setVars('')
})

test.after(async () => await lab?.down())

test('check mode on fresh hosts tells all that would change, and changes nothing', async () => {
  const { rc, output } = await playbook('--check', '--diff')
  assert.is(rc, 0, output)
  for (const name of names) assert.ok(recap(output, name).changed > 10, output)
  assert.match(output, /file \/etc\/keepalived\/keepalived\.conf.*known only after package/)
  assert.is((await lab.exec('m1', 'command -v haproxy; ls -d /etc/haproxy /etc/etcd')).stdout, '')
})

test('one run makes the cluster, on hosts without Python', async () => {
  for (const name of names) assert.is((await lab.exec(name, 'command -v python3 python ')).stdout, '')
  const { rc, output } = await playbook()
  assert.is(rc, 0, output)
  assert.match(output, /3 of 3 members healthy/)
  assert.match(output, /VIP .* is on m\d/)
})

test('the second run and check mode change nothing on any host', async () => {
  for (const args of [[], ['--check']]) {
    const { rc, output } = await playbook(...args)
    assert.is(rc, 0, output)
    for (const name of names) assert.is(recap(output, name).changed, 0, output)
  }
})

test('etcd answers its client over TLS, and haproxy answers at the VIP', async () => {
  const tls = [
    'cacert /etc/etcd/pki/ca.crt',
    'cert /etc/etcd/pki/healthcheck-client.crt',
    'key /etc/etcd/pki/healthcheck-client.key',
  ]
  const endpoints = lab.hosts.map(({ address }) => `https://${address}:2379`).join(',')
  const health = await lab.exec(
    'm2',
    `ETCDCTL_API=3 etcdctl --${tls.join(' --')} --endpoints ${endpoints} endpoint health 2>&1`,
  )
  assert.is(health.stdout.match(/is healthy/g)?.length, 3, health.stdout)
  assert.match((await lab.exec('m3', `curl -sS http://${vip()}:8443/`)).stdout, /haproxy on m\d/)
})

test('one role alone is run by its tag', async () => {
  const { rc, output } = await playbook('--tags', 'haproxy')
  assert.is(rc, 0, output)
  assert.match(output, /haproxy +verified/)
  assert.not.match(output, /etcd|keepalived/)
})

for (const signal of ['SIGINT', 'SIGTERM', 'SIGKILL'] as const) {
  test(`a run that gets ${signal} between a config change and its reload is finished by the next run`, async () => {
    // The reload takes long enough to be interrupted for sure.
    const dropIn = '/etc/systemd/system/haproxy.service.d/slow.conf'
    await lab.exec(
      'm1',
      `printf '[Service]\\nExecReload=\\nExecReload=/bin/sleep 4\\nExecReload=/bin/kill -USR2 $MAINPID\\n' >${dropIn}; systemctl daemon-reload`,
    )
    setVars(`haproxy_maxconn: ${{ SIGINT: 3001, SIGTERM: 3002, SIGKILL: 3003 }[signal]}\n`)
    const run = start(['--tags', 'haproxy', '-l', 'm1'])
    await run.line(/m1 +haproxy +changed +file \/etc\/haproxy\/haproxy\.cfg/)
    await lab.exec('m1', `rm ${dropIn}`)
    run.child.kill(signal)
    const { rc, output } = await run.end
    assert.is(rc, { SIGINT: 130, SIGTERM: 143, SIGKILL: null }[signal], output)
    if (signal !== 'SIGKILL') assert.match(output, /interrupted/)
    await waitUntil(async () => (await lab.exec('m1', "pgrep -f 'sshd: root@[n]otty'")).stdout === '')
    const next = await playbook('--tags', 'haproxy')
    assert.is(next.rc, 0, next.output)
    if (signal === 'SIGKILL')
      assert.match(next.output, /m1 +haproxy +changed +service haproxy: (reload|daemon-reload)/)
    const last = await playbook('--tags', 'haproxy')
    for (const name of names) assert.is(recap(last.output, name).changed, 0, last.output)
    assert.match(
      (await lab.exec('m1', 'echo show info | socat - /run/haproxy/admin.sock')).stdout,
      /Maxconn: 300\d/,
    )
  })
}

test('the VIP leaves a host whose haproxy is gone, and verify says where it is', async () => {
  const holder = await vipHolder()
  await lab.exec(holder, 'systemctl stop haproxy')
  await waitUntil(async () => ![holder, ''].includes(await vipHolder()))
  const { output } = await playbook('--verify', '--tags', 'keepalived')
  assert.match(output, `VIP ${vip()} is on ${await vipHolder()}`)
  assert.is((await playbook()).rc, 0, 'the next run starts haproxy again')
})

test('the VIP leaves a host that loses its power, verify says where it is, and the host comes back by itself', async () => {
  const holder = await vipHolder()
  await lab.kill(holder)
  await waitUntil(async () => ![holder, ''].includes(await vipHolder()))
  const { rc, output } = await playbook('--verify')
  assert.is(rc, 3, output)
  assert.is(recap(output, holder).unreachable, 1, output)
  assert.match(output, `VIP ${vip()} is on ${await vipHolder()}`)
  const refused = await playbook()
  assert.is(refused.rc, 4, refused.output)
  assert.match(refused.output, `nothing was changed on any host, because ${holder} cannot be reached`)
  await lab.start(holder)
  const { output: after } = await playbook()
  for (const name of names) assert.is(recap(after, name).changed, 0, after)
})

test('with one member stopped a change of configuration is refused, and nothing is restarted', async () => {
  const ids = async () =>
    await Promise.all(
      names.map(async (name) => (await lab.exec(name, 'systemctl show -p MainPID etcd')).stdout),
    )
  await lab.exec('m2', 'systemctl stop etcd')
  const before = await ids()
  setVars('etcd_quota_backend_bytes: 3221225472\n')
  for (const args of [['--check'], []]) {
    const { rc, output } = await playbook('--tags', 'etcd', ...args)
    assert.is(rc, 3, output)
    assert.match(output, /m2/)
    assert.match(output, /1 of 3|quorum/)
    assert.equal(await ids(), before)
  }
  setVars('')
  assert.is((await playbook('--tags', 'etcd')).rc, 0, 'without the change the member is started again')
})

test('a password that is wrong is told for every host, and nothing is touched', async () => {
  const text = inventory().replace(/ansible_ssh_private_key_file=.*/, 'ansible_password=wrong-pass-canary')
  const { rc, output } = await playbook('-i', write('wrong-password.ini', text))
  assert.is(rc, 4, output)
  for (const name of names) assert.match(output, new RegExp(`${name}.*(password|authentication)`, 'i'))
  assert.not.match(output, 'wrong-pass-canary')
})

test('a host that is not there is told by name', async () => {
  const text = inventory().replaceAll(lab.host('m2').address, lab.network.replace(/0\/24$/, '250'))
  const { rc, output } = await playbook('-i', write('unreachable.ini', text))
  assert.is(rc, 4, output)
  assert.match(output, /nothing was changed on any host, because m2 cannot be reached/)
})

test('a host key that has changed is refused, and a new one only with the flag', async () => {
  const lines = readFileSync(lab.knownHosts, 'utf8').trim().split('\n')
  const others = lines.filter((line) => !line.includes(lab.host('m1').address))
  const stolen = others[0]?.replace(lab.host('m2').address, lab.host('m1').address) ?? ''
  const changed = await playbook(
    '--known-hosts',
    write('changed', `${[stolen, ...others].join('\n')}\n`),
    '--accept-new-host-keys',
  )
  assert.is(changed.rc, 4)
  assert.match(changed.output, /changed/i)
  const unknown = write('unknown', `${others.join('\n')}\n`)
  const refused = await playbook('--known-hosts', unknown)
  assert.is(refused.rc, 4)
  assert.match(refused.output, '--accept-new-host-keys')
  assert.is((await playbook('--known-hosts', unknown, '--accept-new-host-keys', '--check')).rc, 0)
  assert.is((await playbook('--known-hosts', unknown, '--check')).rc, 0, 'the key was remembered')
})

test('a full disk and a package that does not exist are told before anything on the host changes', async () => {
  const custom = write(
    'bad.mjs',
    `import { defineRole, file, pkg, play, playbook, z } from ${JSON.stringify(join(root, 'dist/lib/index.js'))}
const bad = defineRole({ name: 'bad', summary: '', vars: z.object({}), async converge({ host, apply }) {
  const impossible = host.name === 'm1' ? pkg('no-such-package') : file('/mnt/full', { content: 'x'.repeat(300_000) })
  await apply(file('/root/touched', { content: '' }), impossible)
} })
export default await playbook('Bad', { plays: ({ hosts }) => [play('bad', hosts('m1:m2'), [bad()])] })
`,
  )
  await lab.exec('m2', 'mount -t tmpfs -o size=64k tmpfs /mnt')
  const { rc, output } = await start([], custom).end
  assert.is(rc, 3, output)
  assert.match(output, /no-such-package does not exist/)
  assert.match(output, /no space on \/mnt/)
  for (const name of ['m1', 'm2']) assert.is((await lab.exec(name, 'ls /root')).stdout, '', name)
})

interface Started {
  readonly child: ChildProcess
  readonly end: Promise<{ rc: number | null; output: string }>
  /** Resolves as soon as a line matches. */
  line(pattern: RegExp): Promise<void>
}

async function playbook(...args: readonly string[]) {
  return await start(args).end
}

function start(args: readonly string[], file = 'playbooks/ha-cluster.mjs'): Started {
  const given = args.includes('-i') ? args : ['-i', join(folder, 'hosts.ini'), ...args]
  const command = ['node_modules/zx/build/cli.js', file, ...given]
  const child = spawn(process.execPath, command, { cwd: root, env: { ...process.env, NO_COLOR: '1' } })
  let output = ''
  let wake = () => {}
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk
      wake()
    })
  }
  const end = new Promise<{ rc: number | null; output: string }>((resolve) => {
    child.on('close', (rc) => resolve({ rc, output }))
  })
  const line = (pattern: RegExp) =>
    new Promise<void>((resolve, reject) => {
      wake = () => pattern.test(output) && resolve()
      child.on('close', () => reject(new Error(`ended without ${pattern}:\n${output}`)))
      wake()
    })
  return { child, end, line }
}

function recap(output: string, host: string) {
  const row = new RegExp(`^${host} +(\\d+) +(\\d+) +(\\d+) +(\\d+) +[\\d.]+ s$`, 'm').exec(output)
  if (row === null) throw new Error(`no recap of ${host} in\n${output}`)
  const [ok = 0, changed = 0, failed = 0, unreachable = 0] = row.slice(1).map(Number)
  return { ok, changed, failed, unreachable }
}

async function vipHolder(): Promise<string> {
  const alive = await Promise.all(
    names.map(async (name) => {
      const shown = await lab.exec(name, 'ip -4 address').catch(() => undefined)
      return shown?.stdout.includes(`${vip()}/`)
    }),
  )
  return names.find((_, index) => alive[index]) ?? ''
}

async function waitUntil(holds: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 60; attempt += 1) {
    if (await holds()) return
    await sleep(500)
  }
  throw new Error('waited 30 s in vain')
}

function vip(): string {
  return lab.network.replace(/0\/24$/, '10')
}

function setVars(more: string): void {
  write('group_vars/all.yml', `cluster_name: test\nvip: ${vip()}/24\npki_dir: pki\n${more}`)
}

function inventory(): string {
  return readFileSync(lab.inventory, 'utf8')
}

function write(name: string, text: string): string {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

test.run()
