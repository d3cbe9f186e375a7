// Three masters whose etcd is kubeadm's own, behind kube-vip.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Cluster, clusterUp } from '../helpers/cluster.ts'
import { eventually, requireNoChange, requireWhole, succeed, vipHolder } from '../helpers/cluster-health.ts'
import { loseStackedMaster, stackedMembers } from '../helpers/stacked.ts'

const test = suite('a cluster with stacked etcd and kube-vip')
let cluster: Cluster

test.before(async () => {
  cluster = await clusterUp({
    name: 'test-stacked',
    groups: { masters: ['m1', 'm2', 'm3'], workers: [], etcd: [] },
    vars: { etcd_mode: 'stacked', balancer: 'kube-vip' },
  })
})

test.after(async () => await cluster?.lab.down())

test('one run makes the cluster, and the second changes nothing', async () => {
  const output = await succeed(cluster)
  assert.match(output, /3 of 3 apiservers ready/)
  await requireWhole(cluster)
  await requireNoChange(cluster)
})

test('the host of the VIP loses its power, another answers at the VIP, and it comes back by itself', async () => {
  const holder = await vipHolder(cluster)
  await cluster.lab.kill(holder)
  await eventually(async () => assert.is(await cluster.kubectl('get', '--raw', '/readyz'), 'ok'))
  assert.is.not(await vipHolder(cluster), holder)
  await cluster.lab.start(holder)
  await requireWhole(cluster)
  await requireNoChange(cluster)
})

test('the host of the VIP loses everything and comes back as a new member, and the old one is taken out', async () => {
  const lost = await vipHolder(cluster)
  const witness = cluster.names.find((name) => name !== lost) as string
  const before = await stackedMembers(cluster, witness)
  await loseStackedMaster(cluster, lost)
  await succeed(cluster)
  await requireWhole(cluster)
  const after = await stackedMembers(cluster, witness)
  assert.is(after.size, 3)
  assert.is.not(after.get(lost), before.get(lost))
  assert.is(after.get(witness), before.get(witness))
  await requireNoChange(cluster)
})

test.run()
