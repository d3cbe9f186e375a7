import { isIPv4 } from 'node:net'
import type { Host, Problem } from '../../lib/index.ts'
import { NODE_NAME } from '../kubeadm/vars.ts'
import type { ClusterVars } from './vars.ts'

/** Who is meant to be what. */
export interface Groups {
  readonly masters: readonly Host[]
  /** The group etcd; empty where there is none. */
  readonly members: readonly Host[]
  /** Masters and workers; none where the run does not go on to Kubernetes. */
  readonly nodes?: readonly Host[]
  /** The whole inventory. */
  readonly all: readonly Host[]
}

/**
 * Why the groups cannot be what the variables say; empty where they can. A play without hosts would be left out silently.
 */
export function groupProblems(
  { masters, members, all, nodes = [] }: Groups,
  { etcdMode }: Pick<ClusterVars, 'etcdMode'>,
): Problem[] {
  const problems: Problem[] = []
  if (masters.length === 0)
    problems.push({ message: 'the group kube-master has no hosts', hint: 'list the control planes there' })
  if (etcdMode === 'external' && members.length === 0) {
    problems.push({
      message: 'the group etcd has no hosts, and etcd_mode is external',
      hint: 'list the members there, an odd number of hosts, or set etcd_mode: stacked to have kubeadm run etcd on the masters',
    })
  }
  const idle = all.filter(
    ({ name, groups }) => groups.includes('etcd') && !masters.some((master) => master.name === name),
  )
  if (etcdMode === 'stacked' && idle.length > 0) {
    problems.push({
      message: `etcd_mode is stacked, but the group etcd has hosts that are no masters: ${idle.map(({ name }) => name).join(', ')}`,
      hint: 'etcd would run on the masters alone: take them out of the group, or set etcd_mode: external',
    })
  }
  return [...problems, ...nodes.flatMap(nodeProblems)]
}

/** Told here, as kubeadm would refuse it only when the host's turn comes. */
function nodeProblems({ name, address }: Host): Problem[] {
  return [
    ...(NODE_NAME.test(name)
      ? []
      : [
          {
            message: `'${name}' cannot be the name of a node`,
            hint: 'Kubernetes takes lower-case letters, digits, dots and hyphens: call the host so in the inventory, its hostname does not matter',
          },
        ]),
    ...(isIPv4(address)
      ? []
      : [
          {
            message: `${name} is a node, and its address ${address} is not IPv4`,
            hint: 'flannel, kube-vip and keepalived are set up for IPv4 only: set ip=… for the host',
          },
        ]),
  ]
}

/** What a host is going to be, as the base role takes it: decides what is asked of it. */
export function purposesOf(
  { name }: Host,
  { masters, members }: Groups,
  etcdMode: ClusterVars['etcdMode'],
): ('control-plane' | 'worker' | 'etcd')[] {
  const isIn = (hosts: readonly Host[]) => hosts.some((host) => host.name === name)
  const isMaster = isIn(masters)
  const hasEtcd = etcdMode === 'stacked' ? isMaster : isIn(members)
  return [isMaster ? 'control-plane' : 'worker', ...(hasEtcd ? (['etcd'] as const) : [])]
}
