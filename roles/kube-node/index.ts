import { defineRole, QuorateError, until } from '../../lib/index.ts'
import { observeCluster } from '../kubeadm/cluster-state.ts'
import { requireSameCluster } from '../kubeadm/same-cluster.ts'
import { converge } from './converge.ts'
import { meet } from './meet.ts'
import { kubeNodeVars } from './vars.ts'
import { describeNodes } from './verify.ts'

/**
 * A worker of a cluster. The play's hosts are the workers and the masters: a worker is let in by a master.
 *
 * @example play('workers', hosts('kube-master:kube-node'), [kubeNode({ masters, bundle, controlPlaneEndpoint })])
 */
export const kubeNode = defineRole({
  name: 'kube-node',
  summary: 'a worker of the cluster, with its labels and taints',
  vars: kubeNodeVars,
  preflight: requireSameCluster,
  converge,
  async verify(context) {
    const { host, hosts, vars, mode, query } = context
    const { speaker, own, isMaster, api, cluster } = await meet(context)
    if (speaker === undefined) {
      if (isMaster || own.kubelet) return undefined
      throw new QuorateError(`the kubelet of ${host.name} does not run`)
    }
    if (speaker.name !== host.name) return undefined
    const workers = hosts.filter(({ name }) => !vars.masters.some((master) => master.name === name))
    // It has just been asked; only nodes that were not ready then are asked for again.
    let found = cluster
    const look = async () => {
      const { nodes } = found ?? (await observeCluster(query, api))
      found = undefined
      return describeNodes(workers, nodes)
    }
    return until(look, { seconds: mode === 'verify' ? 0 : 60, every: 2 })
  },
})
