import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { configId, haproxyCfg, haproxyUnit } from '../../roles/haproxy/config.ts'
import { haproxyVars } from '../../roles/haproxy/vars.ts'

const backends = [
  { name: 'm1', address: '10.0.0.1' },
  { name: 'm2', address: 'fd00::2' },
]

const cfg = (input: object = {}): string => haproxyCfg(haproxyVars.parse({ backends, ...input }))

test('the configuration of two apiservers', () => {
  assert.fixture(
    cfg(),
    `# Written by Quorate (role haproxy): the next run undoes what is changed here.
global
  chroot /var/lib/haproxy
  user haproxy
  group haproxy
  description ${configId(haproxyVars.parse({ backends }))}
  hard-stop-after 4h
  stats socket /run/haproxy/admin.sock mode 600 level admin expose-fd listeners

defaults
  mode tcp
  option clitcpka
  option srvtcpka
  option redispatch
  timeout connect 5s
  timeout check 5s
  timeout client 4h
  timeout server 4h

frontend kube-apiserver
  bind :8443
  tcp-request inspect-delay 5s
  tcp-request content accept if { req.ssl_hello_type 1 } || HTTP
  use_backend haproxy-status if HTTP
  default_backend kube-apiserver

backend kube-apiserver
  option httpchk GET /readyz
  http-check expect status 200
  balance leastconn
  default-server check check-ssl verify none inter 2s fall 2 rise 2 on-marked-down shutdown-sessions
  server m1 10.0.0.1:6443
  server m2 [fd00::2]:6443

backend haproxy-status
  mode http
  http-request return status 503 content-type text/plain lf-string "haproxy on %H: no apiserver is up\\n" if { path /readyz } { nbsrv(kube-apiserver) lt 1 }
  http-request return status 200 content-type text/plain lf-string "haproxy on %H: %[nbsrv(kube-apiserver)] of 2 apiservers are up\\n"
`,
  )
})

const lines: [title: string, input: object, line: string][] = [
  [
    'a known CA is verified with',
    { caContent: '-----BEGIN CERTIFICATE-----' },
    'check-ssl verify required ca-file /etc/haproxy/k8s-ca.crt inter',
  ],
  [
    'a CA file of the host is verified with',
    { caFile: '/etc/kubernetes/pki/ca.crt' },
    'verify required ca-file /etc/kubernetes/pki/ca.crt inter',
  ],
  [
    'an address to bind may be on another host now',
    { bind: '10.0.0.100', port: 6443 },
    '  bind 10.0.0.100:6443 transparent\n',
  ],
  [
    'the times of the health check are taken over',
    { inter: '1s', fall: 3, rise: 4 },
    'inter 1s fall 3 rise 4 ',
  ],
  ['the number of connections is taken over', { maxconn: 500 }, '  maxconn 500\n'],
  ['the port of the apiservers is taken over', { backendPort: 7443 }, 'server m1 10.0.0.1:7443\n'],
]

for (const [title, input, line] of lines) {
  test(title, () => assert.ok(cfg(input).includes(line), cfg(input)))
}

test('every other configuration has another id', () => {
  const ids = [{}, { port: 9443 }, { inter: '1s' }, { backends: backends.slice(1) }].map((input) =>
    configId(haproxyVars.parse({ backends, ...input })),
  )
  assert.is(new Set(ids).size, ids.length)
})

test('statistics are served on a socket of root only, never on a port', () => {
  const statistics = cfg().match(/^.*\bstats\b.*$/gm)
  assert.equal(statistics, [
    '  stats socket /run/haproxy/admin.sock mode 600 level admin expose-fd listeners',
  ])
})

test('what newer versions of haproxy refuse is not there', () =>
  assert.not.match(cfg(), /nbproc|option forceclose|reqrep/))

test('a haproxy that died stays down long enough for the VIP to move', () => {
  assert.match(haproxyUnit(haproxyVars.parse({ backends })), /^RestartSec=5$/m)
})

test.run()
