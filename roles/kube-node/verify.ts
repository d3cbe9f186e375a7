import { QuorateError } from '../../lib/index.ts'
import { type ClusterNode, lacksOnlyNetwork } from '../kubeadm/cluster-state.ts'

/** What a kubelet lacks, by the taints that the cluster then gives its node: Ready says nothing of it. */
function pressures({ taints }: ClusterNode): string[] {
  return taints
    .flatMap(({ key }) => /^node\.kubernetes\.io\/(\w+)-pressure$/.exec(key)?.[1] ?? [])
    .map((what) => `${what} pressure`)
}

/**
 * Healthy workers in words: `2 of 2 workers ready`.
 *
 * @throws QuorateError where one is no node of the cluster, has another address, is not Ready for want of more than a
 *   network, or takes no pods because its disk, memory or processes run out.
 */
export function describeNodes(
  workers: readonly { readonly name: string; readonly address: string }[],
  nodes: readonly ClusterNode[],
): string {
  const found = workers.map((worker) => ({ worker, node: nodes.find(({ name }) => name === worker.name) }))
  const problems = found.flatMap(({ worker, node }) => {
    if (node === undefined) return [`${worker.name} is no node of the cluster`]
    if (node.internalIp !== worker.address)
      return [`the cluster knows ${worker.name} by ${node.internalIp || 'no address'}, not ${worker.address}`]
    if (!node.ready && !lacksOnlyNetwork(node))
      return [`the node ${worker.name} is not ready: ${node.reason}`]
    return pressures(node).map((what) => `the node ${worker.name} takes no pods, because of its ${what}`)
  })
  if (problems.length > 0) throw new QuorateError(problems.join('; '))
  const ready = found.filter(({ node }) => node?.ready).length
  const waiting = workers.length - ready
  return `${ready} of ${workers.length} workers ready${waiting === 0 ? '' : `; ${waiting} wait for a pod network`}`
}
