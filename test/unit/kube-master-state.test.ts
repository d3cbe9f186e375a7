import { createHash, createPrivateKey, createPublicKey } from 'node:crypto'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { newPrivateKey } from '../../lib/pki/authority.ts'
import { signCertificate } from '../../lib/pki/sign.ts'
import { refuseChange } from '../../roles/kube-master/refuse.ts'
import { kubeMasterVars } from '../../roles/kube-master/vars.ts'
import { describeControlPlane } from '../../roles/kube-master/verify.ts'
import { lacksOnlyNetwork, parseClusterState } from '../../roles/kubeadm/cluster-state.ts'
import { caCertHash } from '../../roles/kubeadm/fingerprint.ts'
import { FRESH, isComplete, parseNodeState } from '../../roles/kubeadm/node-state.ts'
import { kubeadmScript } from '../../roles/kubeadm/run-kubeadm.ts'
import { newToken } from '../../roles/kubeadm/tokens.ts'

const MEMBER = `has=/etc/kubernetes/admin.conf
has=/etc/kubernetes/kubelet.conf
has=/etc/kubernetes/manifests/kube-apiserver.yaml
unfinished=
kubelet=active
readyz=ok`

const NODE = (name: string, ready = 'True', message = 'kubelet is posting ready status') =>
  `node=${name}\t10.0.0.${name.slice(1)}\t${ready}\t${message}\tv1.36.2\t{"node-role.kubernetes.io/control-plane":""}\t[{"effect":"NoSchedule","key":"k"}]\t`
const CLUSTER = [
  'version=v1.36.2',
  NODE('m1'),
  NODE('m2', 'False', 'container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady'),
  'object=configmap/kubeadm-config',
  'object=daemonset/kube-proxy',
  'object=deployment/coredns',
  'configuration=abc',
  'controlPlaneEndpoint: 10.0.0.100:8443',
  'networking:',
  '  podSubnet: 10.244.0.0/16',
  `token=bootstrap.kubernetes.io/token bootstrap-token-aaaaaa ${Buffer.from('quorate').toString('base64')}`,
  `token=bootstrap.kubernetes.io/token bootstrap-token-bbbbbb ${Buffer.from("the user's own").toString('base64')}`,
  'token=bootstrap.kubernetes.io/token bootstrap-token-cccccc ',
  `token=bootstrap.kubernetes.io/token bootstrap-token-dddddd ${Buffer.from('Proxy for managing TTL for the kubeadm-certs secret').toString('base64')}`,
  `token=Opaque kubeadm-certs ${Buffer.from('quorate').toString('base64')}`,
].join('\n')

test('a host that says nothing is fresh, and one with all files of a master is complete', () => {
  assert.equal(parseNodeState('unfinished=\nkubelet=inactive\n'), FRESH)
  const member = parseNodeState(MEMBER)
  assert.ok(isComplete(member))
  assert.ok(member.ready)
  assert.not.ok(isComplete(parseNodeState(MEMBER.replace('unfinished=', 'unfinished=join'))))
})

test('an apiserver that is not ready says why', () => {
  const { ready, reason } = parseNodeState(MEMBER.replace('readyz=ok', 'readyz=connection refused'))
  assert.not.ok(ready)
  assert.is(reason, 'connection refused')
})

test('a CA is known by its public key, as kubeadm pins it', async () => {
  const pem = newPrivateKey()
  const key = createPrivateKey(pem)
  const notAfter = new Date(Date.now() + 86_400_000)
  const certificate = await signCertificate({
    subject: 'kubernetes',
    issuer: 'kubernetes',
    key,
    signingKey: key,
    notAfter,
  })
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' })
  assert.is(caCertHash(certificate), `sha256:${createHash('sha256').update(spki).digest('hex')}`)
  const line = `ca=${Buffer.from(certificate).toString('base64')}`
  assert.is(parseNodeState(line).caHash, caCertHash(certificate))
  assert.is(caCertHash('nonsense'), undefined)
})

test('a cluster tells its nodes, its settings, and which tokens are our leftovers', () => {
  const state = parseClusterState(CLUSTER)
  assert.is(state.version, 'v1.36.2')
  assert.equal(
    state.nodes.map(({ name, internalIp, ready }) => [name, internalIp, ready]),
    [
      ['m1', '10.0.0.1', true],
      ['m2', '10.0.0.2', false],
    ],
  )
  assert.is(state.settings.podSubnet, '10.244.0.0/16')
  assert.equal(state.leftovers, ['bootstrap-token-aaaaaa'])
  assert.equal(state.certificateTokens, ['bootstrap-token-dddddd'])
  assert.is(state.configuration, 'abc')
})

test('a node that waits for a network is told from one that is broken', () => {
  const [ready, waiting] = parseClusterState(CLUSTER).nodes
  assert.ok(waiting && lacksOnlyNetwork(waiting))
  assert.not.ok(ready && lacksOnlyNetwork(ready))
})

const vars = kubeMasterVars.parse({
  masters: [{ name: 'm1', address: '10.0.0.1' }],
  bundle: '/b',
  controlPlaneEndpoint: '10.0.0.100:8443',
  etcd: 'stacked',
})
const self = { name: 'm1', address: '10.0.0.1' }
const converge = { course: 'converge', reset: false } as const

test('what a running cluster cannot change is refused before anything is touched', () => {
  const cluster = parseClusterState(CLUSTER)
  refuseChange(vars, self, converge, 'v1.36.2', cluster)
  assert.throws(
    () => refuseChange(vars, self, converge, 'v1.35.8', cluster),
    /runs Kubernetes v1.36.2, and v1.35.8 is wanted/,
  )
  const other = { ...vars, podSubnet: '10.32.0.0/16' }
  assert.throws(
    () => refuseChange(other, self, converge, 'v1.36.2', cluster),
    /podSubnet of the cluster is 10.244.0.0\/16/,
  )
})

test('a host does not take the place of another one of its name', () => {
  const stranger = { name: 'm1', address: '10.0.0.7' }
  const join = { course: 'join', reset: false } as const
  assert.throws(
    () => refuseChange(vars, stranger, join, 'v1.36.2', parseClusterState(CLUSTER)),
    /has a node m1 at 10.0.0.1, and this host is at 10.0.0.7/,
  )
})

test('verify counts ready apiservers, and names what is wrong', () => {
  const masters = [self, { name: 'm2', address: '10.0.0.2' }]
  const ok = parseNodeState(MEMBER)
  const cluster = parseClusterState(CLUSTER)
  assert.is(
    describeControlPlane(
      masters,
      new Map([
        ['m1', ok],
        ['m2', ok],
      ]),
      cluster,
    ),
    '2 of 2 apiservers ready, v1.36.2; 1 of 2 nodes wait for a pod network',
  )
  const down = new Map([
    ['m1', ok],
    ['m2', { ...ok, ready: false, reason: 'refused' }],
  ])
  assert.throws(
    () => describeControlPlane(masters, down, cluster),
    /apiserver of m2 is not ready: refused.*1 of 2/,
  )
  const more = [...masters, { name: 'm3', address: '10.0.0.3' }]
  assert.throws(
    () => describeControlPlane(more, new Map([['m1', ok]]), cluster),
    /m3 is no node of the cluster/,
  )
})

test('tokens have the form that Kubernetes takes, and are never printed', () => {
  const token = newToken()
  assert.match(token.value.reveal(), /^[a-z0-9]{6}\.[a-z0-9]{16}$/)
  assert.is(`${token.value}`, '***')
  assert.is.not(newToken().id, token.id)
})

test('kubeadm is told its configuration by a file that is removed, and marks the node until its end', () => {
  const script = kubeadmScript(['join'], { marks: 'join' })
  const at = (text: string) => {
    assert.match(script, text)
    return script.indexOf(text)
  }
  assert.ok(at('umask 077') < at('cat >/run/'))
  assert.ok(at('rm -f /run/quorate-kubeadm.yaml') < at('cat >/run/'))
  assert.ok(at('flock') < at('cat >/run/'))
  assert.ok(at('echo join >/etc/kubernetes/quorate/unfinished') < at('kubeadm join'))
  assert.ok(at('kubeadm join') < at('rm -f /etc/kubernetes/quorate/unfinished'))
  assert.not.match(script, /--token|--certificate-key/)
})

test.run()
