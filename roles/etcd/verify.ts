import { QuorateError } from '../../lib/index.ts'
import { type Cluster, isHealthy, memberAt, nameOf, unreachable } from './cluster.ts'
import { peerUrl } from './config.ts'
import type { EtcdVars } from './vars.ts'

/**
 * What a healthy cluster looks like in words: `3 of 3 members healthy, leader m2, etcd 3.4.23`.
 *
 * @throws QuorateError where its members are not those of the group, or not all of them are healthy voters.
 */
export function describeHealth(
  vars: EtcdVars,
  cluster: Cluster | undefined,
  unhealthy: ReadonlyMap<string, string>,
): string {
  if (cluster === undefined) {
    const reasons = [...unhealthy].map(([url, reason]) => `${url}: ${reason}`)
    throw new QuorateError(`no etcd member answers${reasons.length === 0 ? '' : ` (${reasons.join('; ')})`}`)
  }
  const problems = problemsOf(vars, cluster)
  if (problems.length > 0) throw new QuorateError(problems.join('; '))
  const { members, leader, versions } = cluster
  const name = members.find(({ id }) => id === leader)?.name ?? 'unknown'
  const running = [...new Set(versions.values())].sort().join(' and ')
  return `${members.length} of ${members.length} members healthy, leader ${name}, etcd ${running}`
}

/** Runs renew it 60 days before its end: for a month there was none. */
const COMPLAIN_BEFORE_DAYS = 30

/** @throws QuorateError where the certificate that a member shows is about to end. */
export function requireLasting(name: string, end: Date | undefined): void {
  if (end === undefined || end.getTime() - Date.now() >= COMPLAIN_BEFORE_DAYS * 86_400_000) return
  const day = end.toISOString().slice(0, 10)
  throw new QuorateError(`the certificate of etcd on ${name} ends on ${day}`, { hint: 'any run renews it' })
}

/** Members of the live cluster that are not in the group. */
export function strangers(vars: EtcdVars, { members }: Cluster): string[] {
  const wanted = new Set(vars.members.map((member) => peerUrl(member, vars)))
  return members.filter(({ peerUrls }) => !peerUrls.some((url) => wanted.has(url))).map(nameOf)
}

function problemsOf(vars: EtcdVars, cluster: Cluster): string[] {
  const found = vars.members.map((member) => ({ member, live: memberAt(cluster, peerUrl(member, vars)) }))
  const down = cluster.members.filter((member) => !member.learner && !isHealthy(cluster, member))
  return [
    ...found.flatMap(({ member, live }) =>
      live === undefined ? [`${member.name} is not a member of the cluster`] : [],
    ),
    ...found.flatMap(({ member, live }) =>
      live !== undefined && live.name !== '' && live.name !== member.name
        ? [`the member at ${peerUrl(member, vars)} is called ${live.name}, not ${member.name}`]
        : [],
    ),
    ...strangers(vars, cluster).map((name) => `${name} is a member but not in the group`),
    ...cluster.members
      .filter(({ learner }) => learner)
      .map((member) => `${nameOf(member)} is a learner, not a voting member`),
    ...(down.length === 0 ? [] : [`${unreachable(down)} (${healthyVoters(cluster)})`]),
    ...cluster.alarms,
  ]
}

function healthyVoters(cluster: Cluster): string {
  const voters = cluster.members.filter(({ learner }) => !learner)
  return `${voters.filter((member) => isHealthy(cluster, member)).length} of ${voters.length} members healthy`
}
