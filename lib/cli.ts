import { randomUUID } from 'node:crypto'
import { accessSync, closeSync, constants, openSync } from 'node:fs'
import { createRequire } from 'node:module'
import { hostname, userInfo } from 'node:os'
import { dirname } from 'node:path'
import { completion } from './completion.ts'
import type { HostRecap } from './engine/events.ts'
import type { LockOwner } from './engine/lock-script.ts'
import { type ReadyPlay, type RunOptions, runPlays } from './engine/run.ts'
import { UsageError } from './errors.ts'
import { helpText } from './help.ts'
import { evaluateInventory, loadInventory, readExtraVars, withExtraVars } from './inventory/index.ts'
import type { Inventory } from './inventory/types.ts'
import { failedHosts, type RunSubject, rememberFailures } from './last-run.ts'
import { manualPage } from './man.ts'
import { type CliOptions, parseOptions } from './options.ts'
import type { Plan } from './plan/document.ts'
import type { Playbook } from './playbook.ts'
import { type Prepared, prepare, type Selection } from './prepare.ts'
import { createStepAsker } from './report/ask-step.ts'
import { createReporter, printError } from './report/index.ts'
import { listPlays } from './report/list.ts'
import { printText, printWarning } from './report/print.ts'
import type { Secret } from './secret.ts'
import { watchSignals } from './signals.ts'
import { newLogPath } from './state.ts'
import type { Completed } from './transport/index.ts'
import type { ConnectionSettings } from './transport/settings.ts'

const EXIT = { ok: 0, fault: 1, usage: 2, failed: 3, unreachable: 4 } as const
/** Seconds; as Ansible's. */
const DEFAULT_TIMEOUT = 10

/** Runs a playbook as a command: reads flags and inventory, runs, sets the process' exit code. Never throws. */
export async function main(playbook: Playbook, args: readonly string[], command: string): Promise<void> {
  const print = (error: unknown) =>
    printError(error, process.stderr, args.includes('--no-color') ? { color: false } : {})
  // Node ends with 0 when a promise that everything waits for never settles: only an end that was reached counts.
  process.exitCode = EXIT.fault
  const onStall = () =>
    print(new Error('the run has come to a stop: it waits for something that never happens'))
  process.once('beforeExit', onStall)
  try {
    process.exitCode = await start(playbook, parseOptions(args, playbook.definition.args), command)
  } catch (error) {
    process.exitCode = error instanceof UsageError ? EXIT.usage : EXIT.fault
    print(error)
  } finally {
    process.off('beforeExit', onStall)
  }
}

async function start(playbook: Playbook, options: CliOptions, command: string): Promise<number> {
  const subject = { name: playbook.name, command, usage: playbook.definition.args }
  if (options.help) return print(helpText(subject))
  if (options.man) return print(manualPage(subject, version()))
  if (options.completion !== undefined) return print(completion(options.completion, command))
  if (options.version) return print(`quorate ${version()}\n`)
  if (wantsKeys(options)) {
    const { unlockVaults } = await import('./vault/unlock.ts')
    await unlockVaults(options, askSecret)
  }
  const extra = await readExtraVars(options.extraVars)
  const inventory = withExtraVars(
    await loadInventory(options.inventory, { playbookDirectory: playbook.directory }),
    extra,
  )
  inventory.warnings.forEach(printWarning)
  if (options.explain !== undefined) return print(await explainVariable(playbook, inventory, options))
  const runSubject = { playbook: playbook.name, inventory: inventory.source }
  const only = options.limitFailed ? await failedHosts(runSubject) : undefined
  const plan = options.applyPlan === undefined ? undefined : await readPlan(options.applyPlan)
  const selection: Selection = plan === undefined ? { ...options, only } : chosenBy(plan)
  const prepared = await prepare(playbook, inventory, selection)
  if (options.list !== undefined) return print(listPlays(prepared.plays, options.list))
  if (prepared.plays.length === 0) {
    printWarning({
      message: 'nothing is left to run',
      hint: 'see --list-tags without --tags and --skip-tags',
    })
  }
  if (options.planOut !== undefined) refuseUnwritableFolder('--plan-out', options.planOut)
  refuseUnwritable({ '--report': options.report, '--junit': options.junit, '--log-file': options.logFile })
  const { completeSettings } = await import('./transport/index.ts')
  const completed = await completeSettings(prepared.settings, options, askSecret)
  return run(playbook, { ...prepared, ...completed }, options, { ...runSubject, selection, plan })
}

async function readPlan(path: string): Promise<Plan> {
  return (await import('./plan/index.ts')).readPlan(path)
}

function chosenBy({ selection }: Plan): Selection {
  const { limit, startAt, ...rest } = selection
  return { ...rest, limit, startAt }
}

/** What is wrong elsewhere does not matter here: it may be why somebody asks. */
async function explainVariable(playbook: Playbook, raw: Inventory, options: CliOptions): Promise<string> {
  const [{ explain }, { explanationText }] = await Promise.all([
    import('./explain.ts'),
    import('./report/explain.ts'),
  ])
  const prepared = await prepare(playbook, raw, { ...options, only: undefined }).catch((error: unknown) => {
    if (!(error instanceof UsageError)) throw error
    return undefined
  })
  const evaluated = await evaluateInventory(raw)
  const sources = { raw, evaluated, plays: prepared?.plays ?? [] }
  if (prepared === undefined) {
    printWarning({
      message: 'the playbook has problems: what it passes, and defaults of roles, are left out',
    })
  }
  return explanationText(explain(options.explain as string, options.host ?? 'all', sources))
}

/** Read where something has to be asked. */
async function askSecret(question: string, what: string): Promise<Secret> {
  return (await import('./report/ask-secret.ts')).askSecret(question, what)
}

function wantsKeys({ vaultIds, vaultPasswordFiles, askVaultPass, ageIdentities }: CliOptions): boolean {
  const given = [...vaultIds, ...vaultPasswordFiles, ...ageIdentities]
  return given.length > 0 || askVaultPass || process.env.ANSIBLE_VAULT_PASSWORD_FILE !== undefined
}

async function run(
  playbook: Playbook,
  { plays, settings, settingsOf, later }: Prepared & Completed,
  options: CliOptions,
  subject: RunSubject & PlanSubject,
): Promise<number> {
  const { shows } = playbook.definition
  const planning = await planningOf(playbook, plays, options, subject)
  const confirm = options.step ? createStepAsker() : undefined
  const reporter = createReporter({
    ...(shows && { shows }),
    // A question would be redrawn away.
    ...(confirm && { live: false }),
    diff: options.diff,
    verbose: options.verbose,
    output: options.output,
    html: options.report,
    junit: options.junit,
    ...(!shows && { logFile: options.logFile ?? newLogPath(playbook.name), pruneLogs: !options.logFile }),
    ...(!options.color && { color: false }),
  })
  const interruption = watchSignals(reporter)
  const { connect, describeRoute } = await import('./transport/index.ts')
  const mode = options.check ? 'check' : options.verify || shows ? 'verify' : 'apply'
  const runOptions: RunOptions = {
    playbook: playbook.name,
    mode,
    ...(confirm && { confirm }),
    ...(mode === 'apply' && { lock: { owner: lockOwner(playbook), force: options.forceUnlock } }),
    grace: options.grace,
    reconnect: ({ name }) => options.reconnect ?? settings.get(name)?.reconnectSeconds,
    ...(options.verbose > 2 && {
      route: ({ name }) => describeRoute(settings.get(name) as ConnectionSettings),
    }),
    diff: options.diff,
    forks: options.forks,
    signal: interruption.signal,
    emit: (event) => reporter.event(event),
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

function print(text: string): number {
  printText(text)
  return EXIT.ok
}

function version(): string {
  return (createRequire(import.meta.url)('quorate/package.json') as { version: string }).version
}
