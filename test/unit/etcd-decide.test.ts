import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  type Cluster,
  disruptionProblem,
  type LiveMember,
  quorum,
  tolerance,
} from '../../roles/etcd/cluster.ts'
import { decide, type Report } from '../../roles/etcd/decide.ts'
import { refuseChange, refuseJoin } from '../../roles/etcd/refuse.ts'
import { upgradeProblem } from '../../roles/etcd/upgrade.ts'
import { etcdVars, type Member } from '../../roles/etcd/vars.ts'
import { describeHealth, requireLasting, strangers } from '../../roles/etcd/verify.ts'

const memberAt = (index: number): Member => ({ name: `m${index}`, address: `10.0.0.${index}` })
const varsFor = (count: number) =>
  etcdVars.parse({ members: Array.from({ length: count }, (_, i) => memberAt(i + 1)), pkiDir: '/pki' })
const THREE = varsFor(3)

function live(index: number, change: Partial<LiveMember> = {}): LiveMember {
  const { name, address } = memberAt(index)
  const urls = { peerUrls: [`https://${address}:2380`], clientUrls: [`https://${address}:2379`] }
  return { id: `${index}`.repeat(16), name, ...urls, learner: false, ...change }
}

/** A cluster of `members`; those numbered in `down` do not answer. */
function cluster(members: readonly LiveMember[], down: readonly number[] = []): Cluster {
  const dead = new Set(down.map((index) => `m${index}`))
  return {
    members,
    healthy: new Set(
      members
        .filter(({ name, learner }) => !dead.has(name) && !learner)
        .flatMap(({ clientUrls }) => clientUrls),
    ),
    unhealthy: new Map(),
    alarms: [],
    versions: new Map(members.map(({ id }) => [id, '3.4.23'])),
    leader: members[0]?.id,
  }
}

const REPORT: Report = {
  data: true,
  unit: 'active',
  bootstrap: 'existing',
  digests: new Map(),
  cluster: undefined,
  unhealthy: new Map(),
  pending: false,
  certificateEnd: undefined,
  expired: false,
  foreignCa: false,
}
const FRESH: Partial<Report> = { data: false, unit: 'inactive', bootstrap: '' }

function reports(...changes: Partial<Report>[]): Map<string, Report> {
  return new Map(changes.map((change, index) => [`m${index + 1}`, { ...REPORT, ...change }]))
}

/** What a host decides: the course, or the message and hint of the refusal. */
function outcome(work: () => unknown): string {
  try {
    return String(work())
  } catch (error) {
    const { message, hint } = error as Error & { hint?: string }
    return `refused: ${message} | ${hint}`
  }
}

const decision = (found: Map<string, Report>, self = 1, vars = THREE) =>
  outcome(() => decide(vars, memberAt(self), found))

const ALL = cluster([live(1), live(2), live(3)])
const DECISIONS: readonly {
  what: string
  found: Map<string, Report>
  self?: number
  expected: RegExp
  vars?: typeof THREE
}[] = [
  {
    what: 'nobody has data: a new cluster is made',
    found: reports(FRESH, FRESH, FRESH),
    expected: /^bootstrap$/,
  },
  {
    what: 'nobody has data and a member is left out: no new cluster',
    found: reports(FRESH, FRESH),
    expected: /^refused: no cluster was found, and a new one needs all its members: m3 did not take part/,
  },
  {
    what: 'all data is gone from what was a cluster: no new cluster in silence',
    found: reports({ data: false }, { data: false }, { data: false }),
    expected:
      /^refused: m1 was a member of a cluster, but its data in \/var\/lib\/etcd is gone .*restore a snapshot/,
  },
  {
    what: 'one data directory is lost while the cluster is down: it waits for the others',
    found: reports({ data: false }, {}, {}),
    expected: /^refused: m1 has no data, and no member answers .*m2, m3 have data/,
  },
  {
    what: 'a killed bootstrap that only one member began is finished by the one with data',
    found: reports({ bootstrap: 'new' }, FRESH, FRESH),
    expected: /^bootstrap$/,
  },
  {
    what: 'a killed bootstrap that only one member began is finished by those without data',
    found: reports({ bootstrap: 'new' }, FRESH, { ...FRESH, bootstrap: 'new' }),
    self: 3,
    expected: /^bootstrap$/,
  },
  {
    what: 'a killed bootstrap is not finished while a member is left out',
    found: reports({ bootstrap: 'new' }, FRESH),
    self: 2,
    expected: /^refused: m2 has no data/,
  },
  {
    what: 'a killed bootstrap whose majority is up takes in the one that was never started',
    found: reports(
      { cluster: cluster([live(1), live(2), live(3, { clientUrls: [] })]), bootstrap: 'new' },
      {},
      FRESH,
    ),
    self: 3,
    expected: /^join$/,
  },
  {
    what: 'all members are stopped: they start together',
    found: reports({ unit: 'inactive' }, { unit: 'inactive' }, { unit: 'failed' }),
    expected: /^start$/,
  },
  {
    what: 'too few members to start without the others: refused',
    found: reports({ unit: 'inactive' }),
    expected: /^refused: no member answers, and of 3 members only 1 in this run has data: 2 are needed/,
  },
  {
    what: 'all run and none answers: nothing is restarted, the reason is told',
    found: reports({ unhealthy: new Map([['https://10.0.0.1:2379', 'context deadline exceeded']]) }, {}, {}),
    expected:
      /^refused: etcd runs on m1, but no member answers: https:\/\/10\.0\.0\.1:2379 context deadline exceeded/,
  },
  {
    what: 'all run with certificates that have ended: they start anew together',
    found: reports({ expired: true }, { expired: true }, { expired: true }),
    expected: /^start$/,
  },
  {
    what: 'a member of the live cluster converges',
    found: reports({ cluster: ALL }, {}, {}),
    expected: /^converge$/,
  },
  {
    what: 'a stopped member of the live cluster converges',
    found: reports({ unit: 'inactive' }, { cluster: cluster(ALL.members, [1]) }, {}),
    expected: /^converge$/,
  },
  {
    what: 'a stopped member whose data is lost joins anew',
    found: reports({ ...FRESH, bootstrap: 'existing' }, { cluster: cluster(ALL.members, [1]) }, {}),
    expected: /^join$/,
  },
  {
    what: 'a member that runs on data which lies elsewhere is refused',
    found: reports({ data: false, cluster: ALL }, {}, {}),
    expected: /^refused: etcd runs on m1, but its data is not in \/var\/lib\/etcd.*stop etcd on m1/,
  },
  {
    what: 'a member that has just lost its data and does not answer yet, but runs, is refused',
    found: reports({ data: false }, { cluster: cluster(ALL.members, [1]) }, {}),
    expected: /^refused: etcd runs on m1/,
  },
  {
    what: 'a new host joins the live cluster',
    found: reports({ cluster: ALL }, {}, {}, FRESH),
    self: 4,
    vars: varsFor(4),
    expected: /^join$/,
  },
  {
    what: 'a host that was added and killed before its start joins',
    found: reports(
      { cluster: cluster([...ALL.members, live(4, { name: '', clientUrls: [], learner: true })]) },
      {},
      {},
      FRESH,
    ),
    self: 4,
    vars: varsFor(4),
    expected: /^join$/,
  },
  {
    what: 'a learner that was killed before its promotion joins',
    found: reports({ cluster: cluster([...ALL.members, live(4, { learner: true })]) }, {}, {}, {}),
    self: 4,
    vars: varsFor(4),
    expected: /^join$/,
  },
  {
    what: 'data of a member that the cluster has removed is refused',
    found: reports({ cluster: cluster([live(2), live(3)]) }, {}, {}),
    expected: /^refused: m1 has the data of a member in \/var\/lib\/etcd, but the cluster does not know it/,
  },
  {
    what: 'a member whose address has changed is refused with what to do',
    found: reports(
      { cluster: cluster([live(1, { peerUrls: ['https://10.9.9.9:2380'] }), live(2), live(3)]) },
      {},
      {},
    ),
    expected:
      /^refused: m1 is a member with peer URL https:\/\/10\.9\.9\.9:2380, not .*member update 1111111111111111/,
  },
  {
    what: 'another CA than the one the cluster was made with is refused',
    found: reports({ cluster: ALL, foreignCa: true }, {}, {}),
    expected: /^refused: etcd on m1 trusts another certificate authority than the one in \/pki/,
  },
]

for (const { what, found, self, vars, expected } of DECISIONS)
  test(what, () => assert.match(decision(found, self, vars), expected))

const DISRUPTIONS: readonly { what: string; found: Cluster; self: number; expected: RegExp }[] = [
  { what: 'one of three healthy members may restart', found: ALL, self: 3, expected: /^undefined$/ },
  {
    what: 'with one of three down no other may restart',
    found: cluster(ALL.members, [2]),
    self: 3,
    expected: /^m2 does not answer; restarting m3 would leave 1 of 3 members, and 2 are needed$/,
  },
  { what: 'the one that is down may', found: cluster(ALL.members, [2]), self: 2, expected: /^undefined$/ },
  {
    what: 'with one of five down another may restart',
    found: cluster(
      [1, 2, 3, 4, 5].map((i) => live(i)),
      [2],
    ),
    self: 3,
    expected: /^undefined$/,
  },
  {
    what: 'with two of five down no other may restart',
    found: cluster(
      [1, 2, 3, 4, 5].map((i) => live(i)),
      [2, 5],
    ),
    self: 3,
    expected: /^m2 and m5 do not answer; restarting m3 would leave 2 of 5 members, and 3 are needed$/,
  },
  {
    what: 'with one of four down no other may restart',
    found: cluster(
      [1, 2, 3, 4].map((i) => live(i)),
      [4],
    ),
    self: 1,
    expected: /leave 2 of 4 members, and 3 are needed$/,
  },
  { what: 'a single member may restart', found: cluster([live(1)]), self: 1, expected: /^undefined$/ },
  {
    what: 'one of two healthy members may restart',
    found: cluster([live(1), live(2)]),
    self: 1,
    expected: /^undefined$/,
  },
  {
    what: 'with one of two down the other may not',
    found: cluster([live(1), live(2)], [2]),
    self: 1,
    expected: /leave 0 of 2 members, and 2 are needed$/,
  },
  {
    what: 'a learner does not count, and may restart',
    found: cluster([...ALL.members, live(4, { learner: true })], [2]),
    self: 4,
    expected: /^undefined$/,
  },
  {
    what: 'a member that was never started counts as down',
    found: cluster([live(1), live(2), live(3, { name: '', clientUrls: [] })]),
    self: 1,
    expected: /^the member at https:\/\/10\.0\.0\.3:2380 does not answer; restarting m1 would leave 1 of 3/,
  },
]

for (const { what, found, self, expected } of DISRUPTIONS) {
  test(what, () => assert.match(String(disruptionProblem(found, `https://10.0.0.${self}:2380`)), expected))
}

const change = (found: Map<string, Report>, self: number) =>
  outcome(() => refuseChange(THREE, memberAt(self), found))
const M2_DOWN = cluster(ALL.members, [2])

test('with a member down a change of configuration is refused on all, also on the one that is down', () => {
  const found = reports(
    { cluster: M2_DOWN, pending: true },
    { pending: true, unit: 'inactive' },
    { pending: true },
  )
  assert.match(change(found, 1), /^refused: m2 does not answer; restarting m1 would leave 1 of 3 members/)
  assert.match(
    change(found, 2),
    /^refused: m2 does not answer, and the configuration would change on m1, m3 too.*--limit m2/,
  )
  assert.match(change(found, 3), /^refused: m2 does not answer; restarting m3/)
})

test('a member that is down may be changed alone', () => {
  const found = reports({ cluster: M2_DOWN }, { pending: true, unit: 'failed' }, {})
  for (const self of [1, 2, 3]) assert.is(change(found, self), 'undefined')
})

test('a run limited to the member that is down may change it', () => {
  const own = { ...REPORT, cluster: M2_DOWN, pending: true }
  assert.is(change(new Map([['m2', own]]), 2), 'undefined')
})

test('with all members healthy a change is not refused', () => {
  const found = reports({ cluster: ALL, pending: true }, { pending: true }, { pending: true })
  for (const self of [1, 2, 3]) assert.is(change(found, self), 'undefined')
})

test('no member is added while another is down or still learning', () => {
  const join = (found: Cluster | undefined) => outcome(() => refuseJoin(varsFor(4), memberAt(4), found))
  assert.is(join(ALL), 'undefined')
  assert.match(join(undefined), /no member of the cluster answers/)
  assert.match(join(M2_DOWN), /m2 does not answer; members are added while all others are healthy/)
  assert.match(join(cluster([...ALL.members, live(5, { learner: true })])), /m5 is still learning/)
  assert.is(join(cluster([...ALL.members, live(4, { learner: true })])), 'undefined')
})

test('quorum and tolerance follow the arithmetic of majorities', () => {
  const sizes = [1, 2, 3, 4, 5, 6, 7]
  assert.equal(sizes.map(quorum), [1, 2, 2, 3, 3, 4, 4])
  assert.equal(sizes.map(tolerance), [0, 0, 1, 1, 2, 2, 3])
})

const UPGRADES: readonly { running: string[]; target: string; expected: RegExp }[] = [
  { running: ['3.4.23'], target: '3.4.23', expected: /^undefined$/ },
  { running: ['3.4.23', '3.5.16'], target: '3.5.16', expected: /^undefined$/ },
  { running: ['3.5.16'], target: '3.4.23', expected: /^etcd 3\.5\.16 runs, and cannot go back to 3\.4\.23$/ },
  {
    running: ['3.4.23'],
    target: '3.6.5',
    expected: /one minor version at a time: 3\.5 comes before 3\.6\.5$/,
  },
  {
    running: ['3.6.5', '3.5.30'],
    target: '3.6.5',
    expected: /^etcd 3\.5\.30 runs, and 3\.6\.5 is safe only after 3\.5\.32/,
  },
  { running: ['3.5.32'], target: '3.6.5', expected: /^undefined$/ },
  { running: ['3.6.5', '3.7.0'], target: '3.7.0', expected: /^undefined$/ },
]

for (const { running, target, expected } of UPGRADES) {
  test(`from ${running.join(' and ')} to ${target}`, () =>
    assert.match(String(upgradeProblem(running, target)), expected))
}

test('an upgrade that etcd does not survive is refused before anything is touched', () => {
  const source = { path: '/x.tar.gz', sha256: 'a'.repeat(64), version: '3.6.5' }
  const vars = etcdVars.parse({ members: THREE.members, pkiDir: '/pki', source })
  assert.match(
    decision(reports({ cluster: ALL }, {}, {}), 1, vars),
    /^refused: etcd 3\.4\.23 runs, and goes up one minor/,
  )
})

const health = (found: Cluster | undefined) =>
  outcome(() => describeHealth(THREE, found, new Map([['https://x', 'no route']])))
const HEALTH: readonly { what: string; found: Cluster | undefined; expected: RegExp }[] = [
  {
    what: 'a healthy cluster in one line',
    found: ALL,
    expected: /^3 of 3 members healthy, leader m1, etcd 3\.4\.23$/,
  },
  {
    what: 'no answer with its reasons',
    found: undefined,
    expected: /no etcd member answers \(https:\/\/x: no route\)/,
  },
  { what: 'a member that is down', found: M2_DOWN, expected: /refused: m2 does not answer/ },
  {
    what: 'a member that is missing',
    found: cluster([live(1), live(2)]),
    expected: /m3 is not a member of the cluster/,
  },
  {
    what: 'a member too many',
    found: cluster([...ALL.members, live(4)]),
    expected: /m4 is a member but not in the group/,
  },
  {
    what: 'a learner',
    found: cluster([live(1), live(2), live(3, { learner: true })]),
    expected: /m3 is a learner, not a voting member/,
  },
  {
    what: 'a member of another name',
    found: cluster([live(1), live(2), live(3, { name: 'x' })]),
    expected: /the member at https:\/\/10\.0\.0\.3:2380 is called x, not m3/,
  },
  { what: 'an alarm', found: { ...ALL, alarms: ['alarm: NOSPACE'] }, expected: /alarm: NOSPACE/ },
  {
    what: 'two versions at once',
    found: {
      ...ALL,
      versions: new Map([
        ['1', '3.5.24'],
        ['2', '3.4.23'],
      ]),
    },
    expected: /etcd 3\.4\.23 and 3\.5\.24$/,
  },
]

for (const { what, found, expected } of HEALTH)
  test(`verify tells ${what}`, () => assert.match(health(found), expected))

test('members that the group does not name are strangers', () => {
  assert.equal(strangers(THREE, cluster([...ALL.members, live(4)])), ['m4'])
})

test('verify complains of a certificate in its last thirty days', () => {
  const inDays = (days: number) => new Date(Date.now() + (days + 0.5) * 86_400_000)
  requireLasting('m1', undefined)
  requireLasting('m1', inDays(30))
  assert.throws(() => requireLasting('m1', inDays(29)), /^the certificate of etcd on m1 ends on \d{4}-/)
  assert.throws(() => requireLasting('m1', inDays(-1)), /ends on/)
})

test.run()
