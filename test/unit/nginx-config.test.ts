import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { portHolder, refuseSharedPort } from '../../roles/balancer/ports.ts'
import { parseBuild } from '../../roles/nginx/build.ts'
import { configId, nginxConf, nginxUnit } from '../../roles/nginx/config.ts'
import { refuseMissingChecks } from '../../roles/nginx/refuse.ts'
import { describeStatus } from '../../roles/nginx/status.ts'
import { nginxVars } from '../../roles/nginx/vars.ts'

const backends = [
  { name: 'm1', address: '10.0.0.1' },
  { name: 'm2', address: 'fd00::2' },
]
const DEBIAN = { activeChecks: false, streamModule: 'modules/ngx_stream_module.so', user: 'www-data' }
const PLUS = { activeChecks: true, streamModule: undefined, user: 'nginx' }

const varsOf = (input: object = {}) => nginxVars.parse({ backends, ...input })
const conf = (input: object = {}, build = DEBIAN as typeof DEBIAN | typeof PLUS): string =>
  nginxConf(varsOf(input), build)

test('the configuration of two apiservers', () => {
  assert.fixture(
    conf(),
    `# Written by Quorate (role nginx): the next run undoes what is changed here.
load_module modules/ngx_stream_module.so;
user www-data;
pid /run/nginx.pid;
worker_processes auto;
worker_rlimit_nofile 17408;
worker_shutdown_timeout 4h;
error_log /var/log/nginx/error.log warn;

events {
  worker_connections 8192;
}

stream {
  # A client that does not speak TLS talks to nginx itself.
  map $ssl_preread_protocol $quorate_upstream {
    "" quorate_status;
    default kube_apiserver;
  }
  upstream kube_apiserver {
    least_conn;
    server 10.0.0.1:6443 max_fails=2 fail_timeout=5s;
    server [fd00::2]:6443 max_fails=2 fail_timeout=5s;
  }
  upstream quorate_status {
    server unix:/run/nginx-quorate.sock;
  }
  server {
    listen 8443 so_keepalive=on;
    ssl_preread on;
    preread_timeout 5s;
    proxy_pass $quorate_upstream;
    proxy_connect_timeout 2s;
    proxy_timeout 4h;
    proxy_socket_keepalive on;
  }
}

http {
  access_log off;
  server_tokens off;
  default_type text/plain;
  upstream kube_apiserver_https {
    server 10.0.0.1:6443 max_fails=2 fail_timeout=5s;
    server [fd00::2]:6443 max_fails=2 fail_timeout=5s;
  }
  server {
    listen unix:/run/nginx-quorate.sock;
    location = /quorate {
      return 200 "${configId(varsOf(), DEBIAN)}\\n";
    }
    location = /readyz {
      proxy_pass https://kube_apiserver_https;
      proxy_connect_timeout 1s;
      proxy_read_timeout 2s;
    }
    location / {
      return 200 "nginx on $hostname: 2 apiservers\\n";
    }
  }
}
`,
  )
})

const lines: [title: string, input: object, line: string][] = [
  [
    'an address to bind is taken over',
    { bind: '10.0.0.100', port: 6443 },
    'listen 10.0.0.100:6443 so_keepalive=on;',
  ],
  ['the port of the apiservers is taken over', { backendPort: 7443 }, 'server 10.0.0.1:7443 '],
  [
    'access is limited to networks, and the host itself',
    { allow: ['10.0.0.0/24'] },
    '    allow 127.0.0.1;\n    allow 10.0.0.0/24;\n    deny all;\n  }',
  ],
  [
    'how soon an apiserver is left out is taken over',
    { maxFails: 3, failTimeout: '1m' },
    'max_fails=3 fail_timeout=1m;',
  ],
]

for (const [title, input, line] of lines) {
  test(title, () => assert.ok(conf(input).includes(line), conf(input)))
}

test('the commercial build asks the apiservers by itself, unless that is not wanted', () => {
  assert.match(
    conf({}, PLUS),
    /proxy_pass kube_apiserver;\n.*\n.*\n {4}health_check interval=2 fails=2 passes=2;/,
  )
  assert.not.match(conf({ healthCheck: 'passive' }, PLUS), /health_check/)
  assert.not.match(conf(), /health_check/)
})

test('active checks are refused where the build has none', () => {
  refuseMissingChecks(varsOf({ healthCheck: 'active' }), PLUS)
  refuseMissingChecks(varsOf(), DEBIAN)
  assert.throws(
    () => refuseMissingChecks(varsOf({ healthCheck: 'active' }), DEBIAN),
    /no active health checks/,
  )
})

const builds: [title: string, text: string, build: object][] = [
  [
    'Debian',
    'nginx version: nginx/1.22.1\nconfigure arguments: --with-stream=dynamic --with-threads',
    DEBIAN,
  ],
  [
    'nginx.org',
    'nginx version: nginx/1.27.0\nconfigure arguments: --user=nginx --with-stream --with-threads',
    { ...PLUS, activeChecks: false },
  ],
  [
    'the commercial one',
    'nginx version: nginx/1.27.2 (nginx-plus-r33)\nconfigure arguments: --user=nginx --with-stream',
    PLUS,
  ],
]

for (const [title, text, build] of builds) {
  test(`what the build of ${title} can`, () => assert.equal(parseBuild(text), build))
}

test('every other configuration has another id', () => {
  const ids = [{}, { port: 9443 }, { maxFails: 9 }, { backends: backends.slice(1) }].map((input) =>
    configId(varsOf(input), DEBIAN),
  )
  assert.is(new Set(ids).size, ids.length)
})

test('an nginx that was killed can start again, once the VIP had time to move', () => {
  assert.match(nginxUnit(), /^ExecStartPre=-\/bin\/rm -f \/run\/nginx-quorate\.sock /m)
  assert.match(nginxUnit(), /^RestartSec=5$/m)
})

test('the program that has a port is found', () => {
  const line = 'LISTEN 0 4096 0.0.0.0:8443 0.0.0.0:* users:(("haproxy",pid=812,fd=5))'
  assert.is(portHolder(line), 'haproxy')
  assert.is(portHolder(''), undefined)
  assert.is(portHolder('LISTEN 0 4096 0.0.0.0:8443 0.0.0.0:*'), 'another program')
})

test('nginx does not take the port of the apiserver on the same host', () => {
  assert.throws(
    () => refuseSharedPort('nginx', varsOf({ port: 6443 }), '10.0.0.1'),
    /port 6443: the apiserver of m1 does/,
  )
  refuseSharedPort('nginx', varsOf({ port: 6443 }), '10.0.0.9')
  refuseSharedPort('nginx', varsOf({ port: 6443, bind: '10.0.0.100' }), '10.0.0.1')
})

test('apiservers that are down are named', () => {
  const status = { up: ['m1'], down: ['m2'], ready: true }
  assert.is(
    describeStatus(status, varsOf(), DEBIAN),
    '1 of 2 apiservers are up; m2 is down; passive health checks',
  )
})

const refused: [title: string, input: object, message: RegExp][] = [
  ['no backend', { backends: [] }, /^backends: give at least one/],
  [
    'a DNS name, which nginx would not follow',
    { backends: [{ name: 'm1', address: 'm1.example.org' }] },
    /^backends.0.address: expected an IP/,
  ],
  [
    'two backends of one address',
    { backends: [backends[0], { ...backends[0], name: 'm3' }] },
    /^backends.1.address: backend m1 has/,
  ],
  ['timeouts that cut watches', { timeout: '5m' }, /^timeout: would cut quiet watches/],
  ['a reload that cuts watches', { shutdownTimeout: '30s' }, /^shutdownTimeout: would cut/],
  ['a network without its prefix length', { allow: ['10.0.0.1'] }, /^allow.0: expected an IPv4 address with/],
  ['a duration without a unit', { failTimeout: '5' }, /^failTimeout: expected a number and its unit/],
]

for (const [title, input, message] of refused) {
  test(`refuses ${title}`, () => {
    const { error } = nginxVars.safeParse({ backends, ...input })
    const found = error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? []
    assert.is(found.length, 1, found.join('\n'))
    assert.match(found[0] as string, message)
  })
}

test('every variable describes itself', () => {
  const silent = Object.entries(nginxVars.shape).filter(([, field]) => field.description === undefined)
  assert.equal(silent, [])
})

test.run()
