import { type Facts, type Host, type Query, QuorateError, type Script } from '../../lib/index.ts'
import { NAMESPACE } from './manifest.ts'
import { liveDifferences, parseNetConf } from './net-conf.ts'
import { contains, containsNetwork } from './networks.ts'
import type { FlannelVars } from './vars.ts'

/** @throws QuorateError where flannel could not use this host's network. */
export function refuseNetwork(
  vars: FlannelVars,
  host: Host,
  hosts: readonly Host[],
  { addresses }: Facts,
): void {
  const own = addresses.find(({ address }) => address === host.address)
  const has = addresses.map((entry) => `${entry.interface} ${entry.address}`).join(', ') || 'none'
  if (own === undefined) {
    throw new QuorateError(`${host.name} has no interface with the address ${host.address}; it has ${has}`, {
      hint: `set ip=… for ${host.name} in the inventory to the address that the other nodes reach it by`,
    })
  }
  if (vars.vip?.split('/')[0] === host.address) {
    throw new QuorateError(
      `${host.address} is the virtual address of the API, and given as ${host.name}'s own`,
    )
  }
  if (vars.interface !== undefined && !addresses.some((entry) => entry.interface === vars.interface)) {
    throw new QuorateError(`${host.name} has no interface ${vars.interface}; it has ${has}`, {
      hint: 'leave flannel_interface out: then each node uses the interface with its own address',
    })
  }
  const far = hosts.find(({ address }) => !contains(`${own.address}/${own.prefix}`, address))
  if (vars.backend === 'host-gw' && far !== undefined) {
    throw new QuorateError(
      `host-gw needs all nodes on one network segment: ${far.name} (${far.address}) is outside of ${host.name}'s ${own.address}/${own.prefix}`,
      { hint: 'use vxlan, with directRouting where some nodes share a segment' },
    )
  }
}

const NODES = '{range .items[?(@.kind=="Node")]}node {.metadata.name} {.spec.podCIDR}{"\\n"}{end}'

/** @throws QuorateError where the cluster has another network: changed under running pods, it would cut them off. */
export async function refuseChangedNetwork(query: Query, kubectl: Script, vars: FlannelVars): Promise<void> {
  // One kubectl: starting another costs more than what it asks.
  const jsonpath = `jsonpath={range .items[?(@.metadata.name=="kube-flannel-cfg")]}{.data.net-conf\\.json}{end}{"\\n"}${NODES}`
  const { stdout } = await query`${kubectl} get nodes,configmaps -n ${NAMESPACE} -o ${jsonpath}`
  const live = parseNetConf(stdout.slice(0, stdout.search(/^node /m) >>> 0))
  refuseDifferences(live === undefined ? [] : liveDifferences(live, vars))
  refuseOtherSubnet(stdout, vars)
}

function refuseDifferences(differences: readonly string[]): void {
  if (differences.length === 0) return
  throw new QuorateError(`flannel runs in this cluster, and ${differences.join('; ')}`, {
    hint: 'this cannot be changed while pods run: give the variables their present values',
  })
}

function refuseOtherSubnet(stdout: string, { podSubnet }: FlannelVars): void {
  const nodes = [...stdout.matchAll(/^node (\S+) ?(\S*)$/gm)]
  const other = nodes.find(([, , cidr = '']) => cidr !== '' && !containsNetwork(podSubnet, cidr))
  if (other !== undefined) {
    throw new QuorateError(
      `the cluster gave ${other[1]} the pod network ${other[2]}, which is not in ${podSubnet}`,
      {
        hint: "flannel_podSubnet has to be the cluster's own podSubnet",
      },
    )
  }
  // The controller manager gives a new node its network within a second or two: verify insists on it.
  if (nodes.length > 1 && nodes.every(([, , cidr]) => cidr === '')) {
    throw new QuorateError('no node has a podCIDR: the cluster was made without a podSubnet', {
      hint: `kube-controller-manager needs --allocate-node-cidrs=true and --cluster-cidr=${podSubnet}`,
    })
  }
}
