import type { Problem } from '../errors.ts'
import type { Inventory, InventoryGroup, InventoryHost } from './types.ts'

/** Other names of groups: what a playbook calls a group, and what inventories made for other tools call it. */
export type GroupAliases = Readonly<Record<string, readonly string[]>>

/**
 * The inventory with each group also under the playbook's name for it. Where several of its names are there, they must
 * hold the same hosts (or none): to guess which one is meant could take a cluster apart.
 */
export function withGroupAliases(
  inventory: Inventory,
  aliases: GroupAliases,
): { inventory: Inventory; problems: Problem[] } {
  const groups = new Map(inventory.groups)
  const hosts = new Map(inventory.hosts)
  const problems: Problem[] = []
  for (const [name, others] of Object.entries(aliases)) {
    const present = [name, ...others].flatMap((each) => inventory.groups.get(each) ?? [])
    const filled = present.filter((group) => group.hosts.length > 0)
    problems.push(...disagreement(filled))
    const meant = filled[0] ?? present[0]
    if (meant === undefined || meant.name === name) continue
    groups.set(name, { ...meant, name })
    for (const host of meant.hosts) hosts.set(host, joined(hosts.get(host) as InventoryHost, name))
  }
  return { inventory: { ...inventory, groups, hosts }, problems }
}

function joined(host: InventoryHost, group: string): InventoryHost {
  return host.groups.includes(group) ? host : { ...host, groups: [...host.groups, group] }
}

function disagreement([first, ...others]: readonly InventoryGroup[]): Problem[] {
  const other = others.find((group) => members(group) !== members(first as InventoryGroup))
  if (first === undefined || other === undefined) return []
  return [
    {
      message: `the groups ${first.name} and ${other.name} mean the same, but have different hosts`,
      hint: `${first.name}: ${first.hosts.join(', ')}; ${other.name}: ${other.hosts.join(', ')}. Remove one of them.`,
    },
  ]
}

function members({ hosts }: InventoryGroup): string {
  return [...hosts].sort().join('\n')
}
