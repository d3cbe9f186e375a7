import { QuorateError } from '../../lib/index.ts'
import { observeCluster } from '../kubeadm/cluster-state.ts'
import { noLeftovers } from '../kubeadm/install.ts'
import { FRESH } from '../kubeadm/node-state.ts'
import type { Master } from '../kubeadm/vars.ts'
import { type Course, decide, executorOf, type Reports } from './decide.ts'
import { withoutMember } from './etcd.ts'
import { invite, tidyUp } from './invite.ts'
import { refuseChange } from './refuse.ts'
import { authorityWarning } from './renewal.ts'
import { cleared, healthyApiServer, init, requireOthers, turn } from './turn.ts'
import { type Context, install, prepare, settledReports, type Work } from './work.ts'

/** Brings one host to its place in the control plane: see `decide` for what that may be. */
export async function converge(context: Context): Promise<void> {
  const work = await prepare(context)
  const { vars, host, everyone, apply } = context
  const reports = await settledReports(work)
  const course = decide(vars, host.name, reports)
  const executor = executorOf(reports)
  warnOfAuthority(context, reports)
  const plans = await everyone('plan', {
    course,
    cluster: executor === host.name ? await observeCluster(context.query, work.api) : undefined,
  })
  const cluster = executor === undefined ? undefined : plans.get(executor)?.cluster
  if (cluster !== undefined) refuseChange(vars, work.self, course, work.version, cluster)
  await apply(...install(work), ...noLeftovers())
  const initiator = [...plans].find(([, plan]) => plan.course.course === 'init')?.[0]
  if (course.course === 'init') await init(work, course)
  const leader = executor ?? initiator
  if (initiator !== undefined) requireAlive(await everyone('initialised', true), initiator)
  const joining = vars.masters.filter(({ name }) => plans.get(name)?.course.course === 'join')
  await clear(work, leader, joining, plans)
  const invitation = await invite(work, leader, joining, cluster)
  await context.rolling(() => turn(work, course, reports.get(host.name) ?? FRESH, invitation), {
    // Nobody depends on a host that is not in the cluster yet.
    gate: async () => (course.course === 'converge' ? requireOthers(work) : undefined),
    healthy: () => healthyApiServer(work),
  })
  const done = await everyone('in place')
  const first = leader !== undefined && done.has(leader) ? leader : [...done.keys()][0]
  if (host.name === first) await tidyUp(work, invitation, cluster, initiator !== undefined)
}

/**
 * Hosts that begin anew are cleared before anybody is let in: as long as their kubelets run, they come back as nodes.
 * Of a stacked etcd they are no members by then, so that none that counts for the quorum is stopped.
 */
async function clear(
  work: Work,
  leader: string | undefined,
  joining: readonly Master[],
  plans: ReadonlyMap<string, { readonly course: Course }>,
): Promise<void> {
  const { vars, host, everyone, apply, check } = work.context
  if (joining.length === 0) return
  // In check mode a cluster that is not there yet has no members.
  const isThere = !check || plans.get(leader ?? '')?.course.course !== 'init'
  if (vars.etcd === 'stacked' && host.name === leader && isThere) await apply(...joining.map(withoutMember))
  await everyone('without members')
  const own = plans.get(host.name)?.course
  if (own?.course === 'join' && own.reset) await apply(cleared(work))
  await everyone('cleared')
}

/** All masters have the same CAs: one tells. */
function warnOfAuthority({ host, warn }: Context, reports: Reports): void {
  const [first] = reports
  const warning = first && authorityWarning(first[1])
  if (host.name === first?.[0] && warning !== undefined) warn(warning)
}

function requireAlive(present: ReadonlyMap<string, unknown>, initiator: string): void {
  if (present.has(initiator)) return
  throw new QuorateError(`the cluster could not be made on ${initiator}; nothing was done here`)
}
