import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { file, type Host } from '../../lib/index.ts'
import { type Lab, labDown, labUp } from '../../lib/lab/index.ts'
import { haproxy } from '../../roles/haproxy/index.ts'
import { CONFIG_FILE, VALIDATION } from '../../roles/keepalived/config.ts'
import { keepalived } from '../../roles/keepalived/index.ts'
import { changesOf, connectToLab } from '../helpers/lab-connection.ts'
import { type LabRun, type LabRunOptions, runInLab } from '../helpers/run-in-lab.ts'

const NAME = `test-keepalived-${process.pid}`
const MEMBERS = ['m1', 'm2', 'm3']
// The members, and a machine that has nothing to do with them.
const STRANGER = 'm4'
const ROUTER_ID = 77

let lab: Lab
let vip: string

test.before(async () => {
  lab = await labUp({ name: NAME, hosts: [...MEMBERS, STRANGER] })
  vip = lab.network.replace(/0\/24$/, '5')
})

test.after(async () => {
  await labDown(NAME)
})

const keepalivedOf = (members: readonly Host[], vars: object = {}) =>
  keepalived({ vip: `${vip}/24`, members, clusterName: 'lab', virtualRouterId: ROUTER_ID, ...vars })

async function converge(vars: object = {}, options: LabRunOptions = {}): Promise<LabRun> {
  return await runInLab(lab, (hosts) => [haproxy({ backends: hosts }), keepalivedOf(hosts, vars)], {
    hosts: MEMBERS.join(','),
    ...options,
  })
}

const verify = () =>
  runInLab(lab, (hosts) => [keepalivedOf(hosts)], { hosts: MEMBERS.join(','), mode: 'verify' })

async function settled(vars: object = {}): Promise<LabRun> {
  const run = await converge(vars)
  assert.equal(run.failures, [])
  return run
}

const out = async (host: string, command: string): Promise<string> =>
  (await lab.exec(host, command)).stdout.trim()
const mainPid = (host: string) => out(host, 'systemctl show keepalived -p MainPID')

/** How often each member has taken the VIP. */
const elections = () =>
  Promise.all(MEMBERS.map((name) => out(name, "journalctl -u keepalived | grep -c 'Entering MASTER'")))

/** The member that all who were asked say the VIP is on. */
function holderOf({ verified }: LabRun): string {
  const [message, ...others] = new Set(verified.values())
  assert.equal(others, [])
  const [, holder] = /^VIP \S+ is on (m\d)$/.exec(message ?? '') ?? []
  assert.ok(holder, `verify said: ${message}`)
  return holder as string
}

async function refused(message: RegExp): Promise<void> {
  const { failures, changes } = await converge()
  assert.ok(failures.length > 0)
  for (const failure of failures) assert.match(failure.message, message)
  assert.not.ok(changes.some(({ resource }) => resource.includes('keepalived.conf')))
}

test('check mode on fresh hosts tells what would be done', async () => {
  const { changes, failures } = await converge({}, { mode: 'check' })
  assert.equal(failures, [])
  assert.is(changes.filter(({ resource }) => resource === 'service keepalived').length, MEMBERS.length)
  assert.is(await out('m1', `ls ${CONFIG_FILE}`), '')
})

test('a VIP that a stranger has is refused', async () => {
  const device = await out(STRANGER, "ip -o -4 route show scope link | awk '{print $3}'")
  await lab.exec(STRANGER, `ip address add ${vip}/24 dev ${device}`)
  await refused(/is in use on \S+ by [0-9a-f:]{17}, which is none of the members/)
  await lab.exec(STRANGER, `ip address del ${vip}/24 dev ${device}`)
})

test('a virtual router id that a stranger uses is refused', async () => {
  const stranger = `vrrp_instance other {
  interface $(ip -o -4 route show scope link | awk '{print $3}')
  virtual_router_id ${ROUTER_ID}
  priority 100
  virtual_ipaddress {
    ${vip.replace(/5$/, '9')}/24
  }
}`
  await lab.exec(
    STRANGER,
    `apt-get install -qy keepalived && cat >${CONFIG_FILE} <<EOF\n${stranger}\nEOF\nsystemctl start keepalived && sleep 4`,
  )
  await refused(new RegExp(`sends VRRP adverts on \\S+ with virtual_router_id ${ROUTER_ID} for `))
  await lab.exec(STRANGER, 'systemctl stop keepalived')
})

test('the first run puts the VIP on one member', async () => {
  assert.ok(MEMBERS.includes(holderOf(await settled())))
})

test('the second run changes nothing', async () => assert.equal((await settled()).changes, []))

test('a stranger is answered by haproxy at the VIP', async () => {
  assert.match(
    await out(STRANGER, `curl -s http://${vip}:8443/`),
    /^haproxy on m\d: 0 of 3 apiservers are up$/,
  )
})

test('a configuration that keepalived refuses is not written', async () => {
  const connection = await connectToLab(lab, 'm1')
  try {
    const before = await out('m1', `cat ${CONFIG_FILE}`)
    const broken = file(CONFIG_FILE, {
      content: before.replace('priority', 'prioritty'),
      validate: VALIDATION,
    })
    await changesOf(connection, [broken]).then(
      () => assert.unreachable(),
      (error) => assert.match(error.stderr, /Unknown keyword 'prioritty'/),
    )
    assert.is(await out('m1', `cat ${CONFIG_FILE}`), before)
  } finally {
    await connection.close()
  }
})

test('a change is a reload in turns: processes live on, the VIP stays and is at no time on a second member', async () => {
  const holder = holderOf(await verify())
  const elected = await elections()
  const before = await Promise.all(MEMBERS.map(mainPid))
  const run = await settled({ advertInt: 2 })
  const services = run.changes.filter(({ resource }) => resource === 'service keepalived')
  assert.equal(
    services.map(({ summary }) => summary.split(':')[0]),
    ['reload', 'reload', 'reload'],
  )
  assert.equal(await Promise.all(MEMBERS.map(mainPid)), before)
  assert.is(holderOf(run), holder)
  assert.equal(await elections(), elected)
  await settled()
})

test('a run that is limited to some members warns that the others have other peers', async () => {
  const { warnings } = await converge({ advertInt: 2 }, { limit: 'm1' })
  assert.match(warnings.join('\n'), /keepalived.conf changed, but m2, m3 did not take part/)
})

test('members whose advert intervals differ still hear each other', async () => {
  const holder = holderOf(await verify())
  const elected = await elections()
  await lab.exec(STRANGER, 'sleep 10')
  assert.is(holderOf(await verify()), holder)
  assert.equal(await elections(), elected)
  await settled()
})

test('the VIP leaves a member whose haproxy is killed', async () => {
  const holder = holderOf(await verify())
  await lab.exec(holder, 'systemctl kill --signal=KILL haproxy; systemctl stop haproxy')
  await lab.exec(
    STRANGER,
    `for try in $(seq 30); do curl -s -m 1 http://${vip}:8443/ && break; sleep 1; done`,
  )
  assert.is.not(holderOf(await verify()), holder)
})

test('it does not come back when haproxy does', async () => {
  const holder = holderOf(await verify())
  assert.is(holderOf(await settled()), holder)
})

test('the VIP leaves a member that loses power, and verify tells where it is without that host', async () => {
  const holder = holderOf(await verify())
  await lab.kill(holder)
  await lab.exec(
    STRANGER,
    `for try in $(seq 30); do curl -s -m 1 http://${vip}:8443/ && break; sleep 1; done`,
  )
  const run = await verify()
  assert.is.not(holderOf(run), holder)
  assert.equal(
    run.recap.filter(({ unreachable }) => unreachable).map(({ host }) => host),
    [holder],
  )
  await lab.start(holder)
})

test('it does not come back when the member does, and nothing has to be changed', async () => {
  const holder = holderOf(await verify())
  const run = await settled()
  assert.is(holderOf(run), holder)
  assert.equal(run.changes, [])
})

test('a VIP on two hosts is an error that names both', async () => {
  const holder = holderOf(await verify())
  const other = MEMBERS.find((name) => name !== holder) as string
  const device = await out(other, "ip -o -4 route show scope link | awk '{print $3}'")
  await lab.exec(other, `ip address add ${vip}/24 dev ${device}`)
  const { failures } = await verify()
  await lab.exec(other, `ip address del ${vip}/24 dev ${device}`)
  assert.is(failures.length, MEMBERS.length)
  const both = [holder, other].sort().join(' and ')
  for (const { message } of failures) assert.is(message, `${both} hold the VIP ${vip} at the same time`)
})

test('without haproxy nobody may hold the VIP, and the error says so', async () => {
  await Promise.all(MEMBERS.map((name) => lab.exec(name, 'systemctl stop haproxy')))
  const { failures } = await verify()
  assert.match(
    failures[0]?.message ?? '',
    /^no host holds the VIP \S+; m1: its own check fails: does haproxy answer there on port 8443\?/,
  )
})

test.run()
