// Three masters whose etcd is kubeadm's own: what takes too long for every change.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Cluster, clusterUp, recap } from '../../helpers/cluster.ts'
import { eventually, requireNoChange, succeed } from '../../helpers/cluster-health.ts'
import { loseStackedMaster, stackedEtcdctl, stackedMembers } from '../../helpers/stacked.ts'

const test = suite('a cluster with stacked etcd, at length')
const names = ['m1', 'm2', 'm3']
const KUBE = ['--tags', 'kube-master']
let cluster: Cluster

test.before(async () => {
  cluster = await clusterUp({
    name: 'test-long-stack',
    groups: { masters: names, workers: [], etcd: [] },
    vars: { etcd_mode: 'stacked' },
  })
  const key = Buffer.alloc(32, 7).toString('base64')
  cluster.setVars(`kube_master_encryption_key: ${key}\nkube_master_audit_log: { maxAge: 7 }\n`)
  await succeed(cluster)
})

test.after(async () => await cluster?.lab.down())

test('Secrets are encrypted in etcd, and requests are in the audit log', async () => {
  await cluster.kubectl('create', 'secret', 'generic', 'canary', '--from-literal=word=canary-in-plain')
  const { stdout } = await cluster.lab.exec('m1', stackedEtcdctl('get /registry/secrets/default/canary'))
  assert.match(stdout, 'k8s:enc:secretbox:v1:')
  assert.not.match(stdout, 'canary-in-plain')
  await eventually(async () => {
    const logs = names.map((name) => cluster.lab.exec(name, 'cat /var/log/kubernetes/audit/audit.log'))
    const text = (await Promise.all(logs)).map((log) => log.stdout).join('')
    assert.match(text, '"name":"canary"')
  })
})

test('a power cut in the middle of a join is cleared on that host only, and it joins again', async () => {
  await loseStackedMaster(cluster, 'm3')
  const run = cluster.start(...KUBE)
  for (;;) {
    const { rc } = await cluster.lab.exec('m3', '[ -e /etc/kubernetes/manifests/etcd.yaml ]')
    if (rc === 0 || run.child.exitCode !== null) break
  }
  await cluster.lab.kill('m3')
  assert.ok([3, 4].includes((await run.end).rc ?? 0), 'a host is lost, and others may have waited for it')
  await cluster.lab.start('m3')
  assert.is((await cluster.lab.exec('m3', 'cat /etc/kubernetes/quorate/unfinished')).stdout.trim(), 'join')
  const output = await succeed(cluster, ...KUBE)
  assert.ok(recap(output, 'm2').changed + recap(output, 'm1').changed > 0, 'one of them let it in')
  assert.is((await stackedMembers(cluster, 'm2')).size, 3)
  await requireNoChange(cluster, ...KUBE)
})

test.run()
