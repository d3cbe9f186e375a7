import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseAllDocuments } from 'yaml'
import { Secret } from '../../lib/index.ts'
import { driverOf } from '../../roles/kube-master/cgroup-driver.ts'
import { digestOf } from '../../roles/kube-master/digest.ts'
import {
  clusterDocument,
  initDocuments,
  masterDocuments,
  registration,
} from '../../roles/kube-master/settings.ts'
import { kubeMasterVars } from '../../roles/kube-master/vars.ts'
import { joinConfiguration, renderDocuments, secretDocuments } from '../../roles/kubeadm/documents.ts'

const M1 = { name: 'm1', address: '10.0.0.1' }
const M2 = { name: 'm2', address: '10.0.0.2' }
const GIVEN = {
  masters: [M1, M2],
  bundle: '/bundle',
  controlPlaneEndpoint: '10.0.0.100:8443',
  etcd: { endpoints: ['https://10.0.0.1:2379', 'https://10.0.0.2:2379'], pkiDir: '/pki' },
}

// biome-ignore lint/suspicious/noExplicitAny: documents of every shape
type Any = any

function parse(text: string): Any[] {
  return parseAllDocuments(text).map((document) => document.toJS())
}

async function master(given: object = {}, self = M1): Promise<Any[]> {
  return parse(await masterDocuments(kubeMasterVars.parse({ ...GIVEN, ...given }), self, 'v1.36.2'))
}

test('every document is of the version that all supported releases of kubeadm read', async () => {
  for (const { apiVersion } of await master()) assert.is(apiVersion, 'kubeadm.k8s.io/v1beta4')
})

test('a node registers with its own address, so that a virtual IP never becomes its InternalIP', async () => {
  const [init] = await master({}, M2)
  assert.equal(init.nodeRegistration.kubeletExtraArgs, [{ name: 'node-ip', value: '10.0.0.2' }])
  assert.equal(init.localAPIEndpoint, { advertiseAddress: '10.0.0.2', bindPort: 6443 })
  assert.is(init.nodeRegistration.name, 'm2')
})

test('clients call the API by the endpoint, which certificates carry; another master changes nothing on the others', async () => {
  const [, cluster] = await master({ certSans: ['api.example.org'] })
  assert.is(cluster.controlPlaneEndpoint, '10.0.0.100:8443')
  assert.equal(cluster.apiServer.certSANs, ['10.0.0.100', 'api.example.org'])
  const M3 = { name: 'm3', address: '10.0.0.3' }
  const { etcd } = GIVEN
  assert.equal(await master({ masters: [M1, M2, M3], etcd }), await master({ etcd }))
})

test('apiservers know all members of an external etcd, and none is named where it is stacked', async () => {
  const [, cluster] = await master()
  assert.equal(cluster.etcd.external.endpoints, GIVEN.etcd.endpoints)
  assert.is(cluster.etcd.external.keyFile, '/etc/kubernetes/pki/apiserver-etcd-client.key')
  assert.is((await master({ etcd: 'stacked' }))[1].etcd, undefined)
})

test('flags are name and value, sorted, a list once for each of its values', async () => {
  const extraArgs = { v: 2, profiling: false, 'service-account-issuer': ['https://a', 'https://b'] }
  const [, cluster] = await master({ apiServer: { extraArgs } })
  assert.equal(cluster.apiServer.extraArgs, [
    { name: 'profiling', value: 'false' },
    { name: 'service-account-issuer', value: 'https://a' },
    { name: 'service-account-issuer', value: 'https://b' },
    { name: 'v', value: '2' },
  ])
})

test('what masters share is the same text on all, whatever the order of the inventory or of flags', async () => {
  const digest = async (given: object) =>
    digestOf(
      await renderDocuments([clusterDocument(kubeMasterVars.parse({ ...GIVEN, ...given }), 'v1.36.2')]),
    )
  const first = await digest({ apiServer: { extraArgs: { v: 2, profiling: false } } })
  assert.is(await digest({ masters: [M2, M1], apiServer: { extraArgs: { profiling: false, v: 2 } } }), first)
  assert.is.not(await digest({ apiServer: { extraArgs: { profiling: false, v: 3 } } }), first)
})

test('masters keep ordinary pods off by default, and take them where that is wanted', async () => {
  assert.is((await master())[0].nodeRegistration.taints, undefined)
  assert.equal((await master({ taintMasters: false }))[0].nodeRegistration.taints, [])
})

test('checks that may fail are named to kubeadm', async () => {
  const [init] = await master({ ignorePreflightErrors: ['SystemVerification'] })
  assert.equal(init.nodeRegistration.ignorePreflightErrors, ['SystemVerification'])
})

test('a cluster is made with a token of ours that is short-lived, and the settings of kubelets and proxies', () => {
  const vars = kubeMasterVars.parse({
    ...GIVEN,
    kubeProxyConfiguration: { mode: 'iptables' },
  })
  const [init, , kubelet, proxy] = parse(
    initDocuments(vars, M1, 'v1.36.2', {
      certificateKey: new Secret('00'.repeat(32)),
      kubeletConfiguration: { ...driverOf('false'), maxPods: 200 },
    }).reveal(),
  )
  const [token] = init.bootstrapTokens
  assert.match(token.token, /^[a-z0-9]{6}\.[a-z0-9]{16}$/)
  assert.is(token.description, 'quorate')
  assert.is(token.ttl, '60m0s')
  assert.is(init.certificateKey, '00'.repeat(32))
  assert.is(kubelet.cgroupDriver, 'cgroupfs')
  assert.is(kubelet.maxPods, 200)
  assert.is(proxy.mode, 'iptables')
  assert.is(proxy.clusterCIDR, '10.244.0.0/16')
})

test('kubelets manage cgroups as containerd does, and as kubeadm likes where that does not say', () => {
  assert.equal(driverOf('true'), { cgroupDriver: 'systemd' })
  assert.equal(driverOf('false'), { cgroupDriver: 'cgroupfs' })
  assert.equal(driverOf(undefined), {})
})

test('a joining node pins the CA, and only a master gets the key of the certificates', () => {
  const node = registration(kubeMasterVars.parse(GIVEN), M2)
  const discovery = { endpoint: '10.0.0.100:8443', token: 'abcdef.0123456789abcdef', caCertHash: 'sha256:aa' }
  const worker = joinConfiguration(node, discovery) as Any
  assert.equal(worker.discovery.bootstrapToken.caCertHashes, ['sha256:aa'])
  assert.is(worker.discovery.bootstrapToken.unsafeSkipCAVerification, undefined)
  assert.is(worker.controlPlane, undefined)
  const joining = joinConfiguration(node, discovery, { certificateKey: 'k', port: 6443 }) as Any
  assert.is(joining.controlPlane.certificateKey, 'k')
})

test('documents with secrets have no line of their own for words that others print too', () => {
  const text = secretDocuments([{ kind: 'A', etcd: { external: 'x' } }, { kind: 'B' }]).reveal()
  assert.equal(text.split('\n'), ['{"kind":"A","etcd":{"external":"x"}}', '---', '{"kind":"B"}'])
})

test('an audit log and encryption at rest bring their flags and what the apiserver has to see', async () => {
  const key = Buffer.alloc(32, 7).toString('base64')
  const [, { apiServer }] = await master({ auditLog: { maxAge: 7 }, encryptionKey: key })
  const flags = new Map(apiServer.extraArgs.map(({ name, value }: Any) => [name, value]))
  assert.is(flags.get('audit-log-maxage'), '7')
  const paths = apiServer.extraVolumes.map(({ hostPath }: Any) => hostPath)
  for (const flag of ['audit-policy-file', 'encryption-provider-config'])
    assert.ok(paths.includes(flags.get(flag)))
  assert.not.match(JSON.stringify(apiServer), key)
})

test('another audit policy is another file, so that apiservers are restarted with it', async () => {
  const policyOf = async (policy: string) =>
    (await master({ auditLog: { policy } }))[1].apiServer.extraArgs.find(
      ({ name }: Any) => name === 'audit-policy-file',
    ).value
  assert.is.not(await policyOf('a'), await policyOf('b'))
})

test.run()
