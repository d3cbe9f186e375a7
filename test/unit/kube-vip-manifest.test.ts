import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parse, parseAllDocuments } from 'yaml'
import { accessManifest } from '../../roles/kube-vip/access.ts'
import { bgpFile, kubeVipManifest, manifestDigest } from '../../roles/kube-vip/manifest.ts'
import { kubeVipVars } from '../../roles/kube-vip/vars.ts'

const masters = [
  { name: 'm1', address: '10.0.0.1' },
  { name: 'm2', address: '10.0.0.2' },
]
const BGP = {
  mode: 'bgp',
  bgp: { as: 64513, peers: [{ address: '10.0.0.254', as: 65001, password: 'a-long-password' }] },
}
const settings = {
  image: 'ghcr.io/kube-vip/kube-vip:v1.2.2',
  interface: 'eth0',
  kubeconfig: '/etc/kubernetes/kube-vip.conf',
  filesDigest: 'abc',
}

const varsOf = (input: object = {}) => kubeVipVars.parse({ vip: '10.0.0.100/24', masters, ...input })
const text = (input: object = {}) => kubeVipManifest(varsOf(input), settings)
const pod = (input: object = {}) => parse(text(input))
const environment = (input: object = {}): Record<string, string> =>
  Object.fromEntries(
    pod(input).spec.containers[0].env.map(({ name, value }: { name: string; value: string }) => [
      name,
      value,
    ]),
  )

test('with arp the node that holds a short lease has the address', () => {
  assert.equal(environment(), {
    vip_nodename: undefined,
    address: '10.0.0.100',
    port: '6443',
    vip_interface: 'eth0',
    vip_subnet: '32',
    cp_enable: 'true',
    cp_namespace: 'kube-system',
    kubernetes_addr: 'https://kubernetes:6443',
    prometheus_server: '127.0.0.1:2112',
    vip_arp: 'true',
    vip_leaderelection: 'true',
    vip_leasename: 'plndr-cp-lock',
    vip_leaseduration: '5',
    vip_renewdeadline: '3',
    vip_retryperiod: '1',
  })
})

test('variables that are old names of others are not there', () => {
  assert.not.match(text() + text(BGP), /vip_cidr|vip_address|lb_enable|svc_enable/)
})

test('the apiserver beside it is asked, by a name of its certificate', () => {
  assert.equal(pod().spec.hostAliases, [{ ip: '127.0.0.1', hostnames: ['kubernetes'] }])
})

test('it has two capabilities and no others', () => {
  assert.equal(pod().spec.containers[0].securityContext, {
    allowPrivilegeEscalation: false,
    capabilities: { add: ['NET_ADMIN', 'NET_RAW'], drop: ['ALL'] },
  })
})

test('its own kubeconfig is mounted, and no other', () => {
  const { spec } = pod()
  assert.equal(spec.volumes, [{ name: 'kubeconfig', hostPath: { path: settings.kubeconfig, type: 'File' } }])
  assert.not.match(text(), /super-admin/)
})

test('with bgp routers are told as long as the apiserver is ready, and there is no election', () => {
  const env = environment(BGP)
  assert.is(env.bgp_enable, 'true')
  assert.is(env.bgp_as, '64513')
  assert.is(env.control_plane_health_check_address, 'https://kubernetes:6443/readyz')
  assert.is(env.vip_leaderelection, undefined)
  assert.equal(pod(BGP).spec.containers[0].args, [
    'manager',
    '--config-file=/etc/kubernetes/kube-vip-bgp.json',
  ])
})

test('a router’s password is in a file of its own, not in the pod', () => {
  assert.not.match(text(BGP), /a-long-password/)
  const file = bgpFile(varsOf(BGP), '10.0.0.1')
  assert.is(String(file), '***')
  assert.equal(JSON.parse(file?.reveal() ?? ''), {
    BGPConfig: {
      RouterID: '10.0.0.1',
      Peers: [{ Address: '10.0.0.254', AS: 65001, Password: 'a-long-password', MultiHop: false }],
    },
  })
})

test('other files or settings are another manifest', () => {
  const digests = [
    manifestDigest(varsOf(), settings),
    manifestDigest(varsOf(), { ...settings, filesDigest: 'def' }),
    manifestDigest(varsOf({ leaseDuration: 6 }), settings),
  ]
  assert.is(new Set(digests).size, 3)
  assert.is(pod().metadata.annotations['quorate/manifest'], digests[0])
})

test('its rights end at its lease', () => {
  const [role, binding] = parseAllDocuments(accessManifest(varsOf({ leaseName: 'vip' }))).map((one) =>
    one.toJS(),
  )
  assert.is(role.kind, 'Role')
  assert.equal(
    role.rules.flatMap(({ resources }: { resources: string[] }) => resources),
    ['leases', 'leases'],
  )
  assert.equal(role.rules[1].resourceNames, ['vip'])
  assert.equal(binding.subjects, [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'kube-vip' }])
})

const refused: [title: string, input: object, message: RegExp][] = [
  [
    'a VIP without its prefix length',
    { vip: '10.0.0.100' },
    /^vip: expected an IPv4 address with its prefix/,
  ],
  ['a VIP that is a master’s address', { vip: '10.0.0.2/24' }, /^vip: is m2's own address/],
  [
    'a VIP that is another host’s address',
    { otherHosts: [{ name: 'w1', address: '10.0.0.100' }] },
    /^vip: is w1's own address/,
  ],
  [
    'a VIP of another network',
    { vip: '10.0.9.100/24', masters: [masters[0]] },
    /^vip: m1's address 10.0.0.1 is outside/,
  ],
  ['the first address of a network', { vip: '10.0.0.0/24' }, /^vip: is the first or last/],
  ['the last address of a network', { vip: '10.0.0.255/24' }, /^vip: is the first or last/],
  ['bgp without routers', { mode: 'bgp' }, /^bgp: mode bgp needs it/],
  ['routers with arp', { bgp: BGP.bgp }, /^bgp: is for mode bgp/],
  ['a deadline as long as the lease', { renewDeadline: 5 }, /^renewDeadline: must be shorter/],
  ['tries as rare as the deadline', { retryPeriod: 3 }, /^retryPeriod: must be shorter/],
  ['an image without a tag', { image: 'ghcr.io/kube-vip' }, /^image: expected the full name/],
]

for (const [title, input, message] of refused) {
  test(`refuses ${title}`, () => {
    const { error } = kubeVipVars.safeParse({ vip: '10.0.0.100/24', masters, ...input })
    const found = error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? []
    assert.is(found.length, 1, found.join('\n'))
    assert.match(found[0] as string, message)
  })
}

test('with bgp the VIP may be of a network of its own', () => {
  kubeVipVars.parse({ vip: '192.0.2.1/32', masters, ...BGP })
})

test('every variable describes itself', () => {
  const silent = Object.entries(kubeVipVars.shape).filter(([, field]) => field.description === undefined)
  assert.equal(silent, [])
})

test.run()
