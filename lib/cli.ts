import { completion } from './completion.ts'
import { UsageError } from './errors.ts'
import { EXIT } from './exit-codes.ts'
import { helpText } from './help.ts'
import { evaluateInventory, loadInventory, readExtraVars, withExtraVars } from './inventory/index.ts'
import type { Inventory } from './inventory/types.ts'
import { failedHosts } from './last-run.ts'
import { manualPage } from './man.ts'
import { type CliOptions, parseOptions } from './options.ts'
import type { Plan } from './plan/document.ts'
import type { Playbook } from './playbook.ts'
import { prepare, type Selection } from './prepare.ts'
import { listPlays } from './report/list.ts'
import { printText, printWarning } from './report/print.ts'
import { printError } from './report/print-error.ts'
import type { Secret } from './secret.ts'
import { version } from './version.ts'

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
  const { runCommand } = await import('./run-command.ts')
  return runCommand(playbook, prepared, options, { ...runSubject, selection, plan })
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

function print(text: string): number {
  printText(text)
  return EXIT.ok
}
