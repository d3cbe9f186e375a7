// The other choices that an inventory has, each a small cluster: what is in front of the apiservers, where etcd runs, how
// pods reach each other, which release.
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Cluster, type ClusterOptions, clusterUp } from '../../helpers/cluster.ts'
import {
  eventually,
  requireNoChange,
  requireWhole,
  succeed,
  vipHolder,
} from '../../helpers/cluster-health.ts'

const test = suite('clusters of other compositions')
let cluster: Cluster | undefined

test.after.each(async () => {
  await cluster?.lab.down()
  cluster = undefined
})

test('Kubernetes 1.35 behind nginx, with routes between the nodes instead of tunnels', async () => {
  const cluster = await up({
    name: 'test-nginx',
    groups: { masters: ['m1', 'm2'], workers: ['n1'], etcd: ['m1'] },
    kubernetes: 'v1.35.8',
    vars: { balancer: 'nginx', flannel_backend: 'host-gw' },
  })
  await requireMade(cluster, 'v1.35.8')
  const routes = (await cluster.lab.exec('m1', 'ip route')).stdout
  assert.match(routes, new RegExp(`^10\\.244\\.\\d+\\.0/24 via ${address(cluster, 'n1')} `, 'm'))
  const holder = await vipHolder(cluster)
  await cluster.lab.exec(holder, 'systemctl stop nginx')
  await eventually(async () => assert.is.not(await vipHolder(cluster), holder))
  await requireAnswers(cluster)
  await succeed(cluster, '--tags', 'nginx,keepalived')
  await requireNoChange(cluster)
})

test('hosts that only balance before Kubernetes 1.35 with stacked etcd, from a plan', async () => {
  const cluster = await up({
    name: 'test-dedicated',
    groups: { masters: ['m1', 'm2'], workers: ['n1'], etcd: [], balancers: ['l1', 'l2'] },
    kubernetes: 'v1.35.8',
    vars: { etcd_mode: 'stacked' },
  })
  const plan = join(dirname(cluster.kubeconfig), 'plan.json')
  await succeed(cluster, '--plan-out', plan)
  await succeed(cluster, '--apply-plan', plan)
  await requireNoChange(cluster)
  await requireMade(cluster, 'v1.35.8')
  assert.match(await cluster.kubectl('config', 'view', '--minify'), `server: https://${cluster.vip}:6443`)
  const holder = await vipHolder(cluster)
  await cluster.lab.kill(holder)
  assert.is.not(await vipHolder(cluster), holder)
  await requireAnswers(cluster)
  await cluster.lab.start(holder)
  await requireNoChange(cluster)
})

test('Kubernetes 1.34, whose kubeadm init asks for the VIP of kube-vip', async () => {
  const cluster = await up({
    name: 'test-old',
    groups: { masters: ['m1', 'm2', 'm3'], workers: ['n1'], etcd: [] },
    kubernetes: 'v1.34.4',
    vars: { etcd_mode: 'stacked', balancer: 'kube-vip' },
  })
  await requireMade(cluster, 'v1.34.4')
  for (const name of cluster.groups.masters) {
    const { stdout } = await cluster.lab.exec(name, 'grep -rl super-admin /etc/kubernetes/manifests')
    assert.is(stdout, '', name)
  }
  const holder = await vipHolder(cluster)
  await cluster.lab.kill(holder)
  await requireAnswers(cluster)
})

test('a load balancer that is not ours, as KubeSphere writes it, and etcd on a host of its own', async () => {
  const cluster = await up({
    name: 'test-external',
    groups: { masters: ['m1', 'm2'], workers: ['n1'], etcd: ['e1'] },
    spare: ['lb'],
    vars: { balancer: 'external', vip: undefined },
  })
  const servers = cluster.groups.masters.map(
    (name) => `  server ${name} ${address(cluster, name)}:6443 check`,
  )
  const config = [
    'defaults',
    '  mode tcp',
    '  timeout connect 2s',
    '  timeout client 1h',
    '  timeout server 1h',
    'listen api',
    '  bind :6443',
    ...servers,
  ]
  await setUp(cluster, 'lb', 'haproxy', '/etc/haproxy/haproxy.cfg', config)
  const at = { address: address(cluster, 'lb'), port: '6443', domain: 'api.quorate.test' }
  cluster.setVars(`loadbalancer_apiserver: ${JSON.stringify(at)}\n`)
  const options = [`--server=https://${at.address}:6443`, `--tls-server-name=${at.domain}`]
  await requireMade({ ...cluster, kubectl: (...args) => cluster.kubectl(...options, ...args) }, 'v1.36.2')
  const before = (await cluster.lab.exec('lb', 'sha256sum /etc/haproxy/haproxy.cfg')).stdout
  await cluster.lab.exec('m1', 'systemctl stop kubelet; pkill -x kube-apiserver')
  await succeed(cluster, '--tags', 'external-lb', '-l', 'm2,n1')
  assert.is((await cluster.lab.exec('lb', 'sha256sum /etc/haproxy/haproxy.cfg')).stdout, before)
})

test('kube-vip that announces the VIP to a router', async () => {
  const vip = '172.29.255.10'
  const cluster = await up({
    name: 'test-bgp',
    groups: { masters: ['m1', 'm2', 'm3'], workers: ['n1'], etcd: [] },
    spare: ['router'],
    vars: { etcd_mode: 'stacked', balancer: 'kube-vip', vip: `${vip}/32` },
  })
  const router = address(cluster, 'router')
  const neighbors = cluster.groups.masters.map(
    (name) => `protocol bgp from_${name} from node { neighbor ${address(cluster, name)} as 64513; }`,
  )
  const config = [
    `router id ${router};`,
    'protocol device {}',
    'protocol kernel { merge paths on; ipv4 { export all; }; }',
    'template bgp node { local as 64512; ipv4 { import all; export none; }; }',
    ...neighbors,
  ]
  await setUp(cluster, 'router', 'bird2', '/etc/bird/bird.conf', config)
  await cluster.lab.exec('router', 'sysctl -w net.ipv4.ip_forward=1')
  // Every host has this machine as its gateway. The route ends with the lab's bridge.
  execFileSync('ip', ['route', 'add', `${vip}/32`, 'via', router])
  const bgp = { as: 64513, peers: [{ address: router, as: 64512 }] }
  cluster.setVars(`kube_vip_mode: bgp\nkube_vip_bgp: ${JSON.stringify(bgp)}\n`)
  await requireMade(cluster, 'v1.36.2')
  await cluster.lab.kill('m1')
  await eventually(async () => {
    const { stdout } = await cluster.lab.exec('router', `ip route show ${vip}`)
    assert.not.match(stdout, address(cluster, 'm1'))
  })
  await requireAnswers(cluster)
  await cluster.lab.start('m1')
  await requireWhole(cluster)
  await requireNoChange(cluster)
})

/** The cluster is taken down when its test ends. */
async function up(options: ClusterOptions): Promise<Cluster> {
  cluster = await clusterUp(options)
  return cluster
}

async function requireMade(cluster: Cluster, release: string): Promise<void> {
  await succeed(cluster)
  await requireWhole(cluster)
  const releases = await cluster.kubectl(
    'get',
    'nodes',
    '-o',
    'jsonpath={.items[*].status.nodeInfo.kubeletVersion}',
  )
  assert.equal(new Set(releases.split(' ')), new Set([release]))
  await requireNoChange(cluster)
  await succeed(cluster, '--verify')
}

async function requireAnswers(cluster: Cluster): Promise<void> {
  await eventually(async () => assert.is(await cluster.kubectl('get', '--raw', '/readyz'), 'ok'))
}

/** What is on a host that is not ours to manage. */
async function setUp(cluster: Cluster, host: string, name: string, file: string, config: readonly string[]) {
  const install = `apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends ${name}`
  assert.is((await cluster.lab.exec(host, install)).rc, 0)
  writeFileSync(join(cluster.lab.host(host).root, file), `${config.join('\n')}\n`)
  const service = name.replace(/\d$/, '')
  const { rc, stderr } = await cluster.lab.exec(host, `systemctl restart ${service}`)
  assert.is(rc, 0, stderr)
}

function address(cluster: Cluster, name: string): string {
  return cluster.lab.host(name).address
}

test.run()
