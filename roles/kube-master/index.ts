import { defineRole, until } from '../../lib/index.ts'
import { observeCluster } from '../kubeadm/cluster-state.ts'
import { observeNode } from '../kubeadm/node-state.ts'
import { requireSameCluster } from '../kubeadm/same-cluster.ts'
import { apiUrl } from '../kubeadm/urls.ts'
import { converge } from './converge.ts'
import { executorOf } from './decide.ts'
import { refuseOtherKey } from './encryption-key.ts'
import { kubeMasterVars } from './vars.ts'
import { describeControlPlane } from './verify.ts'

/**
 * A control plane of a highly available cluster, made with kubeadm.
 *
 * @example kubeMaster({ masters: group('kube-master'), bundle, controlPlaneEndpoint: '10.0.0.100:8443', etcd: 'stacked' })
 */
export const kubeMaster = defineRole({
  name: 'kube-master',
  summary: 'a control plane of the cluster: made once, joined one by one, changed one by one',
  vars: kubeMasterVars,
  async preflight(context) {
    await requireSameCluster(context)
    await refuseOtherKey(context)
  },
  converge,
  async verify({ vars, host, mode, query, everyone }) {
    const self = vars.masters.find(({ name }) => name === host.name) ?? host
    const api = apiUrl(self, vars.apiServerPort)
    const reports = await everyone('health', await observeNode(query, api))
    if (host.name !== (executorOf(reports) ?? [...reports.keys()][0])) return undefined
    return until(
      async () => {
        const cluster = executorOf(reports) === undefined ? undefined : await observeCluster(query, api)
        return describeControlPlane(vars.masters, reports, cluster)
      },
      // Nodes that have just joined take a moment to be Ready.
      { seconds: mode === 'verify' ? 0 : 60, every: 2 },
    )
  },
})
