import { QuorateError } from '../../lib/index.ts'
import { type ClusterState, lacksOnlyNetwork } from '../kubeadm/cluster-state.ts'
import type { NodeState } from '../kubeadm/node-state.ts'
import type { Master } from '../kubeadm/vars.ts'
import type { Reports } from './decide.ts'
import { endingProblem } from './renewal.ts'

/**
 * A healthy control plane in words: `3 of 3 apiservers ready, v1.36.2, 3 nodes`.
 *
 * @throws QuorateError where an apiserver is not ready, a master is no node, or a node is not Ready for want of more than a network.
 */
export function describeControlPlane(
  masters: readonly Master[],
  reports: Reports,
  cluster: ClusterState | undefined,
): string {
  const unready = [...reports].filter(([, { ready }]) => !ready)
  const count = `${reports.size - unready.length} of ${masters.length} apiservers ready`
  const problems = unready.map(
    ([name, { reason }]: [string, NodeState]) => `the apiserver of ${name} is not ready: ${reason}`,
  )
  problems.push(...[...reports].flatMap(([name, report]) => endingProblem(name, report) ?? []))
  if (cluster === undefined) throw new QuorateError(`no apiserver is ready (${problems.join('; ')})`)
  const nodes = new Map(cluster.nodes.map((node) => [node.name, node]))
  for (const { name } of masters) {
    const node = nodes.get(name)
    if (node === undefined) problems.push(`${name} is no node of the cluster`)
    else if (node.labels['node-role.kubernetes.io/control-plane'] === undefined)
      problems.push(`the node ${name} has no label of a control plane`)
    else if (!node.ready && !lacksOnlyNetwork(node))
      problems.push(`the node ${name} is not ready: ${node.reason}`)
  }
  if (problems.length > 0) throw new QuorateError(`${problems.join('; ')} (${count})`)
  const waiting = cluster.nodes.filter((node) => !node.ready && lacksOnlyNetwork(node)).length
  const network = waiting === 0 ? '' : `; ${waiting} of ${cluster.nodes.length} nodes wait for a pod network`
  return `${count}, ${cluster.version}${network}`
}
