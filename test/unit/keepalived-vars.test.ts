import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { keepalivedVars } from '../../roles/keepalived/vars.ts'

const members = [
  { name: 'm1', address: '10.0.0.1' },
  { name: 'm2', address: '10.0.0.2' },
  { name: 'm3', address: '10.0.0.3' },
]
const given = { vip: '10.0.0.100/24', clusterName: 'prod', members }

const problems = (input: object): string[] => {
  const result = keepalivedVars.safeParse({ ...given, ...input })
  return result.error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? []
}

test('a VIP, a name and a group of hosts are enough, and what a host has beside name and address is left out', () => {
  const vars = keepalivedVars.parse({
    ...given,
    members: members.map((host) => ({ ...host, groups: [], vars: {} })),
  })
  assert.is(vars.preempt, false)
  assert.is(vars.checkWeight, 0)
  assert.equal(vars.members, members)
})

const refused: [title: string, input: object, message: RegExp][] = [
  [
    'a VIP without a prefix length',
    { vip: '10.0.0.100' },
    /^vip: expected an IPv4 address with its prefix length/,
  ],
  ['a VIP that is no address', { vip: '10.0.0.300/24' }, /^vip: expected an IPv4 address/],
  ['a prefix length beyond 32', { vip: '10.0.0.100/33' }, /^vip: expected an IPv4 address/],
  ['a VIP of IPv6', { vip: 'fd00::100/64' }, /^vip: expected an IPv4 address/],
  [
    'a network of one address',
    { vip: '10.0.0.100/32' },
    /^vip: expected the prefix length of the members' network/,
  ],
  [
    'the address of the network',
    { vip: '10.0.0.0/24' },
    /^vip: is the address of the network 10.0.0.0\/24 itself/,
  ],
  ['the broadcast address', { vip: '10.0.0.255/24' }, /^vip: is the broadcast address of 10.0.0.0\/24/],
  ['a loopback address', { vip: '127.0.0.2/24' }, /^vip: is no address/],
  ['a multicast address', { vip: '224.0.0.18/24' }, /^vip: is no address/],
  ['the address of a member', { vip: '10.0.0.2/24' }, /^vip: is m2's own address/],
  [
    'the address of another host',
    { otherHosts: [{ name: 'node1', address: '10.0.0.100' }] },
    /^vip: is node1's own address/,
  ],
  [
    'a VIP outside of a member’s subnet',
    { vip: '10.0.0.6/30' },
    /^vip: m1's address 10.0.0.1 is outside of 10.0.0.4\/30/,
  ],
  ['one member', { members: members.slice(0, 1) }, /^members: a VIP needs at least two/],
  [
    'a member without IPv4 address',
    { members: [members[0], { name: 'm2', address: 'm2.local' }] },
    /^members.1.address: keepalived needs/,
  ],
  [
    'a member that is there twice',
    { members: [...members, { name: 'm1', address: '10.0.0.4' }] },
    /^members.3.name: m1 is there twice/,
  ],
  [
    'two members of one address',
    { members: [...members, { name: 'm4', address: '10.0.0.1' }] },
    /^members.3.address: is m1's address too/,
  ],
  ['virtual router id 0', { virtualRouterId: 0 }, /^virtualRouterId: a VRRP id is 1 to 255/],
  ['virtual router id 256', { virtualRouterId: 256 }, /^virtualRouterId: a VRRP id is 1 to 255/],
  [
    'directives in the name of the cluster',
    { clusterName: 'prod {\n  dont_track_primary' },
    /^clusterName: expected letters/,
  ],
  [
    'directives in the name of the interface',
    { interface: 'eth0\nstate MASTER' },
    /^interface: expected the name/,
  ],
  // The seed's mistakes, one by one (design/kubernetes.md).
  [
    'priorities too far apart for the weight: 100 still beats 82',
    {
      preempt: true,
      checkWeight: 2,
      members: [
        { ...members[0], priority: 100 },
        { ...members[1], priority: 80 },
      ],
    },
    /^checkWeight: priorities are up to 20 apart/,
  ],
  ['a weight without preempt', { checkWeight: -30 }, /^checkWeight: without preempt/],
  [
    'two members of priority 110',
    { members: members.map((host, index) => ({ ...host, priority: index === 0 ? 150 : 110 })) },
    /^members.2: has priority 110 as m2 has/,
  ],
  [
    'a given priority that another member has by its position',
    { members: [members[0], { ...members[1], priority: 150 }] },
    /^members.1: has priority 150 as m1 has/,
  ],
  [
    'a priority of 255',
    { members: [members[0], { ...members[1], priority: 255 }] },
    /^members.1.priority: a priority is 1 to 254/,
  ],
]

for (const [title, input, message] of refused) {
  test(`refuses ${title}`, () => {
    const found = problems(input)
    assert.ok(
      found.some((problem) => message.test(problem)),
      `expected ${message}, got:\n${found.join('\n')}`,
    )
  })
}

test('tells all problems at once', () => {
  const found = problems({ vip: '10.0.0.1/24', checkWeight: -30 })
  assert.is(found.length, 2, found.join('\n'))
})

for (const key of ['authPass', 'authType', 'dontTrackPrimary', 'state', 'mcastSrcIp', 'notifyMaster']) {
  test(`there is no ${key} to be set`, () => assert.not.ok(key in keepalivedVars.shape))
}

test('every variable describes itself', () => {
  const silent = Object.entries(keepalivedVars.shape).filter(([, field]) => field.description === undefined)
  assert.equal(silent, [])
})

test.run()
