import type { Draft, DraftGroup } from './draft.ts'
import type { DraftHost } from './draft-host.ts'
import type { GroupGraph } from './group-graph.ts'
import type { LayerFiles } from './layer-files.ts'
import { LazyVariables } from './lazy-variables.ts'
import type { Inventory, InventoryGroup, InventoryHost, Variable } from './types.ts'
import { overlay, type Variables } from './variables.ts'

const NOTHING: Variables = new Map()

/** What all hosts of the same groups have in common. */
interface Shared {
  readonly groups: () => readonly string[]
  readonly vars: ReadonlyMap<string, Variable>
}

/**
 * The inventory that a draft without problems and its variables files mean. Lists and variables are made when somebody
 * asks for them.
 */
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
    hosts.set(host.name, resolveHost(host, shared(membership.get(host.name) ?? ['all']), files))
  }
  return { source: draft.source, hosts, groups, warnings: draft.warnings }
}

function resolveGroup(group: DraftGroup, graph: GroupGraph, files: readonly LayerFiles[]): InventoryGroup {
  const hosts = once(() => graph.hosts(group.name))
  return {
    name: group.name,
    children: [...group.children.keys()],
    directHosts: [...group.hosts],
    get hosts() {
      return hosts()
    },
    vars: overlay(group.vars, ...files.map(({ groups }) => groups.get(group.name) ?? NOTHING)),
  }
}

function resolveHost(host: DraftHost, shared: Shared, files: readonly LayerFiles[]): InventoryHost {
  const fromFiles = files.flatMap(({ hosts }) => hosts.get(host.name) ?? [])
  const hasOwn = host.hasVars || fromFiles.length > 0
  return {
    name: host.name,
    source: host.place.file.startsWith('-i ') ? undefined : host.place.file,
    get groups() {
      return shared.groups()
    },
    vars: hasOwn
      ? new LazyVariables(
          () => overlay(shared.vars, host.vars, ...fromFiles),
          () => [shared.vars, host.varsReadSoFar, ...fromFiles],
        )
      : shared.vars,
  }
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
  const cache = new Map<string, Shared>()
  return (direct: readonly string[]): Shared => {
    const key = direct.join('\n')
    const cached = cache.get(key)
    if (cached !== undefined) return cached
    const groups = once(() => graph.groupsOf(direct))
    const layers = once(() => groupLayers(groups(), draft, files))
    const shared = { groups, vars: new LazyVariables(() => overlay(...layers()), layers) }
    cache.set(key, shared)
    return shared
  }
}

/** Ansible's rank: the lines of all groups, then the files of `all`, then those of the other groups. */
function groupLayers(groups: readonly string[], draft: Draft, files: readonly LayerFiles[]): Variables[] {
  const lines = groups.map((name) => draft.groups.get(name)?.vars ?? NOTHING)
  const ofAll = files.map((layer) => layer.groups.get('all') ?? NOTHING)
  const others = groups.filter((name) => name !== 'all')
  const ofOthers = files.flatMap((layer) => others.map((name) => layer.groups.get(name) ?? NOTHING))
  return [...lines, ...ofAll, ...ofOthers].filter(({ size }) => size > 0)
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
