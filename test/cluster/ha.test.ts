// The whole way by the README's own playbook: three masters behind a VIP, two workers, etcd of its own. Then everything
// that may befall it.
import { readFileSync, statSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Cluster, clusterUp, importTestImage, recap } from '../helpers/cluster.ts'
import {
  eventually,
  pods,
  requireNoChange,
  requireWhole,
  succeed,
  vipHolder,
} from '../helpers/cluster-health.ts'
import { interruptInit, interruptJoins, requireRepaired, wipe } from '../helpers/disturb.ts'
import { type Watch, watchApi } from '../helpers/watch-api.ts'

const test = suite('a highly available cluster')
const masters = ['m1', 'm2', 'm3']
const workers = ['n1', 'n2']
let cluster: Cluster
let watch: Watch | undefined

test.before(async () => {
  cluster = await clusterUp({ name: 'test-ha', groups: { masters, workers }, spare: ['m4', 'n3'] })
})

test.after(async () => {
  watch?.stop()
  await cluster?.lab.down()
})

test('one run makes a cluster whose nodes are all Ready, and leaves nothing that lets hosts in', async () => {
  const start = performance.now()
  const output = await succeed(cluster)
  told(`the cluster was made in ${seconds(performance.now() - start)}`)
  assert.match(output, /3 of 3 apiservers ready, v1\.\d+\.\d+/)
  await requireWhole(cluster)
  assert.is(statSync(cluster.kubeconfig).mode & 0o777, 0o600)
  assert.match(readFileSync(cluster.kubeconfig, 'utf8'), `server: https://${cluster.vip}:8443`)
})

test('the second run changes nothing and restarts no pod', async () => {
  const before = await pods(cluster)
  const taken = await requireNoChange(cluster)
  told(`the run without changes took ${seconds(taken * 1000)}`)
  assert.equal(await pods(cluster), before)
})

test('verify finds all well, and that every node reaches the DNS', async () => {
  const output = await succeed(cluster, '--verify')
  for (const name of cluster.names) assert.match(output, new RegExp(`^${name} .*DNS answers`, 'm'))
})

test('a deployment over both workers answers through its Service from every node', async () => {
  await importTestImage(cluster)
  const image = '--image=quorate.test/agnhost:1'
  await cluster.kubectl('create', 'deployment', 'web', image, '--replicas=4', '--', '/agnhost', 'serve')
  await cluster.kubectl('expose', 'deployment', 'web', '--port=80', '--target-port=8080')
  await eventually(() => cluster.kubectl('rollout', 'status', 'deployment/web', '--timeout=5s'))
  const nodes = await cluster.kubectl('get', 'pods', '-l', 'app=web', '-o', path('.items[*].spec.nodeName'))
  assert.equal([...new Set(nodes.split(' '))].sort(), workers)
  const address = await cluster.kubectl('get', 'service', 'web', '-o', path('.spec.clusterIP'))
  for (const name of cluster.names) {
    await eventually(async () => {
      const { stdout, stderr } = await cluster.lab.exec(name, `curl -sS -m 5 http://${address}/`)
      assert.match(stdout, /^web-/, `${name}: ${stderr}`)
    })
  }
})

const KILLS = {
  haproxy: 'systemctl kill --signal=KILL haproxy',
  keepalived: 'systemctl kill --signal=KILL keepalived',
  'kube-apiserver': 'pkill -KILL -x kube-apiserver',
  etcd: 'systemctl kill --signal=KILL etcd',
}

for (const [program, kill] of Object.entries(KILLS)) {
  test(`${program} is killed on the host of the VIP, and the cluster heals by itself`, async () => {
    const holder = await vipHolder(cluster)
    const running = async () =>
      (await cluster.lab.exec(holder, `pgrep -x ${program}`)).stdout.split('\n').filter((id) => id !== '')
    await measured(`${program} killed on ${holder}`, async () => {
      const before = await running()
      const { rc, stderr } = await cluster.lab.exec(holder, kill)
      assert.is(rc, 0, stderr)
      await eventually(async () => {
        const after = await running()
        assert.ok(
          after.some((id) => !before.includes(id)),
          `${program} is not back`,
        )
      })
    })
  })
}

test('the host of the VIP loses its power, another takes over, and it comes back by itself', async () => {
  const holder = await vipHolder(cluster)
  await measured(`${holder} without power`, async () => {
    await cluster.lab.kill(holder)
    assert.is.not(await vipHolder(cluster), holder)
    await answering()
    await cluster.lab.start(holder)
  })
  await requireNoChange(cluster)
})

test('a host with an empty disk is brought back by the next run, its member of etcd too', async () => {
  await wipe(cluster, 'm1')
  const output = await succeed(cluster)
  assert.is(recap(output, 'n2').changed, 0, output)
  await requireWhole(cluster)
  await requireNoChange(cluster)
})

test('a run that is killed while hosts join is completed by the next', async () => {
  await interruptJoins(cluster, 1)
  await requireRepaired(cluster)
})

test('a run that is killed while the cluster is made is completed by the next', async () => {
  await interruptInit(cluster, 8)
  await requireRepaired(cluster)
})

test('a worker and a master are added by lines in the inventory, and others get only what names them', async () => {
  const before = await pods(cluster)
  cluster.setGroups({ masters: [...masters, 'm4'], workers: [...workers, 'n3'] })
  const output = await succeed(cluster)
  await requireWhole(cluster)
  for (const name of workers) assert.equal(changesOf(output, name), ['base'], output)
  for (const name of masters) {
    const roles = changesOf(output, name).filter((role) => !['base', 'haproxy', 'keepalived'].includes(role))
    // One of them lets the others in.
    assert.ok(
      roles.every((role) => ['kube-master', 'kube-node'].includes(role)),
      output,
    )
  }
  const lines = await pods(cluster)
  assert.equal(
    before.filter((line) => !lines.includes(line)),
    [],
    'a pod was restarted',
  )
  await requireNoChange(cluster)
})

/** Prints for how long the API was away through the VIP while something happened to the cluster, until it is whole. */
async function measured(what: string, happens: () => Promise<void>): Promise<void> {
  watch ??= watchApi(`https://${cluster.vip}:8443`)
  await answering()
  watch.take()
  await happens()
  await requireWhole(cluster)
  await vipHolder(cluster)
  const { asked, failed, gap } = watch.take()
  told(`${what}: API away for ${gap.toFixed(1)} s (${failed} of ${asked} questions failed)`)
}

/** The API answers through the VIP. */
async function answering(): Promise<void> {
  await eventually(async () => assert.is(await cluster.kubectl('get', '--raw', '/readyz'), 'ok'))
}

/** Roles that changed something on a host. */
function changesOf(output: string, host: string): string[] {
  const lines = [...output.matchAll(new RegExp(`^${host} +(\\S+) +changed`, 'gm'))]
  return [...new Set(lines.map(([, role = '']) => role))].sort()
}

function path(field: string): string {
  return `jsonpath={${field}}`
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`
}

function told(line: string): void {
  console.log(`\n  ${line}`)
}

test.run()
