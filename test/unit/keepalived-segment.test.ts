import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Facts } from '../../lib/index.ts'
import { containsAddress, parseCidr } from '../../lib/index.ts'
import { keepalivedConf } from '../../roles/keepalived/config.ts'
import { interfaceOf } from '../../roles/keepalived/interface.ts'
import { isConfiguredFor, refuseLeftover } from '../../roles/keepalived/present.ts'
import { parseSegment, refuseCollisions } from '../../roles/keepalived/segment.ts'
import { judge, requireAnswer, type Sight } from '../../roles/keepalived/sight.ts'
import { keepalivedVars, type Member } from '../../roles/keepalived/vars.ts'

const vars = keepalivedVars.parse({
  vip: '10.0.0.100/24',
  clusterName: 'prod',
  virtualRouterId: 77,
  members: [
    { name: 'm1', address: '10.0.0.1' },
    { name: 'm2', address: '10.0.0.2' },
  ],
})

const refuse = (text: string) => () => refuseCollisions(parseSegment(text), vars, 'eth0')

test('a quiet segment with members and strangers is fine', () => {
  refuse(`neigh 10.0.0.2 lladdr 0e:00:00:00:00:02 REACHABLE
neigh 10.0.0.9 lladdr 0e:00:00:00:00:09 STALE
neigh 10.0.0.100 FAILED
vrrp 10.0.0.9 33 78 100 1 0 1 112 0 10 0 0 77 0 0 0 0 0 0 0 0
vrrp 10.0.0.9
`)()
})

test('a VIP that a member has already is ours', () => {
  refuse(
    'neigh 10.0.0.2 lladdr 0e:00:00:00:00:02 REACHABLE\nneigh 10.0.0.100 lladdr 0e:00:00:00:00:02 STALE',
  )()
})

test('a VIP that a stranger has is refused by the MAC address', () => {
  assert.throws(
    refuse(
      'neigh 10.0.0.2 lladdr 0e:00:00:00:00:02 REACHABLE\nneigh 10.0.0.100 lladdr 0e:00:00:00:00:99 REACHABLE',
    ),
    /the VIP 10.0.0.100 is in use on eth0 by 0e:00:00:00:00:99, which is none of the members/,
  )
})

test('a virtual router id that a stranger advertises is refused', () => {
  assert.throws(
    refuse('vrrp 10.0.0.9 33 77 100 2 0 1 112 0 10 0 0 50 10 0 0 51 0 0 0 0 0 0 0 0'),
    /10.0.0.9 sends VRRP adverts on eth0 with virtual_router_id 77 for 10.0.0.50, 10.0.0.51/,
  )
})

test('a VIP that a stranger advertises is refused whatever its router id', () => {
  assert.throws(
    refuse('vrrp 10.0.0.9 49 12 100 1 0 1 112 0 10 0 0 100'),
    /virtual_router_id 12 for 10.0.0.100/,
  )
})

test('adverts of members are ours', () => refuse('vrrp 10.0.0.2 33 77 100 1 0 1 112 0 10 0 0 100')())

const facts = (...addresses: Facts['addresses'][number][]): Facts => ({ addresses }) as unknown as Facts
const m1 = vars.members[0] as Member

test('the interface is the one with the member’s address', () => {
  const device = interfaceOf(
    vars,
    m1,
    facts(
      { interface: 'lo', address: '127.0.0.1', prefix: 8 },
      { interface: 'ens3', address: '10.0.0.1', prefix: 24 },
    ),
  )
  assert.is(device, 'ens3')
})

test('without such an interface the error lists those that are there', () => {
  assert.throws(
    () => interfaceOf(vars, m1, facts({ interface: 'eth0', address: '192.0.2.7', prefix: 24 })),
    /m1 has no network interface with the address 10.0.0.1; it has eth0 192.0.2.7\/24/,
  )
})

test('a VIP outside of the interface’s own network is refused', () => {
  assert.throws(
    () => interfaceOf(vars, m1, facts({ interface: 'eth0', address: '10.0.0.1', prefix: 28 })),
    /the VIP 10.0.0.100 is outside of the network of eth0: 10.0.0.0\/28/,
  )
})

test('the VIP itself is no proof that its network is there', () => {
  assert.throws(() =>
    interfaceOf(
      vars,
      m1,
      facts(
        { interface: 'eth0', address: '10.0.0.1', prefix: 28 },
        { interface: 'eth0', address: '10.0.0.100', prefix: 24 },
      ),
    ),
  )
})

const cidrs: [text: string, network: string, broadcast: string][] = [
  ['10.0.0.100/24', '10.0.0.0', '10.0.0.255'],
  ['192.168.255.77/30', '192.168.255.76', '192.168.255.79'],
  ['172.16.9.1/12', '172.16.0.0', '172.31.255.255'],
  ['200.1.2.3/32', '200.1.2.3', '200.1.2.3'],
  ['200.1.2.3/0', '0.0.0.0', '255.255.255.255'],
]

for (const [text, network, broadcast] of cidrs) {
  test(`${text} is in ${network}, up to ${broadcast}`, () => {
    const cidr = parseCidr(text)
    assert.equal([cidr?.network, cidr?.broadcast], [network, broadcast])
  })
}

for (const text of ['10.0.0.1', '10.0.0.1/33', '10.0.0.1/', '10.0.0/24', 'fd00::1/64', '10.0.0.1/24/1', '']) {
  test(`'${text}' is no address with a prefix length`, () => assert.is(parseCidr(text), undefined))
}

test('a network contains what is between its ends', () => {
  const cidr = parseCidr('10.0.0.100/25')
  assert.ok(
    cidr &&
      containsAddress(cidr, '10.0.0.127') &&
      !containsAddress(cidr, '10.0.0.128') &&
      !containsAddress(cidr, 'm1'),
  )
})

const sight = (seen: Partial<Sight> = {}): Sight => ({ holds: false, answers: true, handicap: '', ...seen })
const see = (sights: Record<string, Sight>) => judge(new Map(Object.entries(sights)), vars)

test('one holder that answers the others', () => {
  assert.is(see({ m1: sight(), m2: sight({ holds: true }) }), 'VIP 10.0.0.100 is on m2')
})

test('the only reachable host may be the holder', () =>
  assert.match(see({ m2: sight({ holds: true }) }), /on m2$/))

test('a holder that was not asked, but answers', () => {
  assert.is(see({ m1: sight() }), 'VIP 10.0.0.100 answers, from a host that was not asked (m2)')
})

const bad: [title: string, sights: Record<string, Sight>, message: RegExp][] = [
  [
    'two holders',
    { m1: sight({ holds: true }), m2: sight({ holds: true }) },
    /^m1 and m2 hold the VIP 10.0.0.100 at the same time$/,
  ],
  ['no holder among all members', { m1: sight(), m2: sight() }, /^no host holds the VIP 10.0.0.100$/],
  [
    'no holder and nobody answers',
    { m1: sight({ answers: false, handicap: 'its own check fails' }) },
    /^no host holds the VIP 10.0.0.100; m1: its own check fails$/,
  ],
  [
    'a holder that does not answer',
    { m1: sight({ answers: false }), m2: sight({ holds: true }) },
    /^m2 holds the VIP 10.0.0.100, but it does not answer to m1$/,
  ],
]

for (const [title, sights, message] of bad) {
  test(`${title} is an error`, () => assert.throws(() => see(sights), message))
}

test('a host that has the VIP by other means than keepalived is refused', () => {
  const own = { ...facts({ interface: 'eth0', address: '10.0.0.100', prefix: 24 }), hostname: 'm1' }
  assert.throws(
    () => refuseLeftover('', vars, own),
    /m1 already has the VIP 10.0.0.100 on eth0, and not from keepalived/,
  )
  refuseLeftover('virtual_ipaddress {\n 10.0.0.100/24 dev eth0\n}', vars, own)
})

test('a member is settled with its own VIP and router id only', () => {
  const config = keepalivedConf(vars, { member: m1, interface: 'eth0', trackProcess: true })
  assert.ok(isConfiguredFor(config, vars))
  assert.not.ok(isConfiguredFor(config, { ...vars, vip: '10.0.0.101/24' }))
  assert.not.ok(isConfiguredFor(config, { ...vars, virtualRouterId: 7 }))
  assert.not.ok(isConfiguredFor('', vars))
})

test('in its turn a member asks that somebody answers, and tells its own handicap', () => {
  requireAnswer(sight({ holds: true, answers: false }), vars)
  requireAnswer(sight(), vars)
  assert.throws(
    () => requireAnswer(sight({ answers: false, handicap: 'its own check fails' }), vars),
    /^nobody answers at the VIP 10.0.0.100: its own check fails$/,
  )
})

test.run()
