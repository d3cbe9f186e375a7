import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { decide, executorOf } from '../../roles/kube-master/decide.ts'
import { FRESH, type NodeState } from '../../roles/kubeadm/node-state.ts'

const A = 'sha256:aaaa'
const B = 'sha256:bbbb'
const MEMBER: NodeState = {
  ...FRESH,
  adminConf: true,
  kubeletConf: true,
  manifest: true,
  kubelet: true,
  caHash: A,
  ready: true,
  reason: 'ok',
}
const DOWN: NodeState = { ...MEMBER, ready: false, reason: 'connection refused' }
const HALF_INIT: NodeState = { ...FRESH, unfinished: 'init', manifest: true, caHash: A }
const HALF_JOIN: NodeState = { ...FRESH, unfinished: 'join', kubeletConf: true, caHash: A }
const STRANGER: NodeState = { ...MEMBER, caHash: B, ready: false }

const masters = ['m1', 'm2', 'm3'].map((name, index) => ({ name, address: `10.0.0.${index + 1}` }))
const external = { masters, etcd: { endpoints: ['https://10.0.0.1:2379'], pkiDir: '/pki' } }
const stacked = { masters, etcd: 'stacked' as const }

/** The courses of all hosts, in words: what they do, or why they refuse. */
function courses(states: readonly NodeState[], vars: typeof external | typeof stacked = external): string[] {
  const reports = new Map(states.map((state, index) => [`m${index + 1}`, state]))
  return [...reports.keys()].map((name) => {
    try {
      const { course, reset } = decide(vars, name, reports)
      return reset ? `${course}, reset` : course
    } catch (error) {
      return `refused: ${(error as Error).message}`
    }
  })
}

const cases: readonly [string, readonly NodeState[], readonly string[]][] = [
  [
    'of fresh hosts one makes the cluster and the others join',
    [FRESH, FRESH, FRESH],
    ['init', 'join', 'join'],
  ],
  [
    'a healthy control plane is only converged',
    [MEMBER, MEMBER, MEMBER],
    ['converge', 'converge', 'converge'],
  ],
  [
    'a wiped host joins, also the first of the inventory',
    [FRESH, MEMBER, MEMBER],
    ['join', 'converge', 'converge'],
  ],
  [
    'a member whose apiserver is down stays a member',
    [DOWN, MEMBER, MEMBER],
    ['converge', 'converge', 'converge'],
  ],
  [
    'an interrupted init is finished where it began, wherever that is',
    [FRESH, HALF_INIT, FRESH],
    ['join', 'init', 'join'],
  ],
  [
    'an interrupted init is finished also once its apiserver answers',
    [FRESH, { ...MEMBER, unfinished: 'init' }, FRESH],
    ['join', 'init', 'join'],
  ],
  [
    'an interrupted join is cleared and done again',
    [MEMBER, HALF_JOIN, FRESH],
    ['converge', 'join, reset', 'join'],
  ],
  [
    'an interrupted join counts as one also when all of its files are there',
    [MEMBER, { ...MEMBER, unfinished: 'join' }, MEMBER],
    ['converge', 'join, reset', 'converge'],
  ],
  [
    'an init that was overtaken by another cluster is cleared',
    [MEMBER, { ...HALF_INIT, caHash: B }, MEMBER],
    ['converge', 'join, reset', 'converge'],
  ],
]

for (const [title, states, expected] of cases) {
  test(title, () => assert.equal(courses(states), expected))
}

const refusals: readonly [string, readonly NodeState[], number, RegExp][] = [
  ['a master of another cluster', [MEMBER, STRANGER, MEMBER], 1, /m2 belongs to another cluster than m1/],
  [
    'two clusters among the masters',
    [MEMBER, { ...MEMBER, caHash: B }, MEMBER],
    0,
    /2 different clusters: m1 and m3, m2/,
  ],
  [
    'a new cluster beside one that is down',
    [DOWN, FRESH, FRESH],
    1,
    /m1 has a control plane, but no apiserver is ready/,
  ],
  ['a new cluster without all its masters', [FRESH, FRESH], 0, /m3 did not take part/],
  ['a choice between two unfinished inits', [HALF_INIT, HALF_INIT, FRESH], 2, /begun on m1, m2/],
  [
    'a worker that is to become a master',
    [MEMBER, { ...FRESH, kubeletConf: true, kubelet: true, caHash: A }, MEMBER],
    1,
    /m2 is a worker of this cluster/,
  ],
  [
    'a new cluster on a node of some other one',
    [{ ...FRESH, kubeletConf: true, caHash: B }, FRESH, FRESH],
    0,
    /m1 is a node of some cluster/,
  ],
]

for (const [title, states, index, reason] of refusals) {
  test(`${title} is refused`, () => assert.match(courses(states)[index] ?? '', reason))
}

test("data of an etcd that is not kubeadm's is no remains of a cluster, that of kubeadm's is", () => {
  const states = [{ ...FRESH, etcdData: true }, { ...FRESH, etcdData: true }, FRESH]
  assert.equal(courses(states, external), ['init', 'join', 'join'])
  assert.match(courses(states, stacked)[0] ?? '', /has the data of an etcd member/)
})

test('who speaks for the cluster is any master that is done and ready, not the first', () => {
  assert.is(
    executorOf(
      new Map([
        ['m1', FRESH],
        ['m2', DOWN],
        ['m3', MEMBER],
      ]),
    ),
    'm3',
  )
  assert.is(executorOf(new Map([['m1', { ...MEMBER, unfinished: 'init' as const }]])), undefined)
})

test('clearing a host never empties the data directory of an etcd that is not kubeadm’s', () => {
  const reports = new Map([
    ['m1', MEMBER],
    ['m2', STRANGER],
    ['m3', MEMBER],
  ])
  const hint = (vars: typeof external | typeof stacked) => {
    try {
      decide(vars, 'm2', reports)
    } catch (error) {
      return (error as { hint?: string }).hint ?? ''
    }
    return ''
  }
  assert.match(hint(external), '--skip-phases remove-etcd-member')
  assert.not.match(hint(stacked), '--skip-phases')
})

test.run()
