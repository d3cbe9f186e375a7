import { setTimeout as sleep } from 'node:timers/promises'
import * as assert from 'uvu/assert'
import type { Cluster } from './cluster.ts'

/** Tries once a second until `holds` does not throw; after five minutes its last error stands. */
export async function eventually(holds: () => Promise<unknown>): Promise<void> {
  const end = performance.now() + 300_000
  for (;;) {
    try {
      await holds()
      return
    } catch (error) {
      if (performance.now() >= end) throw error
    }
    await sleep(1000)
  }
}

/** Runs the playbook, which has to succeed. @returns what it printed */
export async function succeed(cluster: Cluster, ...args: readonly string[]): Promise<string> {
  const { rc, output } = await cluster.run(...args)
  assert.is(rc, 0, output)
  return output
}

/** A run of the playbook that has nothing to do on any host; how many seconds it took. */
export async function requireNoChange(cluster: Cluster, ...args: readonly string[]): Promise<number> {
  const start = performance.now()
  const output = await succeed(cluster, ...args)
  const seconds = (performance.now() - start) / 1000
  assert.match(output, /^\d+ hosts? in .*: \d+ ok, 0 (changed|would change), 0 failed, 0 unreachable$/m)
  return seconds
}

/** All nodes are Ready, the DNS is up, and no token, shared key or configuration with secrets is left. */
export async function requireWhole(cluster: Cluster): Promise<void> {
  await eventually(async () => {
    assert.equal(
      await nodes(cluster),
      cluster.names.map((name) => `${name}=True`),
    )
    await cluster.kubectl('-n', 'kube-system', 'rollout', 'status', 'deployment/coredns', '--timeout=5s')
  })
  const secrets = await cluster.kubectl('-n', 'kube-system', 'get', 'secrets', '-o', 'name')
  assert.not.match(secrets, /bootstrap-token|kubeadm-certs/)
  for (const name of cluster.names) {
    const left = await cluster.lab.exec(
      name,
      'ls /run/quorate-kubeadm.yaml /etc/kubernetes/quorate/unfinished 2>/dev/null',
    )
    assert.is(left.stdout, '', name)
  }
}

/** `m1=True`: every node, and whether it is Ready. */
async function nodes({ kubectl }: Cluster): Promise<string[]> {
  const ready = '{.status.conditions[?(@.type=="Ready")].status}'
  const rows = `jsonpath={range .items[*]}{.metadata.name}=${ready} {end}`
  return (await kubectl('get', 'nodes', '-o', rows)).split(' ').sort()
}

/**
 * Every pod with its uid and how often its containers were restarted. Of those that are elected by a lease only the uid
 * counts: they end by themselves where a busy machine lets them renew it too late.
 */
export async function pods({ kubectl }: Cluster): Promise<string[]> {
  const columns =
    '{.metadata.namespace}/{.metadata.name} {.metadata.uid} {.status.containerStatuses[*].restartCount}'
  const rows = `jsonpath={range .items[*]}${columns}{"\\n"}{end}`
  const lines = (await kubectl('get', 'pods', '-A', '-o', rows)).split('\n').sort()
  const isElected = (line: string) => /\/kube-(controller-manager|scheduler|vip)-/.test(line)
  return lines.map((line) => (isElected(line) ? line.replace(/ \d+$/, '') : line))
}

/** The hosts that have the VIP. */
export async function vipHolders({ lab, vip, groups }: Cluster): Promise<string[]> {
  const candidates = groups.balancers ?? groups.masters
  const shown = await Promise.all(
    candidates.map(async (name) => {
      const found = await lab.exec(name, `ip -4 -o address show to ${vip}/32`).catch(() => undefined)
      return found !== undefined && found.stdout !== ''
    }),
  )
  return candidates.filter((_, index) => shown[index])
}

/** The one host that has the VIP, as soon as there is just one. */
export async function vipHolder(cluster: Cluster): Promise<string> {
  let holders: string[] = []
  await eventually(async () => {
    holders = await vipHolders(cluster)
    assert.is(holders.length, 1, `the VIP is on ${holders.join(', ') || 'no host'}`)
  })
  return holders[0] as string
}
