import { createHash } from 'node:crypto'
import { QuorateError, type RoleContext, service, until } from '../../lib/index.ts'
import { type Certificates, certificatesOf } from './certificates.ts'
import { isHealthy, memberAt, tolerance } from './cluster.ts'
import { CA_FILE, peerUrl, UNIT } from './config.ts'
import { type Course, clusterOf, decide, type Report } from './decide.ts'
import { bootstrapFile, clientFiles, isPending, memberFiles, toResource } from './files.ts'
import { binariesOf, installation } from './install.ts'
import { addMember, joiningMembers, promoteMember, removeLostMember } from './join.ts'
import { type HostState, observe } from './observe.ts'
import { refuseChange, refuseJoin, refuseTurn } from './refuse.ts'
import type { EtcdVars, Member } from './vars.ts'
import { strangers } from './verify.ts'

type Context = RoleContext<EtcdVars>
type Reports = ReadonlyMap<string, Report>

/** What the steps on one host share. */
interface Work {
  readonly context: Context
  readonly self: Member
  readonly certificates: Certificates
}

/** Brings one host to its place in the cluster: see `decide` for what that may be. */
export async function converge(context: Context): Promise<void> {
  const { vars, host, facts, apply, once, everyone, check } = context
  const self = vars.members.find(({ name }) => name === host.name)
  if (self === undefined) throw new QuorateError(`${host.name} is not among the members of the etcd cluster`)
  const certificates = await once('certificates', () => certificatesOf(vars, check))
  const work: Work = { context, self, certificates }
  await apply(...installation(vars, facts), ...clientFiles(certificates))
  const reports = await everyone('state', await report(work))
  if (host.name === [...reports.keys()][0]) warn(work, reports)
  const course = decide(vars, self, reports)
  refuseChange(vars, self, reports)
  if (course === 'bootstrap' || course === 'start') await startTogether(work, course, reports)
  if (course !== 'bootstrap') await takeTurn(work, course, reports)
  await apply(bootstrapFile(vars, 'existing', groupMembers(vars)))
}

async function report(work: Work): Promise<Report> {
  const { context, self, certificates } = work
  const files = memberFiles(context.vars, self, certificates)
  const state = await settledState(
    work,
    files.map(({ path }) => path),
  )
  const trusted = state.digests.get(CA_FILE)
  const ca = createHash('sha256').update(certificates.ca.certificate).digest('hex')
  return {
    ...state,
    pending: isPending(files, state.digests),
    expired: state.certificateEnd !== undefined && state.certificateEnd.getTime() < Date.now(),
    foreignCa: trusted !== undefined && trusted !== ca,
  }
}

/** A member that has only just been started gets some time to find the others. */
async function settledState({ context }: Work, files: readonly string[]): Promise<HostState> {
  const { query, vars } = context
  const ask = () => observe(query, vars, binariesOf(vars), files)
  const first = await ask()
  if (first.cluster !== undefined || !/^activ/.test(first.unit)) return first
  let last = first
  const settled = async (): Promise<HostState> => {
    last = await ask()
    if (last.cluster === undefined) throw new Error('not yet')
    return last
  }
  return until(settled, { seconds: 15 }).catch(() => last)
}

/** No cluster answers, so there is no quorum to lose: all members start side by side, none can without the others. */
async function startTogether(work: Work, course: Course, reports: Reports): Promise<void> {
  const { context, self } = work
  const { vars, apply, everyone, check } = context
  const own = reports.get(self.name) as Report
  const files = memberFiles(vars, self, work.certificates).map(toResource)
  if (course === 'bootstrap')
    await apply(...files, bootstrapFile(vars, 'new', groupMembers(vars)), runningService(work))
  else if (own.unit !== 'active' || own.expired) await apply(...files, runningService(work))
  if (!check) await healthyMember(work)
  await everyone('started')
}

async function takeTurn(work: Work, course: Course, reports: Reports): Promise<void> {
  const { context, self } = work
  const { vars, query, apply, rolling, check } = context
  const refuse = course === 'join' ? refuseJoin : refuseTurn
  // Nothing runs here that could be disturbed, and the cluster can be asked only with these.
  if (course === 'join') await apply(...memberFiles(vars, self, work.certificates).map(toResource))
  await rolling(() => (course === 'join' ? join(work, reports) : configure(work)), {
    async gate() {
      // A cluster that is down can only be asked once it was started, which check mode does not do.
      if (check && course === 'start') return
      const { cluster } = await observe(query, vars, binariesOf(vars))
      refuse(vars, self, cluster ?? (check ? clusterOf(reports) : undefined))
    },
    healthy: () => healthyMember(work),
  })
}

async function configure(work: Work): Promise<void> {
  const { vars, apply } = work.context
  await apply(...memberFiles(vars, work.self, work.certificates).map(toResource), runningService(work))
}

async function join(work: Work, reports: Reports): Promise<void> {
  const { context, self } = work
  const { vars, apply, query } = context
  const before = clusterOf(reports)
  if (before === undefined) throw new Error('a member can only join a cluster that answers')
  const isLost = reports.get(self.name)?.data === false
  await apply(...(isLost ? removeLostMember(vars, self, before) : []), addMember(vars, self, before))
  const { cluster = before } = await observe(query, vars, binariesOf(vars))
  await apply(bootstrapFile(vars, 'existing', joiningMembers(vars, self, cluster)), runningService(work))
  await apply(promoteMember(vars, self, before))
}

/** Waits until this member serves reads that all of the quorum agrees to: it is up and in sync. */
async function healthyMember({ context, self }: Work): Promise<void> {
  const { vars, query } = context
  await until(
    async () => {
      const { cluster, unhealthy } = await observe(query, vars, binariesOf(vars))
      const live = cluster && memberAt(cluster, peerUrl(self, vars))
      if (cluster !== undefined && live !== undefined && !live.learner && isHealthy(cluster, live)) return
      const reasons = [...unhealthy].map(([url, reason]) => `${url}: ${reason}`).join('; ')
      throw new QuorateError(`etcd on ${self.name} is not healthy (${reasons || 'it is no voting member'})`, {
        hint: `see on ${self.name}: journalctl -u etcd`,
      })
    },
    { seconds: 60 },
  )
}

function runningService({ context, self, certificates }: Work) {
  const restartOn = memberFiles(context.vars, self, certificates).map(({ path }) => path)
  return service(UNIT, { enabled: true, state: 'running', restartOn })
}

function groupMembers(vars: EtcdVars) {
  return vars.members.map((member) => ({ name: member.name, peerUrl: peerUrl(member, vars) }))
}

function warn({ context, certificates }: Work, reports: Reports): void {
  const { vars } = context
  const count = vars.members.length
  if (certificates.warning !== undefined) context.warn(certificates.warning)
  if (count % 2 === 0) {
    const failures = tolerance(count) === 0 ? 'no failure' : `the failure of ${tolerance(count)}`
    context.warn(
      `${count} etcd members tolerate ${failures}, no more than ${count - 1} do: use an odd number`,
    )
  }
  const cluster = clusterOf(reports)
  for (const name of cluster === undefined ? [] : strangers(vars, cluster)) {
    context.warn(
      `${name} is a member of the etcd cluster but not in the group: etcdctl member remove takes it out`,
    )
  }
}
