import { QuorateError } from '../../lib/index.ts'
import type { ClusterState } from '../kubeadm/cluster-state.ts'
import type { Master } from '../kubeadm/vars.ts'
import type { Course } from './decide.ts'
import type { KubeMasterVars } from './vars.ts'

/**
 * Compares what is wanted with the live cluster, before anything is changed.
 *
 * @throws QuorateError for what a running cluster cannot change, or not by this role.
 */
export function refuseChange(
  vars: KubeMasterVars,
  self: Master,
  { course }: Course,
  version: string,
  cluster: ClusterState,
): void {
  if (cluster.version !== version) {
    throw new QuorateError(`the cluster runs Kubernetes ${cluster.version}, and ${version} is wanted`, {
      hint: 'a cluster changes its version by an upgrade; give the version that it runs',
    })
  }
  for (const key of ['podSubnet', 'serviceSubnet', 'dnsDomain', 'controlPlaneEndpoint'] as const) {
    const found = cluster.settings[key]
    if (found === undefined || found === vars[key]) continue
    throw new QuorateError(
      `${key} of the cluster is ${found}, and cannot become ${vars[key]} while it lives`,
      {
        hint: `set ${key} to ${found}`,
      },
    )
  }
  const namesake = cluster.nodes.find(({ name }) => name === self.name)
  if (course !== 'join' || namesake === undefined || namesake.internalIp === self.address) return
  if (namesake.internalIp === '') return
  throw new QuorateError(
    `the cluster has a node ${self.name} at ${namesake.internalIp}, and this host is at ${self.address}`,
    { hint: `if that one is gone for good: kubectl delete node ${self.name}` },
  )
}
