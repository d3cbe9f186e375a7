import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { get, type RequestOptions } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TLSSocket } from 'node:tls'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { RunEvent } from '../../lib/engine/events.ts'
import { type Lab, labUp } from '../../lib/lab/index.ts'
import { type Certificate, certificateAuthority, issue } from '../../lib/pki/index.ts'
import { type EtcdRun, type EtcdRunOptions, runEtcd } from '../helpers/etcd-lab.ts'

const NAME = `etcd-${process.pid}`
const THREE = ['m1', 'm2', 'm3']
const FOUR = [...THREE, 'm4']
const PKI = '/etc/etcd/pki'
const ETCDCTL = `ETCDCTL_API=3 etcdctl --cacert=${PKI}/ca.crt --cert=${PKI}/healthcheck-client.crt --key=${PKI}/healthcheck-client.key`

const work = mkdtempSync(join(tmpdir(), 'quorate-etcd-'))
const pkiDir = join(work, 'pki')
let lab: Lab

// The tests follow the life of one cluster: each begins where the one before has ended.
test.before(async () => {
  lab = await labUp({ name: NAME, hosts: FOUR })
})

test.after(async () => {
  await lab?.down()
  rmSync(work, { recursive: true, force: true })
})

function run(options: Partial<EtcdRunOptions> = {}): Promise<EtcdRun> {
  return runEtcd(lab, { pkiDir, members: THREE, ...options })
}

/** A run that has to go through. */
async function converge(options: Partial<EtcdRunOptions> = {}): Promise<EtcdRun> {
  const result = await run(options)
  assert.equal([...result.failures], [])
  return result
}

async function inside(host: string, command: string): Promise<string> {
  const { stdout, stderr, rc } = await lab.exec(host, command)
  assert.is(rc, 0, `${host}: ${command}: ${stderr}`)
  return stdout.trim()
}

/** What would differ if etcd had been restarted, started or configured on any of the hosts. */
function fingerprint(hosts = THREE): Promise<string[]> {
  const command =
    'systemctl show -p InvocationID,MainPID,ActiveState etcd; sha256sum /etc/etcd/*.env /etc/etcd/pki/*'
  return Promise.all(hosts.map((host) => inside(host, command)))
}

/** What would differ if etcd had been restarted. */
function invocations(): Promise<string[]> {
  return Promise.all(THREE.map((host) => inside(host, 'systemctl show -p InvocationID etcd')))
}

/** A run in a process of its own, which is killed as soon as `isMoment` says so. */
async function runAndKill(
  members: readonly string[],
  isMoment: (event: RunEvent) => boolean,
): Promise<boolean> {
  const code = `import { openLab } from './lib/lab/index.ts'
    import { runEtcd } from './test/helpers/etcd-lab.ts'
    const onEvent = (event) => process.stdout.write(JSON.stringify(event) + '\\n')
    await runEtcd(await openLab('${NAME}'), { pkiDir: '${pkiDir}', members: ${JSON.stringify(members)}, onEvent })`
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let pending = ''
  for await (const chunk of child.stdout) {
    const lines = `${pending}${chunk}`.split('\n')
    pending = lines.pop() ?? ''
    if (lines.some((line) => isMoment(JSON.parse(line) as RunEvent))) return child.kill('SIGKILL')
  }
  return false
}

const isStep = (event: RunEvent, host: string, text: string) =>
  event.type === 'step' && event.host === host && event.step.includes(text)

test('check mode on fresh hosts plans a bootstrap and leaves hosts and control machine alone', async () => {
  const { changes } = await converge({ mode: 'check' })
  assert.ok(changes.includes('m1: service etcd.service: start'), changes.join('\n'))
  assert.not.ok(existsSync(pkiDir))
  assert.is((await lab.exec('m1', 'command -v etcd; ls -d /etc/etcd')).stdout, '')
})

test('no cluster is made while a member is left out', async () => {
  const { failures } = await run({ limit: 'm1,m2' })
  assert.match(failures.get('m1') ?? '', /a new one needs all its members: m3 did not take part/)
  assert.is((await lab.exec('m1', 'ls /var/lib/etcd')).stdout, '')
})

test('a bootstrap that is killed in the middle is finished by the next run', async () => {
  assert.ok(await runAndKill(THREE, (event) => isStep(event, 'm2', 'service etcd.service')))
  const { verified } = await converge()
  assert.match(verified[0] ?? '', /^3 of 3 members healthy, leader m[123], etcd 3\.4\.\d+$/)
  for (const host of THREE)
    assert.match(await inside(host, 'cat /etc/etcd/bootstrap.env'), /^ETCD_INITIAL_CLUSTER_STATE=existing$/m)
})

test('a second run changes nothing, takes no turn, and asks little', async () => {
  const steps: string[] = []
  const onEvent = (event: RunEvent) => event.type === 'step' && steps.push(event.step)
  const { changes, roundTrips, verified } = await converge({ onEvent })
  assert.equal(changes, [])
  assert.not.ok(steps.some((step) => step.includes('turn')))
  for (const [host, count] of roundTrips) assert.ok(count <= 5, `${host}: ${count} round trips`)
  assert.is(verified.length, 1)
})

test('check mode finds nothing to do on a converged cluster', async () => {
  assert.equal((await converge({ mode: 'check' })).changes, [])
})

test('data and keys are out of reach of other users', async () => {
  const modes = await inside('m1', `stat -c '%a %U %n' /var/lib/etcd ${PKI} ${PKI}/*.key`)
  assert.equal(modes.split('\n'), [
    '700 etcd /var/lib/etcd',
    `700 etcd ${PKI}`,
    `600 root ${PKI}/healthcheck-client.key`,
    `600 etcd ${PKI}/member.key`,
  ])
  assert.is(await inside('m1', 'ps -o user= -C etcd'), 'etcd')
})

/** The answer of a member to a request over TLS: its body, or the error. */
function ask(host: string, options: RequestOptions, port = 2379): Promise<string> {
  const address = lab.host(host).address
  return new Promise((resolve) => {
    const request = get(
      {
        host: address,
        port,
        path: '/health',
        ca: readFileSync(join(pkiDir, 'ca.crt')),
        agent: false,
        ...options,
      },
      (response) => {
        const { valid_to } = (response.socket as TLSSocket).getPeerCertificate()
        response.setEncoding('utf8').on('data', (body) => resolve(`${body.trim()} until ${valid_to}`))
      },
    )
    request.on('error', (error) => resolve(`error: ${error.message}`))
  })
}

test('members answer only who shows a certificate of the cluster', async () => {
  const client = readFileSync(join(pkiDir, 'apiserver-etcd-client.pem'))
  const other = await certificateAuthority(join(work, 'other'), { commonName: 'etcd' })
  const stranger = await issue(other, 'stranger', { commonName: 'stranger', usages: ['client'] })
  assert.match(await ask('m1', { cert: client, key: client }), /"health":"?true/)
  assert.match(await ask('m1', {}), /^error: .*(bad certificate|certificate required|reset|hang up)/i)
  assert.match(await ask('m1', { cert: stranger.cert, key: stranger.key.reveal() }), /^error: /)
  assert.match(await ask('m1', {}, 2380), /^error: /)
})

test('nothing is served without TLS but metrics on loopback', async () => {
  const { address } = lab.host('m1')
  for (const port of [2379, 2380]) {
    const answer = await fetch(`http://${address}:${port}/health`).then(
      ({ status }) => status,
      () => 'refused',
    )
    assert.ok(answer === 'refused' || answer === 400, `${port}: ${answer}`)
  }
  assert.is(
    await fetch(`http://${address}:2381/health`).then(
      () => 'served',
      () => 'refused',
    ),
    'refused',
  )
  const listening = await inside('m1', "ss -Hltn | awk '{ print $4 }' | sort")
  assert.match(listening, /^127\.0\.0\.1:2381$/m)
  assert.not.match(listening, /^(0\.0\.0\.0|\*|\[::\]):23/m)
})

/** Writes keys as fast as it can from m4 (which is no member) until told to stop; a write that fails is tried again for 10 s. */
async function whileWriting(act: () => Promise<unknown>): Promise<{ written: number; lost: number }> {
  const endpoints = THREE.map((host) => `https://${lab.host(host).address}:2379`).join(',')
  for (const name of ['ca.crt', 'healthcheck-client.crt', 'healthcheck-client.key']) {
    const content = await inside('m1', `cat ${PKI}/${name}`)
    await lab.exec('m4', `mkdir -p ${PKI}; cat >${PKI}/${name}`, `${content}\n`)
  }
  const loop = lab.exec(
    'm4',
    `rm -f /tmp/stop; written=0 lost=0
while [ ! -e /tmp/stop ]; do
  tries=10
  until timeout 5 env ${ETCDCTL} --endpoints=${endpoints} --command-timeout=1s put probe/$written x >/dev/null 2>&1; do
    tries=$((tries - 1))
    [ $tries -gt 0 ] || { lost=$((lost + 1)); break; }
  done
  written=$((written + 1))
done
echo $written $lost`,
  )
  await act()
  await inside('m4', 'touch /tmp/stop')
  const [written, lost] = (await loop).stdout.trim().split(' ').map(Number)
  return { written: written ?? 0, lost: lost ?? 1 }
}

test('a change of configuration rolls one member at a time while clients go on writing', async () => {
  await inside('m4', 'apt-get install -y -q etcd-client')
  const order: string[] = []
  const onEvent = (event: RunEvent) => {
    if (event.type === 'change' && event.change.summary.startsWith('restart'))
      order.push(`${event.change.host} restarts`)
    if (event.type === 'hostDone') order.push(`${event.host} is done`)
    if (event.type === 'step' && event.step.includes('checking health')) order.push(`${event.host} is asked`)
  }
  const { written, lost } = await whileWriting(() => converge({ vars: { heartbeatInterval: 150 }, onEvent }))
  assert.ok(written > 0)
  assert.is(lost, 0)
  const turns = order.filter((line) => !line.endsWith('done'))
  assert.is(turns.length, 6)
  for (const index of [0, 2, 4]) assert.is(turns[index + 1], turns[index]?.replace('restarts', 'is asked'))
  const endpoint = `https://${lab.host('m2').address}:2379`
  const kept = await inside(
    'm1',
    `${ETCDCTL} --endpoints=${endpoint} get probe/ --prefix --keys-only | grep -c probe`,
  )
  assert.is(Number(kept), written)
  for (const host of THREE)
    assert.match(await inside(host, 'tr "\\0" "\\n" </proc/$(pidof etcd)/environ'), /HEARTBEAT_INTERVAL=150/)
})

const CONFIG = { heartbeatInterval: 150 }
const CHANGED = { heartbeatInterval: 120 }

for (const mode of ['apply', 'check'] as const) {
  test(`with a member stopped a change of configuration is refused and nothing is touched (${mode})`, async () => {
    await inside('m2', 'systemctl stop etcd')
    const before = await fingerprint()
    const { changes, failures } = await run({ vars: CHANGED, mode })
    assert.match(
      failures.get('m1') ?? '',
      /m2 does not answer; restarting m1 would leave 1 of 3 members, and 2 are needed/,
    )
    assert.match(
      failures.get('m3') ?? '',
      /m2 does not answer; restarting m3 would leave 1 of 3 members, and 2 are needed/,
    )
    assert.match(failures.get('m2') ?? '', /the configuration would change on m1, m3 too/)
    assert.equal(changes, [])
    assert.equal(await fingerprint(), before)
  })
}

test('a run that changes nothing else starts the stopped member, and only that', async () => {
  const before = await fingerprint(['m1', 'm3'])
  const { changes, verified } = await converge({ vars: CONFIG })
  assert.equal(changes, ['m2: service etcd.service: start'])
  assert.match(verified[0] ?? '', /^3 of 3/)
  assert.equal(await fingerprint(['m1', 'm3']), before)
})

test('a stopped member can be changed alone, and the others follow', async () => {
  await inside('m2', 'systemctl stop etcd')
  const { changes, verified } = await converge({ vars: CHANGED, limit: 'm2' })
  assert.equal(changes, ['m2: file /etc/etcd/etcd.env: content', 'm2: service etcd.service: start'])
  assert.match(verified[0] ?? '', /^3 of 3/)
  const rest = await converge({ vars: CHANGED })
  assert.equal(
    rest.changes
      .filter((change) => change.includes('restart'))
      .map((change) => change.slice(0, 2))
      .sort(),
    ['m1', 'm3'],
  )
})

test('a run that is killed between a change and its restart is finished by the next, in turns', async () => {
  assert.ok(
    await runAndKill(
      THREE,
      (event) => event.type === 'change' && event.change.resource === 'file /etc/etcd/etcd.env',
    ),
  )
  await converge()
  for (const host of THREE)
    assert.match(await inside(host, 'tr "\\0" "\\n" </proc/$(pidof etcd)/environ'), /HEARTBEAT_INTERVAL=100/)
})

test('a setting that etcd refuses stops the roll at the first member, and is corrected there alone', async () => {
  const { failures } = await run({ vars: { settings: { 'max-request-bytes': 'many' } } })
  const [broken = '', ...others] = [...failures.keys()]
  assert.match(failures.get(broken) ?? '', /invalid value "many" for ETCD_MAX_REQUEST_BYTES/)
  for (const host of others) assert.match(failures.get(host) ?? '', /not touched: the roll stopped because/)
  const { changes } = await converge()
  assert.is(changes[0], `${broken}: file /etc/etcd/etcd.env: content`)
  assert.match(changes[1] ?? '', new RegExp(`^${broken}: service etcd.service: start`))
  assert.is(changes.length, 2)
})

test('with a host gone a change of configuration on the others is refused', async () => {
  await lab.kill('m3')
  const before = await fingerprint(['m1', 'm2'])
  const { failures } = await run({ vars: CHANGED, limit: 'm1,m2' })
  assert.match(
    failures.get('m1') ?? '',
    /m3 does not answer; restarting m1 would leave 1 of 3 members, and 2 are needed/,
  )
  assert.equal(await fingerprint(['m1', 'm2']), before)
  await lab.start('m3')
  await converge()
})

test('members that were all stopped start together', async () => {
  for (const host of THREE) await inside(host, 'systemctl stop etcd')
  const { changes } = await converge()
  assert.equal(
    [...changes].sort(),
    THREE.map((host) => `${host}: service etcd.service: start`),
  )
})

/** Puts certificates in place of the members' that live for `days`. */
async function issueShortLived(days: number): Promise<Map<string, Certificate>> {
  const ca = await certificateAuthority(pkiDir, { commonName: 'etcd' })
  const issued = new Map<string, Certificate>()
  for (const name of THREE) {
    rmSync(join(pkiDir, `${name}.pem`))
    const sans = { dns: [name, 'localhost'], ip: [lab.host(name).address, '127.0.0.1'] }
    issued.set(name, await issue(ca, name, { commonName: name, sans, usages: ['server', 'client'], days }))
  }
  return issued
}

test('a certificate that will end soon is renewed, one member at a time', async () => {
  await issueShortLived(59)
  const { changes, verified } = await converge()
  for (const host of THREE)
    assert.ok(changes.includes(`${host}: file ${PKI}/member.crt: content`), changes.join('\n'))
  assert.is(changes.filter((change) => change.includes('restart')).length, 3)
  assert.match(verified[0] ?? '', /^3 of 3/)
  const client = readFileSync(join(pkiDir, 'apiserver-etcd-client.pem'))
  for (const host of THREE) {
    const [, end = ''] = (await ask(host, { cert: client, key: client })).split(' until ')
    assert.ok(Date.parse(end) > Date.now() + 300 * 86_400_000, `${host}: ${end}`)
  }
})

test('a cluster whose certificates have all ended gets new ones and works again', async () => {
  const lifetime = 15
  for (const [host, { cert, key }] of await issueShortLived(lifetime / 86_400)) {
    await lab.exec(host, `cat >${PKI}/member.crt`, cert)
    await lab.exec(host, `cat >${PKI}/member.key`, key.reveal())
  }
  await Promise.all(THREE.map((host) => inside(host, 'systemctl restart etcd')))
  await sleep(lifetime * 1000)
  assert.match((await converge()).verified[0] ?? '', /^3 of 3/)
})

test('programs of a pinned release replace the packaged ones, one member at a time', async () => {
  const dir = 'etcd-v3.4.23-linux-amd64'
  const path = join(work, `${dir}.tar.gz`)
  const { root } = lab.host('m1')
  execFileSync('tar', ['-czf', path, '-C', `${root}/usr/bin`, `--transform=s,^,${dir}/,`, 'etcd', 'etcdctl'])
  const sha256 = createHash('sha256').update(readFileSync(path)).digest('hex')
  const vars = { source: { path, sha256, version: '3.4.23' } }
  const { changes, verified } = await converge({ vars })
  assert.is(changes.filter((change) => change.includes('restart')).length, 3)
  assert.match(verified[0] ?? '', /^3 of 3/)
  for (const host of THREE)
    assert.is(await inside(host, 'readlink /proc/$(pidof etcd)/exe'), '/opt/etcd-3.4.23/etcd')
  assert.equal((await converge({ vars })).changes, [])
  await converge()
})

test('an addition that is killed in the middle is finished by the next run', async () => {
  assert.ok(
    await runAndKill(
      FOUR,
      (event) => event.type === 'change' && event.change.resource.startsWith('step add m4'),
    ),
  )
  const { verified, warnings } = await converge({ members: FOUR })
  assert.match(verified[0] ?? '', /^4 of 4 members healthy/)
  assert.ok(
    warnings.includes('4 etcd members tolerate the failure of 1, no more than 3 do: use an odd number'),
    warnings.join('\n'),
  )
  assert.equal((await converge({ members: FOUR })).changes, [])
})

test('a member that the group does not name is warned about and fails the check', async () => {
  const { warnings, failures } = await run()
  assert.match(warnings.join('\n'), /m4 is a member of the etcd cluster but not in the group/)
  assert.match([...failures.values()].join('\n'), /m4 is a member but not in the group/)
})

test('a member whose data is lost is left alone while it runs, and replaced once it is stopped', async () => {
  await inside('m4', 'rm -rf /var/lib/etcd/member')
  const before = await invocations()
  const { failures } = await run({ members: FOUR })
  assert.match(failures.get('m4') ?? '', /etcd runs on m4, but its data is not in \/var\/lib\/etcd/)
  assert.equal(await invocations(), before)
  await inside('m4', 'systemctl stop etcd && rm -rf /var/lib/etcd/member')
  const { changes, verified } = await converge({ members: FOUR })
  assert.match(changes.join('\n'), /m4: step take m4 out of the etcd cluster/)
  assert.match(verified[0] ?? '', /^4 of 4 members healthy/)
  assert.equal((await converge({ members: FOUR })).changes, [])
})

test('another certificate authority than the one the cluster was made with is refused', async () => {
  const before = await invocations()
  const { failures } = await run({ members: FOUR, pkiDir: join(work, 'lost') })
  assert.is(failures.size, 4)
  assert.match(failures.get('m1') ?? '', /etcd on m1 trusts another certificate authority than the one in /)
  assert.equal(
    await Promise.all(THREE.map((host) => inside(host, 'systemctl show -p InvocationID etcd'))),
    before,
  )
  assert.match((await converge({ members: FOUR })).verified[0] ?? '', /^4 of 4 members healthy/)
})

test.run()
