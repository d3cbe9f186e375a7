import { QuorateError } from '../../lib/index.ts'
import { type Cluster, isHealthy, memberAt, quorum } from './cluster.ts'
import { peerUrl } from './config.ts'
import type { HostState } from './observe.ts'
import { upgradeProblem } from './upgrade.ts'
import type { EtcdVars, Member } from './vars.ts'

/** What a host tells the others before anything is changed. */
export interface Report extends HostState {
  /** A file that the member runs with is not as wanted. */
  readonly pending: boolean
  /** The certificate that the member shows has ended: nobody can connect to it any more. */
  readonly expired: boolean
  /** The host trusts another CA than the one in `pkiDir`. */
  readonly foreignCa: boolean
}

/**
 * What a host has to do:
 * - `bootstrap`: start as a member of a new cluster, all members side by side;
 * - `start`: the cluster is down and this member has its data: start what is stopped or has expired, side by side;
 * - `converge`: bring a member of the live cluster to its configuration, in turns;
 * - `join`: become a member of the live cluster, in turns.
 */
export type Course = 'bootstrap' | 'start' | 'converge' | 'join'

type Reports = ReadonlyMap<string, Report>

/** The live cluster as any of the hosts sees it. */
export function clusterOf(reports: Reports): Cluster | undefined {
  return [...reports.values()].find(({ cluster }) => cluster !== undefined)?.cluster
}

/**
 * Decides from the live cluster and from what all hosts of this run found, before anything is changed.
 *
 * @throws QuorateError where whatever could be done might cost data or the quorum: why, and what to do.
 */
export function decide(vars: EtcdVars, self: Member, reports: Reports): Course {
  const own = reports.get(self.name) as Report
  if (own.data && own.foreignCa) {
    throw new QuorateError(
      `etcd on ${self.name} trusts another certificate authority than the one in ${vars.pkiDir}`,
      {
        hint: `bring back the directory that this cluster was made with (${self.name} keeps its CA certificate in /etc/etcd/pki/ca.crt)`,
      },
    )
  }
  const cluster = clusterOf(reports)
  if (cluster === undefined)
    return own.data ? withoutCluster(vars, self, reports) : withoutData(vars, self, reports)
  return withCluster(vars, self, own, cluster)
}

function withCluster(vars: EtcdVars, self: Member, own: Report, cluster: Cluster): Course {
  const url = peerUrl(self, vars)
  const live = memberAt(cluster, url)
  const namesake = cluster.members.find(({ name }) => name === self.name)
  if (live === undefined && namesake !== undefined) {
    throw new QuorateError(
      `${self.name} is a member with peer URL ${namesake.peerUrls.join(', ')}, not ${url}`,
      {
        hint: `if its address has changed: etcdctl member update ${namesake.id} --peer-urls=${url}`,
      },
    )
  }
  if (live === undefined) {
    if (!own.data) return 'join'
    throw new QuorateError(
      `${self.name} has the data of a member in ${vars.dataDir}, but the cluster does not know it`,
      {
        hint: `it was removed, or belongs to another cluster; to have it join, stop etcd and move ${vars.dataDir} away`,
      },
    )
  }
  const problem =
    vars.source === 'package' ? undefined : upgradeProblem(cluster.versions.values(), vars.source.version)
  if (problem !== undefined) throw new QuorateError(problem)
  if (own.data) return live.learner ? 'join' : 'converge'
  // What does not run has no data to lose: it is taken out and added anew, which costs the others no vote.
  if (live.clientUrls.length === 0 || (own.unit !== 'active' && !isHealthy(cluster, live))) return 'join'
  throw new QuorateError(
    `etcd runs on ${self.name}, but its data is not in ${vars.dataDir}: it was deleted, or lies elsewhere`,
    { hint: `if it is to be made anew, stop etcd on ${self.name}; the next run takes it out and adds it` },
  )
}

function withoutCluster(vars: EtcdVars, self: Member, reports: Reports): Course {
  const withData = [...reports.values()].filter(({ data }) => data)
  if (isUnfinishedBootstrap(vars, reports)) return 'bootstrap'
  const needed = quorum(vars.members.length)
  if (withData.length < needed) {
    throw new QuorateError(
      `no member answers, and of ${vars.members.length} members only ${withData.length} in this run ${withData.length === 1 ? 'has' : 'have'} data: ${needed} are needed`,
      { hint: 'run on all members (without --limit); where their data is lost, restore a snapshot' },
    )
  }
  // Members that have lost their certificates cannot come back one by one: the others would not let them in.
  if (withData.some(({ unit, expired }) => unit !== 'active' || expired)) return 'start'
  const [url, reason] = [...(reports.get(self.name) as Report).unhealthy][0] ?? ['', 'no reason was given']
  throw new QuorateError(`etcd runs on ${self.name}, but no member answers: ${url} ${reason}`, {
    hint: 'see: journalctl -u etcd',
  })
}

function withoutData(vars: EtcdVars, self: Member, reports: Reports): Course {
  const others = [...reports].filter(([, { data }]) => data).map(([name]) => name)
  if (others.length > 0 && !isUnfinishedBootstrap(vars, reports)) {
    throw new QuorateError(
      `${self.name} has no data, and no member answers that could tell whether it should join`,
      {
        hint: `${others.join(', ')} ${others.length === 1 ? 'has' : 'have'} data: run again once the cluster is up`,
      },
    )
  }
  if ((reports.get(self.name) as Report).bootstrap === 'existing') {
    throw new QuorateError(
      `${self.name} was a member of a cluster, but its data in ${vars.dataDir} is gone and no member answers`,
      {
        hint: 'restore a snapshot; or, to begin with an empty cluster, remove /etc/etcd/bootstrap.env on all members',
      },
    )
  }
  const missing = vars.members.filter(({ name }) => !reports.has(name)).map(({ name }) => name)
  if (missing.length === 0) return 'bootstrap'
  throw new QuorateError(
    `no cluster was found, and a new one needs all its members: ${missing.join(', ')} did not take part`,
    {
      hint: 'run without --limit, once all members can be reached',
    },
  )
}

/** All hosts are here, and those with data were started for a new cluster that has never been healthy. */
function isUnfinishedBootstrap({ members }: EtcdVars, reports: Reports): boolean {
  return (
    members.every(({ name }) => reports.has(name)) &&
    [...reports.values()].every(({ data, bootstrap }) =>
      data ? bootstrap === 'new' : bootstrap !== 'existing',
    )
  )
}
