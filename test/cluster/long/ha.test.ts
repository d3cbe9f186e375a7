// What takes too long for every change: configuration that changes under a living cluster, strangers, and power cuts.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Cluster, clusterUp, recap } from '../../helpers/cluster.ts'
import { eventually, requireNoChange, requireWhole, succeed } from '../../helpers/cluster-health.ts'
import { KUBE, requireRepaired, resetNode, unmake } from '../../helpers/disturb.ts'
import { watchApi } from '../../helpers/watch-api.ts'

const test = suite('a highly available cluster, at length')
const masters = ['m1', 'm2', 'm3']
const workers = ['n1', 'n2']
const PROFILING = 'kube_master_api_server: { extraArgs: { profiling: false } }\n'
let cluster: Cluster

test.before(async () => {
  cluster = await clusterUp({ name: 'test-long', groups: { masters, workers } })
})

test.after(async () => await cluster?.lab.down())

test('check mode on fresh hosts plans a cluster, and changes nothing', async () => {
  const tags = 'base,containerd,etcd,kube-master,kube-node'
  const output = await succeed(cluster, '--check', '--tags', tags)
  assert.match(output, /would change +step make the cluster/)
  assert.match(output, /would change +step join the cluster as a worker/)
  for (const name of cluster.names) {
    const left = await cluster.lab.exec(name, 'ls -d /etc/kubernetes /usr/local/bin/kubeadm 2>/dev/null')
    assert.is(left.stdout, '')
  }
})

test('one run makes the cluster, and check mode finds nothing to change then', async () => {
  await succeed(cluster)
  await requireWhole(cluster)
  await requireNoChange(cluster, '--check')
})

test('a flag of the apiservers rolls from master to master, and the API answers through the VIP all the while', async () => {
  cluster.setVars(PROFILING)
  const watch = watchApi(`https://${cluster.vip}:8443`)
  await succeed(cluster, '--tags', 'kube-master')
  const { asked, failed, gap } = watch.take()
  watch.stop()
  console.log(
    `\n  rolling change of the apiservers: ${failed} of ${asked} questions failed, longest gap ${gap.toFixed(1)} s`,
  )
  for (const name of masters) {
    const show = 'tr "\\0" "\\n" </proc/$(pgrep -x kube-apiserver)/cmdline'
    assert.match((await cluster.lab.exec(name, show)).stdout, '--profiling=false')
  }
  const kept = await cluster.kubectl('-n', 'kube-system', 'get', 'configmap', 'kubeadm-config', '-o', 'yaml')
  assert.match(kept, 'profiling')
  await requireNoChange(cluster, '--tags', 'kube-master')
})

test('a manifest that somebody has edited is brought back', async () => {
  const manifest = '/etc/kubernetes/manifests/kube-scheduler.yaml'
  await cluster.lab.exec('m3', `sed -i 's/--leader-elect=true/--leader-elect=false/' ${manifest}`)
  const output = await succeed(cluster, '--tags', 'kube-master')
  assert.is(recap(output, 'm1').changed + recap(output, 'm2').changed, 0, output)
  assert.match((await cluster.lab.exec('m3', `cat ${manifest}`)).stdout, '--leader-elect=true')
})

test('labels and taints are set and taken off, and those of others stay', async () => {
  const get = (name: string, field: string) =>
    cluster.kubectl('get', 'node', name, '-o', `jsonpath={${field}}`)
  await cluster.kubectl('label', 'node', 'n1', 'theirs=kept')
  const marks =
    'kube_node_labels: { disk: ssd }\nkube_node_taints: [{ key: slow, effect: PreferNoSchedule }]\n'
  cluster.setVars(`${PROFILING}${marks}`)
  await succeed(cluster, ...KUBE)
  assert.is(await get('n1', '.metadata.labels.disk'), 'ssd')
  assert.match(await get('n2', '.spec.taints'), 'slow')
  cluster.setVars(PROFILING)
  await succeed(cluster, ...KUBE)
  assert.is(await get('n1', '.metadata.labels.disk'), '')
  assert.is(await get('n1', '.metadata.labels.theirs'), 'kept')
  assert.is(await get('n2', '.spec.taints'), '')
})

test('a master and a worker that were reset come back, and their etcd member is not touched', async () => {
  const member = async () => (await cluster.lab.exec('m1', 'systemctl show -p MainPID etcd')).stdout
  const before = await member()
  await Promise.all([resetNode(cluster, 'm1'), resetNode(cluster, 'n1')])
  const output = await succeed(cluster)
  await requireWhole(cluster)
  assert.is(await member(), before)
  assert.is(recap(output, 'n2').changed, 0, output)
})

test('a host of another cluster is refused, whatever its name, and keeps what it has', async () => {
  const conf = async () => (await cluster.lab.exec('n2', 'cat /etc/kubernetes/kubelet.conf')).stdout
  const before = await conf()
  const stranger =
    'openssl req -x509 -newkey rsa:2048 -nodes -keyout /dev/null -subj /CN=kubernetes -days 9 -out /etc/kubernetes/pki/ca.crt'
  assert.is((await cluster.lab.exec('n2', stranger)).rc, 0)
  const { rc, output } = await cluster.run('--tags', 'kube-node')
  assert.is(rc, 3, output)
  assert.match(output, /n2 belongs to another cluster than m\d/)
  assert.is(await conf(), before)
  const own = `sed -n 's/^ *certificate-authority-data: *//p' /etc/kubernetes/kubelet.conf | base64 -d`
  await cluster.lab.exec('n2', `${own} >/etc/kubernetes/pki/ca.crt`)
})

test('a power cut in the middle of the making is finished on the host where it began', async () => {
  await unmake(cluster)
  const run = cluster.start(...KUBE)
  const begun = '/etc/kubernetes/quorate/unfinished'
  const manifest = '/etc/kubernetes/manifests/kube-apiserver.yaml'
  let initiator = ''
  await eventually(async () => {
    for (const name of masters) {
      const { stdout } = await cluster.lab.exec(name, `[ ! -e ${manifest} ] || cat ${begun}`)
      if (stdout.trim() === 'init') initiator = name
    }
    assert.is.not(initiator, '')
  })
  await cluster.lab.kill(initiator)
  assert.ok([3, 4].includes((await run.end).rc ?? 0), 'a host is lost, and others may have waited for it')
  await cluster.lab.start(initiator)
  assert.is((await cluster.lab.exec(initiator, `cat ${begun}`)).stdout.trim(), 'init')
  await requireRepaired(cluster)
})

test.run()
