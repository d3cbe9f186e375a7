import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Facts, Host } from '../../lib/index.ts'
import { parseNeighbours, strangerOf } from '../../roles/balancer/neighbours.ts'
import { initCallsVip } from '../../roles/kube-vip/init-endpoint.ts'
import { interfaceOf } from '../../roles/kube-vip/interface.ts'
import { judge, parseSight, requireOwn, type Sight } from '../../roles/kube-vip/sight.ts'
import { kubeVipVars } from '../../roles/kube-vip/vars.ts'

const masters = [
  { name: 'm1', address: '10.0.0.1' },
  { name: 'm2', address: '10.0.0.2' },
]
const vars = kubeVipVars.parse({ vip: '10.0.0.100/24', masters })
const bgpVars = kubeVipVars.parse({
  vip: '10.0.0.100/24',
  masters,
  mode: 'bgp',
  bgp: { as: 1, peers: [{ address: '10.0.0.254', as: 2 }] },
})

const HOLDER: Sight = {
  holds: true,
  answers: true,
  holder: 'm1',
  age: 1,
  digest: 'abc',
  ready: true,
  leftovers: [],
  sessions: 0,
}
const OTHER: Sight = { ...HOLDER, holds: false, age: 99 }
const both = (first: object, second: object = {}) =>
  new Map([
    ['m1', { ...HOLDER, ...first }],
    ['m2', { ...OTHER, ...second }],
  ])

const versions: [version: string, callsVip: boolean][] = [
  ['v1.33.99', true],
  ['v1.34.7', true],
  ['v1.34.8', false],
  ['v1.35.4', true],
  ['v1.35.5', false],
  ['v1.36.0', true],
  ['v1.36.1', false],
  ['v1.36.2', false],
  ['v1.37.0', false],
]

for (const [version, callsVip] of versions) {
  test(`kubeadm init of ${version} ${callsVip ? 'asks for' : 'does without'} the VIP`, () => {
    assert.is(initCallsVip(version), callsVip)
  })
}

test('what a node prints is read by its lines', () => {
  const sight = parseSight(`holds
answers
now 2026-11-21T10:00:03.500000000Z
leftover /etc/kubernetes/manifests/kube-vip.yaml
session kube_vip_manager_bgp_session_info{peer="10.0.0.254:179",state="ESTABLISHED"} 1
lease m1 2026-11-21T10:00:01.000000Z
pod True abc`)
  assert.equal(sight, {
    ...HOLDER,
    age: 2.5,
    leftovers: ['/etc/kubernetes/manifests/kube-vip.yaml'],
    sessions: 1,
  })
})

test('a node without a cluster has nothing', () => {
  const sight = parseSight('now 2026-11-21T10:00:03.500000000Z\n\n')
  assert.equal([sight.holder, sight.digest, sight.ready, sight.holds], ['', '', false, false])
})

const own: [title: string, sight: object, message: RegExp][] = [
  [
    'super-admin.conf in a manifest',
    { leftovers: ['/x.yaml'] },
    /^\/x\.yaml refers to \/etc\/kubernetes\/super-admin\.conf$/,
  ],
  ['no pod', { digest: '' }, /is not there yet/],
  ['a pod of before', { digest: 'old' }, /started from another manifest/],
  ['a pod that is not ready', { ready: false }, /is not ready/],
  ['a VIP that does not answer', { answers: false }, /no apiserver answers at the VIP 10\.0\.0\.100/],
]

for (const [title, sight, message] of own) {
  test(`${title} is an error`, () => {
    assert.throws(() => requireOwn({ ...HOLDER, ...sight }, vars, 'abc'), message)
  })
}

test('a node that does not have the VIP is fine with arp, but not with bgp', () => {
  requireOwn(OTHER, vars, 'abc')
  assert.throws(() => requireOwn(OTHER, bgpVars, 'abc'), /does not have the VIP/)
})

test('with bgp a router without a session is an error', () => {
  requireOwn({ ...HOLDER, sessions: 1 }, bgpVars, 'abc')
  assert.throws(() => requireOwn(HOLDER, bgpVars, 'abc'), /only 0 of 1 routers have a BGP session/)
})

test('the node with the lease alone has the VIP', () => {
  assert.is(judge(both({}), vars), 'VIP 10.0.0.100 is on m1')
})

test('a node that was not asked may have the lease', () => {
  assert.is(judge(new Map([['m2', OTHER]]), vars), 'VIP 10.0.0.100 answers from m1, which was not asked')
})

const split: [title: string, sights: ReadonlyMap<string, Sight>, message: RegExp][] = [
  [
    'two nodes with the VIP',
    both({}, { holds: true }),
    /^m1 and m2 have the VIP 10\.0\.0\.100 at the same time$/,
  ],
  ['a lease that is moving', both({}, { holder: 'm2' }), /is moving: m1, m2$/],
  ['a lease of nobody', both({ holder: '' }, { holder: '' }), /^nobody has the lease/],
  [
    'the VIP on another node',
    both({ holds: false }, { holds: true }),
    /^m1 has the lease .* but m2 has the VIP/,
  ],
  ['the VIP nowhere', both({ holds: false }), /^m1 has the lease .* but nobody has the VIP/],
  ['a lease that is not renewed', both({ age: 11 }), /^m1 last renewed the lease plndr-cp-lock 11 s ago$/],
  ['a lease without a time', both({ age: Number.NaN }), /last renewed/],
  [
    'the VIP beside the lease of an absent node',
    new Map([['m2', { ...OTHER, holds: true }]]),
    /^m2 has the VIP .* but m1 has the lease/,
  ],
]

for (const [title, sights, message] of split) {
  test(`${title} is an error`, () => {
    assert.throws(() => judge(sights, vars), message)
  })
}

test('with bgp all nodes announce the VIP', () => {
  assert.is(judge(both({}, { holds: true }), bgpVars), 'VIP 10.0.0.100 is announced by m1, m2')
})

const neighbours = (vip: string) => [
  `neigh 10.0.0.100 lladdr ${vip} REACHABLE`,
  'neigh 10.0.0.1 lladdr aa:01 STALE',
]

test('a machine that is no master and has the VIP is a stranger', () => {
  assert.is(strangerOf(parseNeighbours(neighbours('aa:09')), '10.0.0.100', ['10.0.0.1']), 'aa:09')
})

test('a master that has the VIP is none, nor is nobody', () => {
  assert.is(strangerOf(parseNeighbours(neighbours('aa:01')), '10.0.0.100', ['10.0.0.1']), undefined)
  assert.is(strangerOf(parseNeighbours(['neigh 10.0.0.100 FAILED']), '10.0.0.100', ['10.0.0.1']), undefined)
})

const facts = { addresses: [{ interface: 'eth1', address: '10.0.0.1', prefix: 24 }] } as unknown as Facts
const host = masters[0] as unknown as Host

test('the VIP goes on the interface with the node’s address', () => {
  assert.is(interfaceOf(vars, host, facts), 'eth1')
})

test('with bgp the VIP goes on the loopback interface', () => {
  assert.is(interfaceOf(bgpVars, host, facts), 'lo')
})

test('a network that has no room for the VIP is refused', () => {
  const narrow = { addresses: [{ interface: 'eth1', address: '10.0.0.1', prefix: 28 }] } as unknown as Facts
  assert.throws(() => interfaceOf(vars, host, narrow), /10\.0\.0\.100 is outside of the network of eth1/)
})

test.run()
