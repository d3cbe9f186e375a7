import { parseArgs } from 'node:util'
import { UsageError } from './errors.ts'
import { toAnsibleGraph, toAnsibleHost, toAnsibleList } from './inventory/ansible-shape.ts'
import { toDot, toMermaid } from './inventory/diagrams.ts'
import { limitHosts, loadInventory } from './inventory/index.ts'
import type { Inventory } from './inventory/types.ts'
import { askSecret } from './report/ask-secret.ts'
import { printError } from './report/index.ts'
import { printText, printWarning } from './report/print.ts'
import { didYouMean } from './suggest.ts'

const OPTIONS = {
  inventory: { type: 'string', short: 'i', multiple: true },
  limit: { type: 'string', short: 'l' },
  'playbook-dir': { type: 'string' },
  'vault-password-file': { type: 'string', multiple: true },
  'vault-id': { type: 'string', multiple: true },
  'ask-vault-pass': { type: 'boolean', short: 'J' },
  'age-identity': { type: 'string', multiple: true },
  list: { type: 'boolean' },
  graph: { type: 'boolean' },
  mermaid: { type: 'boolean' },
  dot: { type: 'boolean' },
  host: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const

const USAGE = `npm run inventory -- WHAT [-i SOURCE]...: what an inventory means

  --list              groups, hosts and variables as JSON, in the shape of ansible-inventory
  --host NAME         the variables of one host, as JSON
  --graph [GROUP]     groups and hosts as a tree
  --mermaid           groups and hosts as a Mermaid diagram
  --dot               the same for Graphviz

  -i, --inventory SOURCE    a file, a directory, or h1,h2, (default: inventory/hosts.ini); may be repeated
  -l, --limit PATTERN       --list: only these hosts
      --playbook-dir DIR    also read group_vars/ and host_vars/ there
      --vault-password-file FILE, --vault-id LABEL@SOURCE, --ask-vault-pass (-J), --age-identity FILE
                            keys for what is encrypted, as for playbooks

Values of variables that look like secrets by their names are printed as ***.
`

/** `npm run inventory`. Sets the process' exit code; never throws. */
export async function inventoryCommand(args: readonly string[]): Promise<void> {
  try {
    printText(await answer(args))
  } catch (error) {
    process.exitCode = error instanceof UsageError ? 2 : 1
    printError(error, process.stderr)
  }
}

async function answer(args: readonly string[]): Promise<string> {
  const { values, positionals } = parse(args)
  if (values.help) return USAGE
  const actions = [values.list, values.graph, values.mermaid, values.dot, values.host].filter(
    (value) => value !== undefined,
  )
  if (actions.length !== 1) throw usage('say one of --list, --host NAME, --graph, --mermaid and --dot')
  if (positionals.length > (values.graph ? 1 : 0)) throw usage(`unexpected argument ${positionals.at(-1)}`)
  await unlock(values)
  const inventory = await loadInventory(values.inventory ?? ['inventory/hosts.ini'], {
    playbookDirectory: values['playbook-dir'],
  })
  inventory.warnings.forEach(printWarning)
  if (values.host !== undefined) return json(toAnsibleHost(find('host', values.host, inventory.hosts)))
  if (values.mermaid) return toMermaid(inventory)
  if (values.dot) return toDot(inventory)
  if (values.graph) return `${toAnsibleGraph(inventory, groupName(inventory, positionals[0])).join('\n')}\n`
  const hosts = values.limit === undefined ? undefined : new Set(limitHosts(values.limit, inventory))
  return json(toAnsibleList(inventory, hosts))
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true })
  } catch (error) {
    const { message } = error as Error
    const unknown = /^Unknown option '(\S+)'/.exec(message)?.[1]
    if (unknown === undefined) throw usage(message)
    const flags = Object.keys(OPTIONS).map((name) => `--${name}`)
    throw new UsageError([{ message: `unknown flag ${unknown}`, hint: didYouMean(unknown, flags) }])
  }
}

async function unlock(values: ReturnType<typeof parse>['values']): Promise<void> {
  const sources = {
    vaultIds: values['vault-id'] ?? [],
    vaultPasswordFiles: values['vault-password-file'] ?? [],
    askVaultPass: values['ask-vault-pass'] ?? false,
    ageIdentities: values['age-identity'] ?? [],
  }
  const isGiven = Object.values(sources).some(
    (source) => source === true || (Array.isArray(source) && source.length > 0),
  )
  if (!isGiven && process.env.ANSIBLE_VAULT_PASSWORD_FILE === undefined) return
  const { unlockVaults } = await import('./vault/unlock.ts')
  await unlockVaults(sources, askSecret)
}

function groupName(inventory: Inventory, name = 'all'): string {
  return find('group', name, inventory.groups).name
}

function find<T>(kind: string, name: string, known: ReadonlyMap<string, T>): T {
  const found = known.get(name)
  if (found !== undefined) return found
  throw new UsageError([{ message: `there is no ${kind} ${name}`, hint: didYouMean(name, known.keys()) }])
}

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 4)}\n`
}

function usage(message: string): UsageError {
  return new UsageError([{ message, hint: 'npm run inventory -- --help says what there is' }])
}
