import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { refuseSharedPort } from '../../roles/balancer/ports.ts'
import { haproxyVars } from '../../roles/haproxy/vars.ts'

const backends = [
  { name: 'm1', address: '10.0.0.1' },
  { name: 'm2', address: '10.0.0.2' },
]

const problems = (input: object): string[] => {
  const result = haproxyVars.safeParse({ backends, ...input })
  return result.error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? []
}

test('a group of hosts is enough, and what a host has beside name and address is left out', () => {
  const vars = haproxyVars.parse({ backends: [{ ...backends[0], groups: ['kube-master'], vars: {} }] })
  assert.is(vars.port, 8443)
  assert.equal(vars.backends, [backends[0]])
})

const refused: [title: string, input: object, message: RegExp][] = [
  ['no backend', { backends: [] }, /backends: give at least one/],
  ['a port beyond 65535', { port: 70_000 }, /^port: /],
  ['port 0', { port: 0 }, /^port: /],
  ['a duration without a unit', { inter: '2' }, /inter: expected a number and its unit/],
  [
    'client timeouts that cut watches (35s in kubeadm’s example)',
    { timeoutClient: '35s' },
    /timeoutClient: would cut quiet watches/,
  ],
  ['server timeouts that cut watches', { timeoutServer: '5m' }, /timeoutServer: would cut quiet watches/],
  ['a reload that cuts watches', { hardStopAfter: '30s' }, /hardStopAfter: would cut quiet watches/],
  [
    'two backends of one address',
    { backends: [backends[0], { name: 'm2', address: '10.0.0.1' }] },
    /backends.1.address: backend m1 has the same address/,
  ],
  [
    'two backends of one name',
    { backends: [backends[0], { name: 'm1', address: '10.0.0.2' }] },
    /backends.1.name: backend m1 has the same name/,
  ],
  [
    'a port in an address',
    { backends: [{ name: 'm1', address: '10.0.0.1:6443' }] },
    /backends.0.address: expected an IP address or a DNS name/,
  ],
  [
    'an address that is no IP address',
    { backends: [{ name: 'm1', address: '10.0.0.256' }] },
    /backends.0.address: expected an IP/,
  ],
  [
    'directives in a name',
    { backends: [{ name: 'm1\n  nbproc 4', address: '10.0.0.1' }] },
    /backends.0.name: a server name may/,
  ],
  ['an interface as bind', { bind: 'eth0' }, /bind: expected an IPv4 address/],
  [
    'two CAs',
    { caFile: '/etc/kubernetes/pki/ca.crt', caContent: '-----BEGIN CERTIFICATE-----' },
    /caFile: give either/,
  ],
  [
    'a CA that is no PEM',
    { caContent: '/etc/kubernetes/pki/ca.crt' },
    /caContent: expected a certificate in PEM form/,
  ],
]

for (const [title, input, message] of refused) {
  test(`refuses ${title}`, () => {
    const found = problems(input)
    assert.is(found.length, 1, found.join('\n'))
    assert.match(found[0] as string, message)
  })
}

test('accepts IPv6 addresses and DNS names as backends', () => {
  assert.equal(
    problems({
      backends: [
        { name: 'm1', address: 'fd00::1' },
        { name: 'm2', address: 'm2.example.org' },
      ],
    }),
    [],
  )
})

test('every variable describes itself', () => {
  const silent = Object.entries(haproxyVars.shape).filter(([, field]) => field.description === undefined)
  assert.equal(silent, [])
})

test('haproxy does not take the port of the apiserver on the same host', () => {
  const vars = haproxyVars.parse({ backends, port: 6443 })
  assert.throws(() => refuseSharedPort('haproxy', vars, '10.0.0.2'), /port 6443: the apiserver of m2 does/)
})

test('haproxy may have the port of the apiservers on a host of its own', () => {
  refuseSharedPort('haproxy', haproxyVars.parse({ backends, port: 6443 }), '10.0.0.9')
})

test('haproxy may have the port of the apiservers on the VIP alone', () => {
  refuseSharedPort('haproxy', haproxyVars.parse({ backends, port: 6443, bind: '10.0.0.100' }), '10.0.0.2')
})

test.run()
