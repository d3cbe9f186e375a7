import type { Draft, DraftGroup, DraftHost } from './draft.ts'
import type { GroupGraph } from './group-graph.ts'
import type { Inventory, InventoryGroup, InventoryHost } from './types.ts'
import { overlay, type Variables } from './variables.ts'

/** Variables from `group_vars/` and `host_vars/`, by group and by host. */
export interface LayerFiles {
  readonly groups: ReadonlyMap<string, Variables>
  readonly hosts: ReadonlyMap<string, Variables>
}

const NOTHING: Variables = new Map()

/** The inventory that a draft without problems and its variables files mean. */
export function resolveInventory(draft: Draft, graph: GroupGraph, files: LayerFiles): Inventory {
  const groups = new Map<string, InventoryGroup>()
  for (const group of draft.groups.values()) groups.set(group.name, resolveGroup(group, graph, files))
  const membership = directGroups(draft)
  const shared = shareByGroups(draft, graph, files)
  const hosts = new Map<string, InventoryHost>()
  for (const host of draft.hosts.values()) {
    const { groups: names, vars } = shared(membership.get(host.name) ?? ['all'])
    hosts.set(host.name, { name: host.name, groups: names, vars: hostVars(vars, host, files) })
  }
  return { source: draft.source, hosts, groups, warnings: draft.warnings }
}

function resolveGroup(group: DraftGroup, graph: GroupGraph, files: LayerFiles): InventoryGroup {
  return {
    name: group.name,
    children: [...group.children.keys()],
    hosts: graph.hosts(group.name),
    vars: overlay(group.vars, files.groups.get(group.name) ?? NOTHING),
  }
}

function hostVars(groupVars: Variables, host: DraftHost, files: LayerFiles): Variables {
  return overlay(overlay(groupVars, host.vars), files.hosts.get(host.name) ?? NOTHING)
}

function directGroups(draft: Draft): Map<string, string[]> {
  const membership = new Map<string, string[]>()
  for (const { name, hosts } of draft.groups.values()) {
    for (const host of hosts) {
      const names = membership.get(host)
      if (names === undefined) membership.set(host, [name])
      else names.push(name)
    }
  }
  return membership
}

/** Hosts of the same groups share their groups' merged variables: thousands of hosts cost no more than one. */
function shareByGroups(draft: Draft, graph: GroupGraph, files: LayerFiles) {
  const cache = new Map<string, { groups: readonly string[]; vars: Variables }>()
  return (direct: readonly string[]) => {
    const key = direct.join('\n')
    const cached = cache.get(key)
    if (cached !== undefined) return cached
    const groups = graph.groupsOf(direct)
    const resolved = { groups, vars: groupVars(groups, draft, files) }
    cache.set(key, resolved)
    return resolved
  }
}

/** Ansible's rank: all lines of all groups, then all files, each with `all` first. */
function groupVars(groups: readonly string[], draft: Draft, files: LayerFiles): Variables {
  const lines = groups.map((name) => draft.groups.get(name)?.vars ?? NOTHING)
  const fromFiles = groups.map((name) => files.groups.get(name) ?? NOTHING)
  return [...lines, ...fromFiles].reduce(overlay, NOTHING)
}
