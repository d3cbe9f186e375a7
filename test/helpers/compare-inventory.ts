import { UsageError } from '../../lib/errors.ts'
import { toAnsibleGraph, toAnsibleList } from '../../lib/inventory/ansible-shape.ts'
import { limitHosts, loadInventory, selectHosts } from '../../lib/inventory/index.ts'
import type { Inventory } from '../../lib/inventory/types.ts'
import type { AnsibleInventory, Question } from './ansible-oracle.ts'

/** What Quorate makes of an inventory, in the form of the oracle's answer. */
export function toAnswer(inventory: Inventory, { patterns = [], limits = [] }: Question): AnsibleInventory {
  return portable({
    list: toAnsibleList(inventory),
    graph: toAnsibleGraph(inventory),
    hosts: Object.fromEntries([...inventory.groups.values()].map(({ name, hosts }) => [name, hosts])),
    patterns: Object.fromEntries(
      patterns.map((pattern) => [pattern, tryTo(() => selectHosts(pattern, inventory))]),
    ),
    limits: Object.fromEntries(limits.map((limit) => [limit, tryTo(() => limitAll(inventory, limit))])),
  })
}

/** The inventory that a question is about, or the messages of all problems. */
export async function loadFor({ sources, playbookDirectory }: Question): Promise<Inventory | string[]> {
  try {
    return await loadInventory(sources, { playbookDirectory })
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    return error.problems.map(({ message }) => message)
  }
}

/** What `--limit` leaves of `all`. */
function limitAll(inventory: Inventory, limit: string): string[] {
  const chosen = new Set(limitHosts(limit, inventory))
  return inventory.groups.get('all')?.hosts.filter((host) => chosen.has(host)) ?? []
}

function tryTo(select: () => string[]): readonly string[] | { error: string } {
  try {
    return select()
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    return { error: error.message }
  }
}

/** As the oracle writes what JSON cannot hold. */
function portable<T>(value: T): T {
  const names: Record<string, string> = { Infinity: 'inf', '-Infinity': '-inf', NaN: 'nan' }
  const replace = (_: string, item: unknown) =>
    typeof item === 'number' && !Number.isFinite(item) ? names[String(item)] : item
  return JSON.parse(JSON.stringify(value, replace))
}
