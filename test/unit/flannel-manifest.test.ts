import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseAllDocuments } from 'yaml'
import { flannelManifest, manifestDigest } from '../../roles/flannel/manifest.ts'
import { liveDifferences, netConf, parseNetConf } from '../../roles/flannel/net-conf.ts'
import { flannelVars } from '../../roles/flannel/vars.ts'

const masters = [{ name: 'm1', address: '10.0.0.1' }]
const PULLED = { image: 'ghcr.io/flannel-io/flannel:v0.28.9', pluginImage: 'ghcr.io/flannel-io/plugin:v1' }
const BUNDLED = { image: PULLED.image }

const varsOf = (input: object = {}) => flannelVars.parse({ masters, ...input })

// biome-ignore lint/suspicious/noExplicitAny: objects of the cluster, read by path
function objects(input: object = {}, release: object = BUNDLED): Map<string, any> {
  const documents = parseAllDocuments(flannelManifest(varsOf(input), release as typeof PULLED))
  assert.equal(
    documents.flatMap(({ errors }) => errors),
    [],
  )
  return new Map(documents.map((document) => document.toJS()).map((object) => [object.kind, object]))
}

const pod = (input: object = {}, release: object = BUNDLED) =>
  objects(input, release).get('DaemonSet').spec.template.spec

test('all objects of flannel are there', () => {
  assert.equal(
    [...objects().keys()],
    ['Namespace', 'ClusterRole', 'ClusterRoleBinding', 'ServiceAccount', 'ConfigMap', 'DaemonSet'],
  )
})

test('its namespace lets pods of the host network in', () => {
  assert.is(objects().get('Namespace').metadata.labels['pod-security.kubernetes.io/enforce'], 'privileged')
})

test('every node uses the interface with its own InternalIP, which is never the VIP', () => {
  const [container] = pod().containers
  assert.ok(container.args.includes('--iface=$(NODE_IP)'))
  const variable = container.env.find(({ name }: { name: string }) => name === 'NODE_IP')
  assert.is(variable.valueFrom.fieldRef.fieldPath, 'status.hostIP')
})

test('an interface that is named is used on every node', () => {
  assert.ok(pod({ interface: 'eth1' }).containers[0].args.includes('--iface=eth1'))
})

test('health checks are answered on loopback only', () => {
  const [container] = pod({ healthzPort: 8082 }).containers
  assert.ok(container.args.includes('--healthz-ip=127.0.0.1'))
  assert.equal(container.readinessProbe.httpGet, { host: '127.0.0.1', path: '/readyz', port: 8082 })
})

test('without a bundle the pod itself installs the plugin, into the directory of containerd', () => {
  const { initContainers, volumes } = pod({ cniBinDir: '/usr/lib/cni' }, PULLED)
  assert.is(initContainers[0].image, PULLED.pluginImage)
  const volume = volumes.find(({ name }: { name: string }) => name === 'cni-plugin')
  assert.is(volume.hostPath.path, '/usr/lib/cni')
})

test('with a bundle nothing in the pod writes to the directory of the plugins', () => {
  assert.not.match(JSON.stringify(pod()), /cni-plugin/)
})

const confs: [title: string, input: object, expected: object][] = [
  ['vxlan is the default', {}, { Type: 'vxlan', VNI: 1, Port: 8472, DirectRouting: false }],
  ['host-gw has no options', { backend: 'host-gw' }, { Type: 'host-gw' }],
  [
    'options of vxlan are taken over',
    { directRouting: true, vni: 4096, udpPort: 4789 },
    { Type: 'vxlan', VNI: 4096, Port: 4789, DirectRouting: true },
  ],
]

for (const [title, input, expected] of confs) {
  test(`net-conf.json: ${title}`, () => {
    const data = objects({ ...input, podSubnet: '10.9.0.0/16' }).get('ConfigMap').data
    assert.equal(JSON.parse(data['net-conf.json']), {
      Network: '10.9.0.0/16',
      EnableNFTables: false,
      Backend: expected,
    })
    JSON.parse(data['cni-conf.json'])
  })
}

test('a change of the configuration restarts the pods', () => {
  const digests = [{}, { directRouting: true }, { healthzPort: 1 }].map((input) =>
    manifestDigest(varsOf(input), BUNDLED),
  )
  assert.is(new Set(digests).size, 3)
  assert.is(objects().get('DaemonSet').spec.template.metadata.annotations['quorate/manifest'], digests[0])
})

const live: [title: string, live: object, wanted: object, differences: string[]][] = [
  ['the same', {}, {}, []],
  ['another backend', { backend: 'host-gw' }, {}, ['the backend is host-gw, not vxlan']],
  ['another network', { podSubnet: '10.9.0.0/16' }, {}, ['the network is 10.9.0.0/16, not 10.244.0.0/16']],
  ['another VNI', { vni: 2 }, {}, ['the VNI is 2, not 1']],
  ['another UDP port', {}, { udpPort: 4789 }, ['the UDP port is 8472, not 4789']],
  ['direct routing may come later', {}, { directRouting: true }, []],
]

for (const [title, before, wanted, differences] of live) {
  test(`a live cluster with ${title}: ${differences.length} differences`, () => {
    const parsed = parseNetConf(netConf(varsOf(before)))
    assert.ok(parsed)
    assert.equal(liveDifferences(parsed, varsOf(wanted)), differences)
  })
}

test('a configuration without options has flannel’s defaults', () => {
  const parsed = parseNetConf('{"Network":"10.244.0.0/16","Backend":{"Type":"vxlan"}}')
  assert.ok(parsed)
  assert.equal(liveDifferences(parsed, varsOf()), [])
})

test('what is no configuration is none', () => {
  for (const text of ['', 'Error from server', '{}', 'null']) assert.is(parseNetConf(text), undefined)
})

const refused: [title: string, input: object, message: RegExp][] = [
  ['no masters', { masters: [] }, /masters: give at least one/],
  [
    'direct routing of host-gw',
    { backend: 'host-gw', directRouting: true },
    /directRouting: is an option of vxlan/,
  ],
  ['an unknown backend', { backend: 'udp' }, /^backend: /],
  ['a pod network that is none', { podSubnet: '10.244.0.0' }, /^podSubnet: expected an IPv4 address with/],
  ['a version that the manifest is not for', { version: 'v0.27.0' }, /^version: the manifest is that of/],
  ['shell in an interface', { interface: '$(x)' }, /^interface: expected the name/],
  ['a relative directory', { cniBinDir: 'opt' }, /^cniBinDir: expected an absolute/],
]

for (const [title, input, message] of refused) {
  test(`refuses ${title}`, () => {
    const issues = flannelVars.safeParse({ masters, ...input }).error?.issues ?? []
    assert.is(issues.length, 1, JSON.stringify(issues))
    assert.match(issues.map(({ path, message }) => `${path.join('.')}: ${message}`)[0] as string, message)
  })
}

test('every variable describes itself', () => {
  const silent = Object.entries(flannelVars.shape).filter(([, field]) => field.description === undefined)
  assert.equal(silent, [])
})

test.run()
