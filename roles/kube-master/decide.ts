import { QuorateError } from '../../lib/index.ts'
import { daysLeft } from '../kubeadm/certificates.ts'
import { isComplete, type NodeState } from '../kubeadm/node-state.ts'
import { resetCommand } from '../kubeadm/run-kubeadm.ts'
import type { KubeMasterVars } from './vars.ts'

export type Reports = ReadonlyMap<string, NodeState>

/** What a master has to do. */
export interface Course {
  /**
   * - `init`: make the cluster, or finish the making of it;
   * - `join`: become one of its control planes;
   * - `converge`: bring a control plane to its configuration.
   */
  readonly course: 'init' | 'join' | 'converge'
  /** What an unfinished kubeadm has left is cleared first. */
  readonly reset: boolean
}

/** The host that speaks for the cluster: any with a ready apiserver; undefined while there is no cluster. */
export function executorOf(reports: Reports): string | undefined {
  return [...reports].find(([, report]) => report.ready && isComplete(report))?.[0]
}

/**
 * Decides from what all masters of this run found, before anything is changed. No master is special: the cluster is
 * made by whichever comes first, once, and from then on every other one joins whoever answers.
 *
 * @throws QuorateError where whatever could be done might end in two clusters or cost one: why, and what to do.
 */
export function decide(
  vars: Pick<KubeMasterVars, 'masters' | 'etcd'>,
  self: string,
  reports: Reports,
): Course {
  const own = reports.get(self) as NodeState
  const ready = [...reports].filter(([, report]) => report.ready && isComplete(report))
  const hashes = new Set(ready.map(([, { caHash }]) => caHash))
  if (hashes.size > 1) {
    throw new QuorateError(`the masters are in ${hashes.size} different clusters: ${clusters(reports)}`, {
      hint: `decide which cluster is the right one, and clear the masters of the other with: ${resetCommand(vars.etcd === 'stacked')}`,
    })
  }
  const [leader] = ready
  if (leader === undefined) return withoutCluster(vars, self, reports)
  const [name, { caHash }] = leader
  if (own.caHash === caHash && isComplete(own)) return { course: 'converge', reset: false }
  if (own.unfinished !== undefined) return { course: 'join', reset: true }
  if (own.caHash !== undefined && own.caHash !== caHash) {
    throw new QuorateError(`${self} belongs to another cluster than ${name}: its CA is a different one`, {
      hint: `to have it join, clear it first with: ${resetCommand(vars.etcd === 'stacked')}`,
    })
  }
  if (own.kubeletConf && !own.manifest) {
    throw new QuorateError(`${self} is a worker of this cluster, and cannot become a master as it is`, {
      hint: `drain it, then: kubectl delete node ${self}, and on ${self}: ${resetCommand(false)}; the next run has it join`,
    })
  }
  return { course: 'join', reset: hasAnything(vars, own) }
}

function withoutCluster(
  vars: Pick<KubeMasterVars, 'masters' | 'etcd'>,
  self: string,
  reports: Reports,
): Course {
  const complete = [...reports].filter(([, report]) => isComplete(report))
  if (complete.length > 0) {
    const reasons = complete.map(([name, { reason }]) => `${name}: ${reason}`)
    throw new QuorateError(
      `${namesOf(complete)} ${complete.length === 1 ? 'has' : 'have'} a control plane, but no apiserver is ready (${reasons.join('; ')})`,
      { hint: hintOf(complete.map(([, report]) => report)) },
    )
  }
  const missing = vars.masters.filter(({ name }) => !reports.has(name)).map(({ name }) => name)
  if (missing.length > 0) {
    throw new QuorateError(
      `no cluster was found, and a new one needs all its masters: ${missing.join(', ')} did not take part`,
      { hint: 'run without --limit, once all masters can be reached' },
    )
  }
  const begun = [...reports].filter(([, { unfinished }]) => unfinished === 'init')
  if (begun.length > 1) {
    throw new QuorateError(`the making of a cluster was begun on ${namesOf(begun)}, and finished on none`, {
      hint: `clear all but one of them with: ${resetCommand(vars.etcd === 'stacked')}`,
    })
  }
  const initiator = begun[0]?.[0] ?? [...reports.keys()][0]
  const own = reports.get(self) as NodeState
  if (self !== initiator) return { course: 'join', reset: hasAnything(vars, own) }
  if (begun.length === 0) refuseRemains(vars, self, own)
  return { course: 'init', reset: begun.length === 0 && hasAnything(vars, own) }
}

function hintOf(states: readonly NodeState[]): string {
  const hasEnded = states.some(({ certificates: [first] }) => first !== undefined && daysLeft(first) < 0)
  return hasEnded
    ? 'certificates have ended; on each of these hosts: kubeadm certs renew all, systemctl restart kubelet, and crictl stop the containers kube-*'
    : 'see on these hosts: crictl ps -a, journalctl -u kubelet; is etcd up?'
}

/** A new cluster is not made on what may be the last of an old one. */
function refuseRemains({ etcd }: Pick<KubeMasterVars, 'etcd'>, self: string, own: NodeState): void {
  if (etcd === 'stacked' && own.etcdData && own.unfinished === undefined) {
    throw new QuorateError(
      `${self} has the data of an etcd member in /var/lib/etcd, but no master has a control plane`,
      {
        hint: `restore the control plane from a backup; or, to begin with an empty cluster, clear it with: ${resetCommand(true)}`,
      },
    )
  }
  if (own.kubeletConf && own.unfinished === undefined) {
    throw new QuorateError(`${self} is a node of some cluster, but none of the masters has a control plane`, {
      hint: `to make a new cluster of these hosts, clear them first with: ${resetCommand(etcd === 'stacked')}`,
    })
  }
}

// An etcd that is not kubeadm's keeps its data in the same place.
function hasAnything({ etcd }: Pick<KubeMasterVars, 'etcd'>, own: NodeState): boolean {
  const { unfinished, adminConf, kubeletConf, manifest, caHash, etcdData } = own
  const data = etcd === 'stacked' && etcdData
  return unfinished !== undefined || adminConf || kubeletConf || manifest || data || caHash !== undefined
}

function clusters(reports: Reports): string {
  const byHash = new Map<string, string[]>()
  for (const [name, { caHash = 'none', ready }] of reports)
    if (ready) byHash.set(caHash, [...(byHash.get(caHash) ?? []), name])
  return [...byHash.values()].map((names) => names.join(' and ')).join(', ')
}

function namesOf(reports: readonly (readonly [string, NodeState])[]): string {
  return reports.map(([name]) => name).join(', ')
}
