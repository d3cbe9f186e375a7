// Three masters whose etcd is kubeadm's own.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Cluster, clusterUp, recap } from '../helpers/cluster.ts'

const test = suite('a cluster with stacked etcd')
const names = ['m1', 'm2', 'm3']
const KUBE = ['--tags', 'kube-master']
let cluster: Cluster

test.before(async () => {
  cluster = await clusterUp({ name: 'test-stacked', hosts: names, etcd: 'stacked' })
  cluster.setVars(
    `kube_master_encryption_key: ${Buffer.alloc(32, 7).toString('base64')}\nkube_master_audit_log: { maxAge: 7 }\n`,
  )
})

test.after(async () => await cluster?.lab.down())

test('one run makes the cluster, and the second changes nothing', async () => {
  const first = await cluster.run()
  assert.is(first.rc, 0, first.output)
  assert.match(first.output, /3 of 3 apiservers ready/)
  const { rc, output } = await cluster.run()
  assert.is(rc, 0, output)
  for (const name of names) assert.is(recap(output, name).changed, 0, output)
})

test('Secrets are encrypted in etcd, and requests are in the audit log', async () => {
  await cluster.kubectl('create', 'secret', 'generic', 'canary', '--from-literal=word=canary-in-plain')
  const { stdout } = await cluster.lab.exec('m1', etcdctl('get /registry/secrets/default/canary'))
  assert.match(stdout, 'k8s:enc:secretbox:v1:')
  assert.not.match(stdout, 'canary-in-plain')
  const log = await Promise.all(
    names.map(
      async (name) => (await cluster.lab.exec(name, 'cat /var/log/kubernetes/audit/audit.log')).stdout,
    ),
  )
  assert.match(log.join(''), '"name":"canary"')
})

test('a master that has lost everything comes back as a new member, and the old one is taken out', async () => {
  const before = await members()
  await lose('m1')
  const { rc, output } = await cluster.run(...KUBE)
  assert.is(rc, 0, output)
  const after = await members()
  assert.is(after.size, 3)
  assert.is.not(after.get('m1'), before.get('m1'))
  assert.is(after.get('m2'), before.get('m2'))
})

test('a power cut in the middle of a join is cleared on that host only, and it joins again', async () => {
  await lose('m3')
  const run = cluster.start(...KUBE)
  for (;;) {
    const { rc } = await cluster.lab.exec('m3', '[ -e /etc/kubernetes/manifests/etcd.yaml ]')
    if (rc === 0 || run.child.exitCode !== null) break
  }
  await cluster.lab.kill('m3')
  assert.is((await run.end).rc, 3)
  await cluster.lab.start('m3')
  assert.is((await cluster.lab.exec('m3', 'cat /etc/kubernetes/quorate/unfinished')).stdout.trim(), 'join')
  const { rc, output } = await cluster.run(...KUBE)
  assert.is(rc, 0, output)
  assert.is(recap(output, 'm2').changed + recap(output, 'm1').changed > 0, true, 'one of them let it in')
  assert.is((await members()).size, 3)
  const again = await cluster.run(...KUBE)
  for (const name of names) assert.is(recap(again.output, name).changed, 0, again.output)
})

/** IDs of the voting members by name. */
async function members(): Promise<Map<string, string>> {
  const { stdout } = await cluster.lab.exec('m2', etcdctl('member list'))
  const lines = stdout.split('\n').map((line) => line.split(', '))
  return new Map(
    lines.filter(([, , , , , learner]) => learner === 'false').map(([id = '', , name = '']) => [name, id]),
  )
}

function etcdctl(command: string): string {
  const pki = '/etc/kubernetes/pki/etcd'
  return `etcdctl --endpoints https://127.0.0.1:2379 --cacert ${pki}/ca.crt --cert ${pki}/server.crt --key ${pki}/server.key ${command}`
}

/** Everything of Kubernetes and etcd is gone, as with a new disk. */
async function lose(name: string): Promise<void> {
  await cluster.lab.exec(
    name,
    `systemctl stop kubelet
crictl ps -aq | xargs -r crictl rm -f
crictl pods -q | xargs -r crictl rmp -f
for mounted in $(grep -o '/var/lib/kubelet[^ ]*' /proc/mounts); do umount -l "$mounted"; done
rm -rf /etc/kubernetes /var/lib/etcd /var/lib/kubelet`,
  )
}

test.run()
