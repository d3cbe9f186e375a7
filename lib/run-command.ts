import { randomUUID } from 'node:crypto'
import { accessSync, closeSync, constants, openSync } from 'node:fs'
import { hostname, userInfo } from 'node:os'
import { dirname } from 'node:path'
import type { HostRecap } from './engine/events.ts'
import type { LockOwner } from './engine/lock-script.ts'
import { type ReadyPlay, type RunOptions, runPlays } from './engine/run.ts'
import { UsageError } from './errors.ts'
import { EXIT } from './exit-codes.ts'
import { type RunSubject, rememberFailures } from './last-run.ts'
import type { CliOptions } from './options.ts'
import type { Plan } from './plan/document.ts'
import type { Playbook } from './playbook.ts'
import type { Prepared, Selection } from './prepare.ts'
import { askSecret } from './report/ask-secret.ts'
import { createStepAsker } from './report/ask-step.ts'
import { createReporter } from './report/index.ts'
import { printWarning } from './report/print.ts'
import { watchSignals } from './signals.ts'
import { newLogPath } from './state.ts'
import { completeSettings, connect, describeRoute } from './transport/index.ts'
import type { ConnectionSettings } from './transport/settings.ts'
import { version } from './version.ts'

/** Seconds; as Ansible's. */
const DEFAULT_TIMEOUT = 10

/** Runs what was prepared and tells of it; resolves to the exit code. Read only by what gets as far as running. */
export async function runCommand(
  playbook: Playbook,
  prepared: Prepared,
  options: CliOptions,
  subject: RunSubject & PlanSubject,
): Promise<number> {
  if (options.planOut !== undefined) refuseUnwritableFolder('--plan-out', options.planOut)
  refuseUnwritable({ '--report': options.report, '--junit': options.junit, '--log-file': options.logFile })
  const connections = await connectionsOf(prepared, options)
  const { plays } = prepared
  const planning = await planningOf(playbook, plays, options, subject)
  const confirm = options.step ? createStepAsker() : undefined
  const reporter = reporterOf(playbook, options)
  const interruption = watchSignals(reporter)
  const mode = options.check ? 'check' : options.verify || playbook.definition.shows ? 'verify' : 'apply'
  const runOptions: RunOptions = {
    playbook: playbook.name,
    mode,
    ...connections,
    ...(confirm && { confirm }),
    ...(mode === 'apply' && { lock: { owner: lockOwner(playbook), force: options.forceUnlock } }),
    grace: options.grace,
    diff: options.diff,
    forks: options.forks,
    signal: interruption.signal,
    emit: (event) => reporter.event(event),
  }
  try {
    await planning?.before(runOptions)
    const interrupted = interruption.exitCode()
    if (interrupted !== undefined) return interrupted
    const recap = await runPlays(plays, { ...runOptions, ...(planning && { review: planning.review }) })
    if (mode === 'apply') await remember(subject, recap)
    const code = interruption.exitCode() ?? exitCode(recap)
    return (await planning?.after(code)) ?? code
  } finally {
    // One that comes while reports are still being written must not cut them off.
    interruption.runIsOver()
    await reporter.close().finally(interruption.stop)
  }
}

/** How hosts are reached, with what a person had to be asked for. */
async function connectionsOf(
  { settings: prepared, settingsOf }: Prepared,
  options: CliOptions,
): Promise<Pick<RunOptions, 'connect' | 'reconnect' | 'route'>> {
  const { settings, later } = await completeSettings(prepared, options, askSecret)
  return {
    reconnect: ({ name }) => options.reconnect ?? settings.get(name)?.reconnectSeconds,
    ...(options.verbose > 2 && {
      route: ({ name }) => describeRoute(settings.get(name) as ConnectionSettings),
    }),
    connect: async (host) => {
      const known = options.knownHosts ?? host.vars.quorate_known_hosts
      const own = settings.get(host.name) ?? (await later(settingsOf(host.name)))
      return connect(own, {
        name: host.name,
        acceptNewHostKeys: options.acceptNewHostKeys,
        timeoutSeconds: options.timeout ?? own.timeoutSeconds ?? DEFAULT_TIMEOUT,
        ...(typeof known === 'string' && { knownHostsFile: known }),
      })
    },
  }
}

function reporterOf({ name, definition: { shows } }: Playbook, options: CliOptions) {
  return createReporter({
    ...(shows && { shows }),
    // A question would be redrawn away.
    ...(options.step && { live: false }),
    diff: options.diff,
    verbose: options.verbose,
    output: options.output,
    html: options.report,
    junit: options.junit,
    ...(!shows && { logFile: options.logFile ?? newLogPath(name), pruneLogs: !options.logFile }),
    ...(!options.color && { color: false }),
  })
}

interface PlanSubject {
  readonly selection: Selection
  /** What is to be applied. */
  readonly plan: Plan | undefined
}

/** What makes or applies a plan; undefined where none is asked for. */
async function planningOf(
  playbook: Playbook,
  plays: readonly ReadyPlay[],
  { planOut }: CliOptions,
  { selection, plan }: PlanSubject,
) {
  if (planOut === undefined && plan === undefined) return undefined
  const { applying, planning } = await import('./plan/run.ts')
  const planned = { playbook: playbook.name, plays }
  if (plan !== undefined) return applying(plan, planned, printWarning)
  return planning(planOut as string, planned, { quorate: version(), selection })
}

/** Who is shown to a run that wants the same hosts. */
function lockOwner({ name }: Playbook): LockOwner {
  return { run: randomUUID(), who: `${userName()}@${hostname()}, pid ${process.pid}`, what: name }
}

/** A container's user may have no name. */
function userName(): string {
  try {
    return userInfo().username
  } catch {
    return String(process.getuid?.())
  }
}

/** @throws UsageError where a file of the report cannot be written: better now than when the run is over. */
function refuseUnwritable(files: Readonly<Record<string, string | undefined>>): void {
  const problems = Object.entries(files).flatMap(([flag, path]) => {
    if (path === undefined) return []
    try {
      closeSync(openSync(path, 'a', 0o600))
      return []
    } catch (error) {
      return [{ message: `${flag} ${path}: cannot be written: ${(error as Error).message}` }]
    }
  })
  if (problems.length > 0) throw new UsageError(problems)
}

/** The file itself is left as it is until there is something to put there. */
function refuseUnwritableFolder(flag: string, path: string): void {
  try {
    accessSync(dirname(path), constants.W_OK)
  } catch (error) {
    throw new UsageError([{ message: `${flag} ${path}: cannot be written: ${(error as Error).message}` }])
  }
}

async function remember(subject: RunSubject, recap: readonly HostRecap[]): Promise<void> {
  const warning = await rememberFailures(subject, recap)
  if (warning !== undefined) printWarning(warning)
}

function exitCode(recap: readonly HostRecap[]): number {
  if (recap.some(({ failed }) => failed > 0)) return EXIT.failed
  return recap.some(({ unreachable }) => unreachable) ? EXIT.unreachable : EXIT.ok
}
