import type { Inventory, InventoryHost, Value } from './types.ts'
import { isSecretName } from './variables.ts'

type Json = Readonly<Record<string, unknown>>

/**
 * What `ansible-inventory --list` prints. Values of variables that look like secrets are masked.
 *
 * @param only - the hosts to show; default: all
 */
export function toAnsibleList(inventory: Inventory, only?: ReadonlySet<string>): Json {
  const isShown = (name: string) => only === undefined || only.has(name)
  const groups = [...inventory.groups.values()].flatMap(({ name, directHosts, children }) => {
    const hosts = directHosts.filter(isShown)
    const group = {
      ...(name !== 'all' && hosts.length > 0 && { hosts }),
      ...(children.length > 0 && { children }),
    }
    return Object.keys(group).length === 0 ? [] : [[name, group] as const]
  })
  const all = inventory.groups.get('all')?.hosts.filter(isShown) ?? []
  const vars = all.flatMap((name) => {
    const host = inventory.hosts.get(name)
    return host === undefined || host.vars.size === 0 ? [] : [[name, toAnsibleHost(host)] as const]
  })
  // A variable may be named `__proto__`: only fromEntries makes it a key like any other.
  return Object.fromEntries([
    ['_meta', { hostvars: Object.fromEntries(vars), profile: 'inventory_legacy' }],
    ...groups,
  ])
}

/** What `ansible-inventory --host NAME` prints: the host's merged variables. */
export function toAnsibleHost(host: InventoryHost): Json {
  return Object.fromEntries([...host.vars].map(([name, { value }]) => [name, shown(name, value)]))
}

/** What `ansible-inventory --graph` prints: a tree of groups and hosts, from a group down. */
export function toAnsibleGraph(inventory: Inventory, group = 'all', depth = 0): string[] {
  const found = inventory.groups.get(group)
  if (found === undefined) return []
  const hosts = group === 'all' ? [] : found.directHosts
  return [
    branch(`@${group}:`, depth),
    ...found.children.flatMap((child) => toAnsibleGraph(inventory, child, depth + 1)),
    ...hosts.map((host) => branch(host, depth + 1)),
  ]
}

function branch(text: string, depth: number): string {
  return depth === 0 ? text : `${'  |'.repeat(depth)}--${text}`
}

function shown(name: string, value: Value): Value {
  return isSecretName(name) && value !== '' && value !== null ? '***' : value
}
