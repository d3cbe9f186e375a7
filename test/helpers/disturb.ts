import { setTimeout as sleep } from 'node:timers/promises'
import type { Cluster } from './cluster.ts'
import { requireNoChange, requireWhole, succeed } from './cluster-health.ts'

/** The tags of what kubeadm does, and of the balancers, which check the certificates of a new cluster by its new CA. */
export const KUBE = ['--tags', 'haproxy,keepalived,kube-master,kube-node,flannel']

export const ETCDCTL =
  'etcdctl --endpoints https://127.0.0.1:2379 --cacert /etc/etcd/pki/ca.crt --cert /etc/etcd/pki/healthcheck-client.crt --key /etc/etcd/pki/healthcheck-client.key'

/** Takes the host's part in the cluster away as an administrator does who knows about kubeadm and the etcd beside it. */
export async function resetNode({ lab }: Cluster, name: string): Promise<void> {
  const lock = '/run/quorate-kubeadm.lock'
  await lab.exec(
    name,
    `[ ! -e ${lock} ] || flock -w 300 ${lock} true
kubeadm reset --force --skip-phases remove-etcd-member
systemctl stop kubelet
rm -rf /etc/kubernetes /var/lib/kubelet /etc/cni/net.d/*`,
  )
}

/** Everything of Kubernetes, etcd and the balancer is gone, as with a new disk. */
export async function wipe({ lab }: Cluster, name: string): Promise<void> {
  await lab.exec(
    name,
    `systemctl stop kubelet
crictl ps -aq | xargs -r crictl rm -f
crictl pods -q | xargs -r crictl rmp -f
systemctl stop keepalived haproxy etcd containerd
for mounted in $(grep -o '/var/lib/kubelet[^ ]*' /proc/mounts); do umount -l "$mounted"; done
rm -rf /etc/kubernetes /var/lib/kubelet /etc/cni/net.d/* /var/lib/etcd /etc/etcd /etc/haproxy/* /etc/keepalived/* \\
  /etc/systemd/system/kubelet.service* /usr/local/bin/* /opt/etcd-* /opt/cni/bin/*
systemctl daemon-reload`,
  )
}

/** All nodes are cleared and the cluster's own etcd is emptied: the next run makes a new cluster. */
export async function unmake(cluster: Cluster): Promise<void> {
  for (const name of cluster.names) await resetNode(cluster, name)
  await cluster.lab.exec(cluster.names[0] as string, `${ETCDCTL} del /registry/ --prefix`)
}

/** Hosts lose their part in the cluster, which ones depends on the seed, and the run that brings them back is killed. */
export async function interruptJoins(cluster: Cluster, seed: number): Promise<void> {
  const random = randomOf(seed)
  const lost = cluster.names.filter(() => random() < 0.4)
  const isMaster = (name: string) => cluster.groups.masters.includes(name)
  // One master stays, or there would be no cluster to come back to.
  const victims = [...lost.filter((name) => !isMaster(name)), ...lost.filter(isMaster).slice(0, 2)]
  for (const name of victims.length === 0 ? ['m2'] : victims) await resetNode(cluster, name)
  await killedAfter(cluster, seed, 1 + random() * 30)
}

/** A new cluster is made, and the run killed in the middle of it. */
export async function interruptInit(cluster: Cluster, seed: number): Promise<void> {
  await unmake(cluster)
  await killedAfter(cluster, seed, 4 + randomOf(seed)() * 30)
}

async function killedAfter(cluster: Cluster, seed: number, seconds: number): Promise<void> {
  const run = cluster.start(...KUBE)
  const ended = await Promise.race([run.end.then(() => true), sleep(seconds * 1000, false)])
  run.child.kill('SIGKILL')
  const { output } = await run.end
  const last = output.trim().split('\n').at(-1)
  console.log(`\n  seed ${seed}: ${ended ? 'ended before' : 'killed after'} ${seconds.toFixed(1)} s: ${last}`)
}

/** One run completes what another has left, and the next has nothing to do. */
export async function requireRepaired(cluster: Cluster): Promise<void> {
  await succeed(cluster, ...KUBE)
  await requireNoChange(cluster, ...KUBE)
  await requireWhole(cluster)
}

/** mulberry32: the same numbers for the same seed. */
function randomOf(seed: number): () => number {
  let state = seed * 0x9e3779b9
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
