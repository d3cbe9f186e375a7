import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { bootstrapEnvironment, etcdEnvironment, etcdUnit } from '../../roles/etcd/config.ts'
import { etcdVars } from '../../roles/etcd/vars.ts'

const M1 = { name: 'm1', address: '10.0.0.1' }
const M2 = { name: 'm2', address: '10.0.0.2' }
const GIVEN = { members: [M1, M2], pkiDir: '/pki' }

function environment(given: object = {}, self = M1): Map<string, string> {
  const text = etcdEnvironment(etcdVars.parse({ ...GIVEN, ...given }), self)
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]))
}

test('every URL that leaves the host is TLS, and only metrics are plain, on loopback', () => {
  for (const [name, value] of environment()) {
    if (!/_URLS$/.test(name)) continue
    if (name === 'ETCD_LISTEN_METRICS_URLS') assert.is(value, 'http://127.0.0.1:2381')
    else for (const url of value.split(',')) assert.match(url, /^https:/)
  }
})

test('clients and peers both have to show a certificate of the same CA', () => {
  const found = environment()
  assert.is(found.get('ETCD_CLIENT_CERT_AUTH'), 'true')
  assert.is(found.get('ETCD_PEER_CLIENT_CERT_AUTH'), 'true')
  assert.is(found.get('ETCD_TRUSTED_CA_FILE'), '/etc/etcd/pki/ca.crt')
  assert.is(found.get('ETCD_PEER_TRUSTED_CA_FILE'), '/etc/etcd/pki/ca.crt')
})

test('a member listens on its own address and on loopback, and is known by its own address', () => {
  const found = environment({}, M2)
  assert.is(found.get('ETCD_NAME'), 'm2')
  assert.is(found.get('ETCD_LISTEN_CLIENT_URLS'), 'https://10.0.0.2:2379,https://127.0.0.1:2379')
  assert.is(found.get('ETCD_ADVERTISE_CLIENT_URLS'), 'https://10.0.0.2:2379')
  assert.is(found.get('ETCD_LISTEN_PEER_URLS'), 'https://10.0.0.2:2380')
})

test('an IPv6 address stands in brackets', () => {
  const self = { name: 'm1', address: 'fd00::1' }
  assert.is(
    environment({ members: [self] }, self).get('ETCD_ADVERTISE_CLIENT_URLS'),
    'https://[fd00::1]:2379',
  )
})

test('what only matters on the first start is not among what a restart depends on', () => {
  const names = [...environment().keys()].filter((name) => name.startsWith('ETCD_INITIAL'))
  assert.equal(names, ['ETCD_INITIAL_ADVERTISE_PEER_URLS'])
})

test('the change from a new to an existing cluster touches the bootstrap environment only', () => {
  const members = [
    { name: 'm1', peerUrl: 'https://10.0.0.1:2380' },
    { name: 'm2', peerUrl: 'https://10.0.0.2:2380' },
  ]
  const [fresh, later] = (['new', 'existing'] as const).map((state) =>
    bootstrapEnvironment({ clusterToken: 'prod' }, state, members),
  )
  assert.match(fresh ?? '', /^ETCD_INITIAL_CLUSTER_STATE=new$/m)
  assert.match(fresh ?? '', /^ETCD_INITIAL_CLUSTER_TOKEN=prod$/m)
  assert.match(
    fresh ?? '',
    /^ETCD_INITIAL_CLUSTER=m1=https:\/\/10\.0\.0\.1:2380,m2=https:\/\/10\.0\.0\.2:2380$/m,
  )
  assert.is(later, fresh?.replace('=new', '=existing'))
})

const RELEASE = { path: '/etcd.tar.gz', sha256: 'a'.repeat(64) }

test('feature gates are used where etcd knows them, from 3.6 on', () => {
  const gates = (source: unknown) => environment({ source }).get('ETCD_FEATURE_GATES')
  assert.is(gates('package'), undefined)
  assert.is(gates({ ...RELEASE, version: '3.5.24' }), undefined)
  assert.is(gates({ ...RELEASE, version: '3.6.1' }), 'InitialCorruptCheck=true')
})

test('no variable is one that some etcd from 3.4 to 3.7 does not know', () => {
  for (const name of environment().keys()) assert.not.match(name, /EXPERIMENTAL|ENABLE_V2/)
})

test('further settings become variables, quoted where systemd needs it', () => {
  const found = environment({ settings: { 'max-request-bytes': 3_145_728, 'log-outputs': 'a b' } })
  assert.is(found.get('ETCD_MAX_REQUEST_BYTES'), '3145728')
  assert.is(found.get('ETCD_LOG_OUTPUTS'), '"a b"')
})

test('the unit is ready when etcd says so, comes back after a failure, and runs as etcd', () => {
  const unit = etcdUnit('/opt/etcd-3.6.1/etcd')
  for (const line of [
    'Type=notify',
    'Restart=on-failure',
    'RestartSec=5',
    'LimitNOFILE=65536',
    'User=etcd',
  ]) {
    assert.match(unit, new RegExp(`^${line}$`, 'm'))
  }
  assert.match(unit, /^ExecStart=\/opt\/etcd-3\.6\.1\/etcd$/m)
})

const WRONG: readonly { what: string; given: object; message: RegExp }[] = [
  { what: 'no members', given: { members: [] }, message: /at least one member/ },
  {
    what: 'two members of one name',
    given: { members: [M1, { ...M2, name: 'm1' }] },
    message: /two members are called m1/,
  },
  {
    what: 'two members at one address',
    given: { members: [M1, { ...M2, address: '10.0.0.1' }] },
    message: /m2 and m1 have the same address 10\.0\.0\.1/,
  },
  {
    what: 'a DNS name as address',
    given: { members: [{ name: 'm1', address: 'm1.lan' }] },
    message: /expected an IP address/,
  },
  { what: 'one port for both', given: { peerPort: 2379 }, message: /both are 2379/ },
  { what: 'a port that is none', given: { clientPort: 65_536 }, message: /65535/ },
  {
    what: 'the port of the metrics',
    given: { clientPort: 2381 },
    message: /2381 is where etcd tells its metrics/,
  },
  { what: 'a relative data directory', given: { dataDir: 'etcd' }, message: /expected an absolute path/ },
  { what: 'the root directory for data', given: { dataDir: '/etc' }, message: /at least two parts/ },
  { what: 'a data directory with ..', given: { dataDir: '/var/../etc' }, message: /without \. and \.\./ },
  {
    what: 'a source that is none',
    given: { source: 'docker' },
    message: /expected 'package', a release archive/,
  },
  {
    what: 'a release without digest',
    given: { source: { path: '/x', version: '3.5.1' } },
    message: /sha256/,
  },
  {
    what: 'programs without etcdctl',
    given: { source: { version: '3.6.8', programs: { etcd: { path: '/x', sha256: 'a'.repeat(64) } } } },
    message: /etcdctl/,
  },
  {
    what: 'an impatient election',
    given: { electionTimeout: 400 },
    message: /at least 5 times heartbeatInterval, 500/,
  },
  {
    what: 'a setting of our own',
    given: { settings: { 'auto-tls': true } },
    message: /set by the role itself/,
  },
  {
    what: 'an initial setting',
    given: { settings: { 'initial-cluster': 'x' } },
    message: /set by the role itself/,
  },
  {
    what: 'an experimental setting',
    given: { settings: { 'experimental-x': 1 } },
    message: /gone in etcd 3\.7/,
  },
  { what: 'the v2 API', given: { settings: { 'enable-v2': true } }, message: /gone in etcd 3\.6/ },
  { what: 'a setting with dashes', given: { settings: { '--x': 1 } }, message: /without its dashes/ },
  {
    what: 'a setting of two lines',
    given: { settings: { x: 'a\nETCD_AUTO_TLS=true' } },
    message: /expected one line/,
  },
  { what: 'a misspelt variable', given: { datadir: '/x/y' }, message: /datadir/ },
]

for (const { what, given, message } of WRONG) {
  test(`${what} is refused`, () => {
    const result = etcdVars.safeParse({ ...GIVEN, ...given })
    assert.match(result.error?.message ?? 'accepted', message)
  })
}

test('hosts of an inventory group can be passed as members', () => {
  const host = { ...M1, groups: ['etcd'], vars: { ip: '10.0.0.1' } }
  assert.equal(etcdVars.parse({ members: [host], pkiDir: '/pki' }).members, [M1])
})

test.run()
