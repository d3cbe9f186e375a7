import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { UnreachableError } from '../errors.ts'
import type { Host } from '../inventory/host.ts'
import type { AppliedRole } from '../role.ts'
import type { Connection } from '../transport/connection.ts'
import { Coordination } from './coordination.ts'
import type { GroupReport, HostRecap, RunEvent, RunMode } from './events.ts'
import { failureReport } from './failure.ts'
import { interruptible, Stopped } from './interruption.ts'
import { LeftOut } from './left-out.ts'
import type { LockOwner } from './lock-script.ts'
import { lockHosts, openHosts } from './open-hosts.ts'
import { type Batch, batches, tolerance } from './policy.ts'
import { preflight } from './preflight.ts'
import type { ReadyPlay, ReadyRole } from './ready-play.ts'
import { Recap } from './recap.ts'
import type { Review } from './review.ts'
import { createRoleContext, type HostRun } from './role-run.ts'

export type { ReadyPlay } from './ready-play.ts'

export interface RunOptions {
  readonly playbook: string
  readonly mode: RunMode
  readonly diff: boolean
  readonly connect: (host: Host) => Promise<Connection>
  /** How many connections may be opened at the same time. */
  readonly forks: number
  readonly emit: (event: RunEvent) => void
  /** Told of every change before it is made; what it throws keeps the change from being made, and ends the run. Default: not told. */
  readonly review?: Review
  /** Asked before each role of each play, once all of its hosts are there: whether to do it. Default: all is done. */
  readonly confirm?: (step: StepQuestion) => Promise<boolean>
  /** Aborted where the user asks to stop: what runs is finished, nothing new begins. */
  readonly signal: AbortSignal
  /** Keeps other runs from changing the same hosts. Default: nothing is locked. */
  readonly lock?: { readonly owner: LockOwner; readonly force: boolean }
  /** Seconds that a host which is lost in the middle of a run may take to come back. Default: 60. */
  readonly reconnect?: (host: Host) => number | undefined
  /** How a host is connected to, in words, where somebody wants to know. Default: not told. */
  readonly route?: (host: Host) => string
  /** Seconds that what runs has then to finish, before its connection is closed and it is ended with it. Default: 30. */
  readonly grace?: number
}

/** What `--step` asks about. */
export interface StepQuestion {
  readonly play: string
  readonly role: string
  readonly hosts: readonly string[]
}

interface Run extends RunOptions {
  readonly recap: Recap
  readonly alive: Map<string, HostRun>
  readonly leftOut: LeftOut
  /** Why nothing new may begin. */
  stopped: string | undefined
  /** Settled once all hosts have told whether they are ours; where they are not, the run is stopped. */
  locked: Promise<void>
}

/** Runs plays over hosts; everything it has to say goes through `emit`. Resolves to each host's counts. */
export async function runPlays(
  plays: readonly ReadyPlay[],
  options: RunOptions,
): Promise<readonly HostRecap[]> {
  const started = performance.now()
  const hosts = [...new Map(plays.flatMap((play) => play.hosts).map((host) => [host.name, host])).values()]
  const recap = new Recap(hosts.map(({ name }) => name))
  const run: Run = {
    ...options,
    recap,
    alive: new Map(),
    leftOut: new LeftOut({ ...options, emit: (event) => run.emit(event) }),
    stopped: undefined,
    locked: Promise.resolve(),
    emit(event) {
      recap.event(event)
      options.emit(event)
    },
    ...(options.review && {
      review: (found) => {
        try {
          options.review?.(found)
        } catch (error) {
          run.stopped ??= 'a change was refused'
          throw error
        }
      },
    }),
  }
  const finished = new AbortController()
  run.emit({
    type: 'runStart',
    playbook: options.playbook,
    mode: options.mode,
    hosts: hosts.map(({ name }) => name),
    groups: groupsOf(hosts),
  })
  try {
    await interruptible(options.signal, async () => {
      await openHosts(run, hosts)
      refuseIfIncomplete(run, plays)
      if (run.stopped === undefined) run.locked = lockHosts(run)
      await Promise.race([checkAndRun(run, plays), graceOver(options, finished.signal)])
      if (!options.signal.aborted) await run.locked
    })
  } finally {
    finished.abort()
    await Promise.allSettled([
      run.leftOut.end(),
      ...[...run.alive.values()].map(({ connection }) => connection.end()),
    ])
    const seconds = (performance.now() - started) / 1000
    run.emit({ type: 'runEnd', recap: recap.hosts(), seconds, interrupted: options.signal.aborted })
  }
  return recap.hosts()
}

function groupsOf(hosts: readonly Host[]): GroupReport[] {
  const names = [...new Set(hosts.flatMap(({ groups }) => groups))]
  return names.map((group) => {
    const members = hosts.filter(({ groups }) => groups.includes(group))
    return { name: group, hosts: members.map(({ name }) => name) }
  })
}

async function checkAndRun(run: Run, plays: readonly ReadyPlay[]): Promise<void> {
  if (run.mode !== 'verify' && run.stopped === undefined) {
    const refused = await preflight({ ...run, proceed: () => proceed(run) }, plays)
    if (refused.size > 0) {
      run.stopped = 'something is in the way'
      run.emit({
        type: 'warning',
        message: `nothing was changed on any host, because of what is in the way on ${[...refused].join(', ')}`,
      })
    }
  }
  await runAll(run, plays)
}

async function runAll(run: Run, plays: readonly ReadyPlay[]): Promise<void> {
  for (const play of plays) {
    if (run.stopped === undefined && !run.signal.aborted) await runPlay(run, play)
  }
}

/** Resolves when the user has asked to stop and what runs has had time enough to finish; not at all once all is `finished`. */
async function graceOver({ signal, grace = 30 }: RunOptions, finished: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort', { signal: finished })
  await sleep(grace * 1000, undefined, { signal: finished })
}

/** Before anything is changed: a host that cannot be reached stops the run, unless the play says how many may be missing. */
function refuseIfIncomplete(run: Run, plays: readonly ReadyPlay[]): void {
  if (run.mode === 'verify') return
  const missing = new Set<string>()
  for (const { hosts, maxFailures } of plays) {
    const lost = hosts.filter(({ name }) => !run.alive.has(name))
    if (lost.length > tolerance(maxFailures ?? 0, hosts.length))
      for (const { name } of lost) missing.add(name)
  }
  if (missing.size === 0 || run.signal.aborted) return
  run.stopped = 'hosts are missing'
  const names = [...missing]
  const others = run.alive.size === 0 ? '' : `; leave out what is missing with --limit '!${names.join(':!')}'`
  const message = `nothing was changed on any host, because ${names.join(', ')} cannot be reached${others}`
  run.emit({ type: 'warning', message })
}

async function runPlay(run: Run, play: ReadyPlay): Promise<void> {
  const ready = batches(
    play.hosts.filter(({ name }) => run.alive.has(name)),
    play.serial,
  )
  run.emit({
    type: 'playStart',
    play: play.name,
    hosts: play.hosts.map(({ name }) => name),
    ...(ready.length > 1 && { batches: ready.map((batch) => batch.map(({ name }) => name)) }),
  })
  let failures = play.hosts.filter(({ name }) => !run.alive.has(name)).length
  const allowed =
    play.maxFailures === undefined ? Number.POSITIVE_INFINITY : tolerance(play.maxFailures, play.hosts.length)
  for (const batch of ready) {
    if (run.stopped !== undefined || run.signal.aborted) break
    await runBatch(run, play, batch, () => {
      failures += 1
      if (failures > allowed && run.mode !== 'verify')
        run.stopped ??= `${failures} of ${play.hosts.length} hosts failed in play ${play.name}`
    })
    // Like Ansible: a batch that is lost as a whole ends the play's batches.
    if (batch.every(({ name }) => !run.alive.has(name))) break
  }
  run.emit({ type: 'playEnd', play: play.name })
}

async function runBatch(run: Run, play: ReadyPlay, batch: Batch, onFailure: () => void): Promise<void> {
  const coordinations = play.roles.map(() => new Coordination(batch.map(({ name }) => name)))
  await Promise.all(
    batch.map(async (host) => {
      const started = performance.now()
      try {
        await runHost(run, play, batch, host, coordinations)
        run.emit({ type: 'hostDone', host: host.name, play: play.name })
      } catch (error) {
        if (!(error instanceof Stopped)) onFailure()
      } finally {
        for (const coordination of coordinations) coordination.leave(host.name)
        run.recap.addTime(host.name, (performance.now() - started) / 1000)
      }
    }),
  )
}

async function runHost(
  run: Run,
  play: ReadyPlay,
  batch: Batch,
  host: Host,
  coordinations: readonly Coordination[],
): Promise<void> {
  const hostRun = run.alive.get(host.name) as HostRun
  let failed: unknown
  for (const [position, role] of play.roles.entries()) {
    const coordination = coordinations[position] as Coordination
    try {
      if (!(await isConfirmed(run, play, host, role, coordination))) continue
      await runRole(run, play, batch, hostRun, role, coordination)
    } catch (error) {
      if (error instanceof Stopped || run.signal.aborted) throw new Stopped()
      const at = { host: host.name, play: play.name, role: role.applied.definition.name }
      run.emit({ type: 'failed', failure: failureReport(error, at) })
      failed = error
      // Whoever asks whether all is well wants to hear of all that is not.
      if (run.mode === 'verify' && !(error instanceof UnreachableError)) coordination.leave(host.name)
      else break
    }
  }
  if (failed === undefined) return
  if (run.mode !== 'verify') {
    run.alive.delete(host.name)
    void hostRun.connection.end()
  }
  throw failed
}

/** One answer for all hosts of the batch, asked when the last of them is done with what came before. */
async function isConfirmed(
  run: Run,
  play: ReadyPlay,
  host: Host,
  { applied }: ReadyRole,
  coordination: Coordination,
): Promise<boolean> {
  const { confirm } = run
  if (confirm === undefined) return true
  const hosts = [...(await coordination.everyone('step', host.name, undefined)).keys()]
  proceed(run)
  const question = { play: play.name, role: applied.definition.name, hosts }
  return (await coordination.once('step', host.name, () => confirm(question))) as boolean
}

async function runRole(
  run: Run,
  play: ReadyPlay,
  batch: Batch,
  hostRun: HostRun,
  { applied, vars }: ReadyRole,
  coordination: Coordination,
): Promise<void> {
  const { definition } = applied
  const context = createRoleContext({
    hostRun,
    play: play.name,
    applied,
    vars: vars.get(hostRun.host.name),
    hosts: batch.filter(({ name }) => run.alive.has(name)),
    coordination,
    mode: run.mode,
    diff: run.diff,
    emit: run.emit,
    review: run.review,
    proceed: () => proceed(run),
    async mayChange() {
      await run.locked
      proceed(run)
    },
    mayDisturb: () => run.leftOut.lock(play.leftOut ?? []),
  })
  proceed(run)
  if (run.mode !== 'verify') await definition.converge(context as never)
  if (run.mode !== 'check' && definition.verify !== undefined)
    await verify(run, play, batch, context, applied)
}

/** The role's health check, once every host of the batch has converged. */
async function verify(
  run: Run,
  play: ReadyPlay,
  batch: Batch,
  context: ReturnType<typeof createRoleContext>,
  { definition }: AppliedRole,
): Promise<void> {
  const { host } = context
  const present = await context.everyone('converged')
  if (run.mode === 'apply' && present.size < batch.length) {
    const message = `${definition.name} was not verified, because a host of play ${play.name} failed`
    if (host.name === [...present.keys()][0]) run.emit({ type: 'warning', message })
    return
  }
  proceed(run)
  run.emit({ type: 'step', host: host.name, play: play.name, step: `${definition.name}: verifying` })
  const message = await definition.verify?.(context)
  if (message !== undefined) run.emit({ type: 'verified', host: host.name, role: definition.name, message })
}

function proceed(run: Run): void {
  if (run.signal.aborted || run.stopped !== undefined) throw new Stopped()
}
