import { QuorateError } from '../../lib/index.ts'
import {
  type Cluster,
  disruptionProblem,
  isHealthy,
  type LiveMember,
  memberAt,
  nameOf,
  unreachable,
  votersOf,
} from './cluster.ts'
import { peerUrl } from './config.ts'
import { clusterOf, type Report } from './decide.ts'
import type { EtcdVars, Member } from './vars.ts'

/**
 * Why this host must not be touched although it has something to do: a member is down, and a change of configuration
 * would reach members that the quorum depends on. Nothing is started with the new configuration either, so that a
 * refused change has no effect at all.
 */
export function refuseChange(vars: EtcdVars, self: Member, reports: ReadonlyMap<string, Report>): void {
  const cluster = clusterOf(reports)
  const own = reports.get(self.name) as Report
  if (cluster === undefined || !own.pending) return
  const down = votersOf(cluster).filter((member) => !isHealthy(cluster, member))
  const hint = hintFor(down)
  const problem = disruptionProblem(cluster, peerUrl(self, vars))
  if (problem !== undefined) throw new QuorateError(problem, { hint })
  const live = memberAt(cluster, peerUrl(self, vars))
  if (live === undefined || isHealthy(cluster, live)) return
  const blocked = vars.members.filter(
    (member) =>
      reports.get(member.name)?.pending && disruptionProblem(cluster, peerUrl(member, vars)) !== undefined,
  )
  if (blocked.length === 0) return
  const names = blocked.map(({ name }) => name).join(', ')
  throw new QuorateError(
    `${self.name} does not answer, and the configuration would change on ${names} too, which the quorum depends on`,
    { hint: `start ${self.name} as it is, or change it alone with --limit ${self.name}` },
  )
}

/** Why this member must not be stopped right now, asked again before each turn. */
export function refuseTurn(vars: EtcdVars, self: Member, cluster: Cluster | undefined): void {
  if (cluster === undefined)
    throw new QuorateError('no member of the cluster answers: nobody can tell what a restart would cost')
  const problem = disruptionProblem(cluster, peerUrl(self, vars))
  const down = votersOf(cluster).filter((member) => !isHealthy(cluster, member))
  if (problem !== undefined) throw new QuorateError(problem, { hint: hintFor(down) })
}

/** Why no member may be added now. */
export function refuseJoin(vars: EtcdVars, self: Member, cluster: Cluster | undefined): void {
  if (cluster === undefined) throw new QuorateError('no member of the cluster answers: none can be added')
  const others = cluster.members.filter(({ peerUrls }) => !peerUrls.includes(peerUrl(self, vars)))
  const down = others.filter((member) => !member.learner && !isHealthy(cluster, member))
  if (down.length > 0) {
    throw new QuorateError(`${unreachable(down)}; members are added while all others are healthy`, {
      hint: hintFor(down),
    })
  }
  const learner = others.find((member) => member.learner)
  if (learner === undefined) return
  throw new QuorateError(`${nameOf(learner)} is still learning; members are added one at a time`, {
    hint: `finish it, or take it out: etcdctl member remove ${learner.id}`,
  })
}

function hintFor(down: readonly LiveMember[]): string {
  const names = down.map(nameOf).join(', ')
  return `bring ${names} back first: a run that changes no configuration starts what is only stopped`
}
