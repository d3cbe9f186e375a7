import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Facts, Host } from '../../lib/index.ts'
import { type ClusterView, parseCluster } from '../../roles/flannel/cluster.ts'
import { problems } from '../../roles/flannel/judge.ts'
import { contains, containsNetwork } from '../../roles/flannel/networks.ts'
import { describeReach, dnsQuestion, requireReach, targetsOf } from '../../roles/flannel/reach.ts'
import { refuseNetwork } from '../../roles/flannel/refuse.ts'
import { testPods } from '../../roles/flannel/test-pods.ts'
import { flannelVars } from '../../roles/flannel/vars.ts'

const hosts = [
  { name: 'm1', address: '10.0.0.1' },
  { name: 'w1', address: '10.0.0.2' },
] as unknown as readonly Host[]
const [m1, w1] = hosts as readonly [Host, Host]

const varsOf = (input: object = {}) => flannelVars.parse({ masters: [hosts[0]], ...input })

const TEXT = `node\tm1\t10.0.0.1\t10.244.0.0/24\tTrue\t10.0.0.1\tvxlan
node\tw1\t10.0.0.2\t10.244.1.0/24\tTrue\t10.0.0.2\tvxlan
flannel\tm1\t10.0.0.1\tTrue\tabc
flannel\tw1\t10.0.0.2\tTrue\tabc
dns\tw1\t10.244.1.2\tTrue\t
dns-service\t10.96.0.10
`

const view = (text: string = TEXT): ClusterView => parseCluster(text)

test('what kubectl prints is read by its lines', () => {
  const { nodes, flannel, dns, dnsService } = view()
  assert.equal(nodes[1], {
    name: 'w1',
    address: '10.0.0.2',
    podCidr: '10.244.1.0/24',
    ready: true,
    publicIp: '10.0.0.2',
    backend: 'vxlan',
  })
  assert.equal([flannel.length, dns[0]?.address], [2, '10.244.1.2'])
  assert.is(dnsService, '10.96.0.10')
})

test('nothing is wrong where flannel runs on every host', () => {
  assert.equal(problems(view(), hosts, varsOf(), 'abc'), [])
})

const wrong: [title: string, from: string, to: string, problem: RegExp][] = [
  [
    'a node that never joined',
    'node\tw1\t10.0.0.2',
    'node\tw1\t10.0.0.3',
    /^no node .* has w1's address 10.0.0.2$/,
  ],
  ['a node without a podCIDR', '10.244.1.0/24', '', /^w1 has no podCIDR$/],
  ['a podCIDR of elsewhere', '10.244.1.0/24', '10.9.1.0/24', /^w1 has the podCIDR 10.9.1.0\/24, outside of/],
  ['a host without flannel', 'flannel\tw1', 'flannel\tw9', /^w1 has no pod of flannel$/],
  ['an old pod', 'w1\t10.0.0.2\tTrue\tabc', 'w1\t10.0.0.2\tTrue\told', /^w1 still runs flannel with another/],
  [
    'a pod that is not ready',
    'w1\t10.0.0.2\tTrue\tabc',
    'w1\t10.0.0.2\tFalse\tabc',
    /^flannel is not ready on w1$/,
  ],
  ['another backend', 'True\t10.0.0.2\tvxlan', 'True\t10.0.0.2\thost-gw', /^flannel of w1 uses host-gw$/],
  [
    'another interface',
    'True\t10.0.0.2\tvxlan',
    'True\t10.0.0.100\tvxlan',
    /reach it at 10.0.0.100, not at 10.0.0.2$/,
  ],
  ['a node that is not Ready', '10.244.1.0/24\tTrue', '10.244.1.0/24\tFalse', /^the node w1 is not Ready$/],
  ['no DNS', '10.244.1.2\tTrue', '10.244.1.2\tFalse', /^no pod of the cluster’s DNS is ready$/],
]

for (const [title, from, to, problem] of wrong) {
  test(`tells of ${title}`, () => {
    assert.ok(TEXT.includes(from), from)
    const found = problems(view(TEXT.replace(from, to)), hosts, varsOf(), 'abc')
    assert.is(found.length, 1, found.join('; '))
    assert.match(found[0] as string, problem)
  })
}

test('nodes that take no part are not judged', () => {
  assert.equal(problems(view(TEXT.replace('flannel\tw1', 'flannel\tw9')), [m1], varsOf(), 'abc'), [])
})

test('a host is to reach the other nodes and the DNS of those that take part', () => {
  const targets = targetsOf(view(), m1.address, new Set(['10.0.0.1', '10.0.0.2']), varsOf())
  assert.equal(targets.pings, ['10.244.1.0'])
  assert.equal(targets.dns, ['10.244.1.2'])
  const alone = targetsOf(view(), m1.address, new Set(['10.0.0.1']), varsOf())
  assert.equal([alone.pings, alone.dns], [[], []])
})

test('with host-gw pods alone answer pings', () => {
  const everybody = new Set(['10.0.0.1', '10.0.0.2'])
  const targets = targetsOf(view(), m1.address, everybody, varsOf({ backend: 'host-gw' }), ['10.244.1.7'])
  assert.equal(targets.pings, ['10.244.1.7'])
})

test('what was not reached is told, and from where', () => {
  requireReach({ from: 'pod', pinged: true, failed: [] }, 'm1')
  assert.throws(
    () => requireReach({ from: 'pod', pinged: true, failed: ['10.244.1.0', 'the DNS pod 10.244.1.2'] }, 'm1'),
    /a pod on m1 does not reach 10\.244\.1\.0, the DNS pod 10\.244\.1\.2/,
  )
})

test('what was reached is told, and what could not be asked', () => {
  const targets = targetsOf(view(), m1.address, new Set(['10.0.0.1', '10.0.0.2']), varsOf())
  assert.is(
    describeReach({ from: 'pod', pinged: true, failed: [] }, targets),
    'a pod reaches 1 DNS pods and 1 other nodes or pods, DNS answers',
  )
  assert.is(
    describeReach({ from: 'host', pinged: false, failed: [] }, { ...targets, dnsService: '' }),
    'the host reaches 1 DNS pods and no others, as there is no ping',
  )
})

test('a question for a name is a DNS message behind its length', () => {
  assert.is(
    dnsQuestion('a.bc'),
    '\\000\\026\\121\\165\\001\\000\\000\\001\\000\\000\\000\\000\\000\\000\\001\\141\\002\\142\\143\\000\\000\\001\\000\\001',
  )
})

test('a pod to test with is pinned to its node and ends by itself', () => {
  const pods = testPods(['m1', 'w1'], 'example.org/image:1')
  assert.match(pods, /^ {2}nodeName: w1$/m)
  assert.is(pods.match(/activeDeadlineSeconds: 300/g)?.length, 2)
})

const factsWith = (...addresses: [string, string, number][]): Facts =>
  ({
    addresses: addresses.map(([name, address, prefix]) => ({ interface: name, address, prefix })),
  }) as unknown as Facts

const networks: [title: string, facts: Facts, input: object, message: RegExp][] = [
  [
    'a host without its address',
    factsWith(['eth0', '10.9.9.9', 24]),
    {},
    /m1 has no interface with the address 10\.0\.0\.1; it has eth0 10\.9\.9\.9/,
  ],
  [
    'an interface that is not there',
    factsWith(['eth0', '10.0.0.1', 24]),
    { interface: 'eth1' },
    /m1 has no interface eth1/,
  ],
  [
    'the VIP as a host’s address',
    factsWith(['eth0', '10.0.0.1', 24]),
    { vip: '10.0.0.1/24' },
    /is the virtual address of the API/,
  ],
  [
    'host-gw over a router',
    factsWith(['eth0', '10.0.0.1', 31]),
    { backend: 'host-gw' },
    /host-gw needs all nodes on one network segment: w1/,
  ],
]

for (const [title, facts, input, message] of networks) {
  test(`refuses ${title}`, () => {
    assert.throws(() => refuseNetwork(varsOf(input), m1, hosts, facts), message)
  })
}

test('host-gw is fine on one segment', () => {
  refuseNetwork(varsOf({ backend: 'host-gw' }), w1, hosts, factsWith(['eth0', '10.0.0.2', 24]))
})

test('networks are compared by their bits', () => {
  assert.ok(contains('10.244.0.0/16', '10.244.255.1'))
  assert.not.ok(contains('10.244.0.0/16', '10.245.0.0'))
  assert.ok(contains('192.168.0.0/16', '192.168.3.4'))
  assert.ok(containsNetwork('10.244.0.0/16', '10.244.3.0/24'))
  assert.not.ok(containsNetwork('10.244.0.0/24', '10.244.0.0/16'))
})

test.run()
