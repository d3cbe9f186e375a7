import type { Host } from '../../lib/index.ts'
import type { ClusterView } from './cluster.ts'
import { containsNetwork } from './networks.ts'
import type { FlannelVars } from './vars.ts'

/** What is wrong with flannel on these hosts, in words; empty where all is well. Nodes that take no part are not judged. */
export function problems(
  view: ClusterView,
  hosts: readonly Pick<Host, 'name' | 'address'>[],
  vars: FlannelVars,
  digest: string,
): string[] {
  const dns = view.dnsService === '' || view.dns.some(({ ready }) => ready)
  const nodes = hosts.flatMap(({ name, address }) => {
    const node = view.nodes.find((node) => node.address === address)
    if (node === undefined) return [`no node of the cluster has ${name}'s address ${address}`]
    const pod = view.flannel.find((pod) => pod.node === node.name)
    if (node.podCidr === '') return [`${name} has no podCIDR`]
    if (!containsNetwork(vars.podSubnet, node.podCidr))
      return [`${name} has the podCIDR ${node.podCidr}, outside of ${vars.podSubnet}`]
    if (pod === undefined) return [`${name} has no pod of flannel`]
    if (pod.digest !== digest) return [`${name} still runs flannel with another configuration`]
    if (!pod.ready) return [`flannel is not ready on ${name}`]
    if (node.backend !== vars.backend) return [`flannel of ${name} uses ${node.backend || 'no backend'}`]
    if (vars.interface === undefined && node.publicIp !== address)
      return [`flannel of ${name} tells the others to reach it at ${node.publicIp}, not at ${address}`]
    if (!node.ready) return [`the node ${name} is not Ready`]
    return []
  })
  return dns ? nodes : [...nodes, 'no pod of the cluster’s DNS is ready']
}
