// A master whose certificates are about to end: any run renews them, and restarts who has read them.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Cluster, clusterUp } from '../../helpers/cluster.ts'
import { requireNoChange, succeed } from '../../helpers/cluster-health.ts'

const test = suite('certificates of a control plane')
let cluster: Cluster

test.before(async () => {
  cluster = await clusterUp({
    name: 'test-certificates',
    groups: { masters: ['m1'], workers: [], etcd: [] },
    vars: { etcd_mode: 'stacked', balancer: 'kube-vip' },
  })
  await succeed(cluster)
})

test.after(async () => await cluster?.lab.down())

const out = async (command: string): Promise<string> => {
  const { rc, stdout, stderr } = await cluster.lab.exec('m1', command)
  assert.is(rc, 0, stderr)
  return stdout.trim()
}
const containers = () =>
  out("crictl ps --state running --name '^kube-(apiserver|scheduler|controller-manager)$' -q | sort")
const endsWithin = (days: number, file: string) =>
  cluster.lab.exec('m1', `! openssl x509 -noout -checkend ${days * 86_400} -in /etc/kubernetes/pki/${file}`)

test('certificates that end in two days make verify fail', async () => {
  const renew = 'kubeadm certs renew all --config /root/short.yaml'
  const short = 's/^kind: ClusterConfiguration/&\\ncertificateValidityPeriod: 48h0m0s/'
  await out(`sed '${short}' /etc/kubernetes/quorate/kubeadm.yaml >/root/short.yaml && ${renew}`)
  assert.is((await endsWithin(3, 'apiserver.crt')).rc, 0)
  const { rc, output } = await cluster.run('--verify')
  assert.is(rc, 3, output)
  assert.match(output, /of m1 ends on \d{4}-\d\d-\d\d/)
})

test('a run renews them and restarts the control plane, and the second changes nothing', async () => {
  const before = await containers()
  const output = await succeed(cluster)
  assert.match(output, /renew the certificates/)
  for (const file of ['apiserver.crt', 'apiserver-kubelet-client.crt', 'etcd/server.crt'])
    assert.is((await endsWithin(300, file)).rc, 1, file)
  const after = (await containers()).split('\n')
  assert.is(after.length, 3)
  assert.not.ok(after.some((id) => before.includes(id)))
  await requireNoChange(cluster)
})

test('a renewal that was interrupted before its end is finished', async () => {
  await out(': >/etc/kubernetes/quorate/renewing')
  assert.match(await succeed(cluster), /renew the certificates/)
  await requireNoChange(cluster)
})

test.run()
