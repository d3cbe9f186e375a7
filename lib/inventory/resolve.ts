import type { Draft, DraftGroup, DraftHost } from './draft.ts'
import type { GroupGraph } from './group-graph.ts'
import type { LayerFiles } from './layer-files.ts'
import type { Inventory, InventoryGroup, InventoryHost } from './types.ts'
import { overlay, type Variables } from './variables.ts'

const NOTHING: Variables = new Map()

/** The inventory that a draft without problems and its variables files mean. */
export function resolveInventory(
  draft: Draft,
  graph: GroupGraph,
  files: readonly LayerFiles[],
): Omit<Inventory, 'directory'> {
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

function resolveGroup(group: DraftGroup, graph: GroupGraph, files: readonly LayerFiles[]): InventoryGroup {
  return {
    name: group.name,
    children: [...group.children.keys()],
    directHosts: [...group.hosts],
    hosts: graph.hosts(group.name),
    vars: [group.vars, ...files.map(({ groups }) => groups.get(group.name) ?? NOTHING)].reduce(overlay),
  }
}

function hostVars(groupVars: Variables, host: DraftHost, files: readonly LayerFiles[]): Variables {
  const fromFiles = files.map(({ hosts }) => hosts.get(host.name) ?? NOTHING)
  return [groupVars, host.vars, ...fromFiles].reduce(overlay)
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
function shareByGroups(draft: Draft, graph: GroupGraph, files: readonly LayerFiles[]) {
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

/** Ansible's rank: the lines of all groups, then the files of `all`, then those of the other groups. */
function groupVars(groups: readonly string[], draft: Draft, files: readonly LayerFiles[]): Variables {
  const lines = groups.map((name) => draft.groups.get(name)?.vars ?? NOTHING)
  const ofAll = files.map((layer) => layer.groups.get('all') ?? NOTHING)
  const others = groups.filter((name) => name !== 'all')
  const ofOthers = files.flatMap((layer) => others.map((name) => layer.groups.get(name) ?? NOTHING))
  return [...lines, ...ofAll, ...ofOthers].reduce(overlay, NOTHING)
}
