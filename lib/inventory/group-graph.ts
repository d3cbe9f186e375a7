import { didYouMean } from '../suggest.ts'
import type { Draft, DraftGroup } from './draft.ts'

/** How groups relate once the whole file is known. */
export interface GroupGraph {
  /** All groups of a host that is listed in `direct`: parents before children, then by priority and name. */
  groupsOf(direct: readonly string[]): readonly string[]
  /** Names of a group's hosts, those of child groups included, breadth first. */
  hosts(name: string): readonly string[]
}

/** Adds groups that an INI file names and never declares to the draft's problems. */
export function checkDeclared(draft: Draft): void {
  const declared = [...draft.groups.values()].filter((group) => group.declared).map((group) => group.name)
  const toDeclare = (name: string) =>
    `Declare it with a header of its own, [${name}]; ${didYouMean(name, declared)}`
  for (const group of draft.groups.values()) {
    if (group.declared || group.place === undefined) continue
    const message = `[${group.name}:vars] is for a group that does not exist`
    draft.problems.push({ message, place: group.place, hint: toDeclare(group.name) })
    group.declared = true
  }
  for (const [child, parents] of draft.awaited) {
    for (const [parent, place] of parents) {
      draft.problems.push({
        message: `[${parent}:children] names '${child}', a group that does not exist`,
        place,
        hint: draft.hosts.has(child) ? `${child} is a host: list it under [${parent}].` : toDeclare(child),
      })
    }
  }
  draft.awaited.clear()
}

/**
 * Gives every group without a parent to `all`, and hosts in no other group to `ungrouped`, then answers questions.
 * The draft must be free of problems.
 */
export function groupGraph(draft: Draft): GroupGraph {
  adoptOrphans(draft)
  settleUngrouped(draft)
  const parents = parentsOf(draft)
  const depths = depthsOf(draft, parents)
  const compare = (a: DraftGroup, b: DraftGroup) =>
    (depths.get(a.name) ?? 0) - (depths.get(b.name) ?? 0) ||
    a.priority - b.priority ||
    (a.name < b.name ? -1 : 1)
  const sorted = [...draft.groups.values()].sort(compare)
  const position = new Map(sorted.map(({ name }, index) => [name, index]))
  return {
    groupsOf(direct) {
      const all = new Set(direct)
      // A set grows while it is walked, and takes each group once.
      for (const name of all) for (const parent of parents.get(name) ?? []) all.add(parent)
      return [...all].sort((a, b) => (position.get(a) ?? 0) - (position.get(b) ?? 0))
    },
    hosts: (name) => breadthFirstHosts(draft, name),
  }
}

function adoptOrphans(draft: Draft): void {
  const all = draft.groups.get('all') as DraftGroup
  const withParent = new Set([...draft.groups.values()].flatMap((group) => [...group.children.keys()]))
  for (const { name } of draft.groups.values()) {
    if (name !== 'all' && !withParent.has(name)) all.children.set(name, { file: draft.source, line: 1 })
  }
}

/** The parents of each group. */
function parentsOf(draft: Draft): Map<string, string[]> {
  const parents = new Map<string, string[]>([...draft.groups.keys()].map((name) => [name, []]))
  for (const { name, children } of draft.groups.values()) {
    for (const child of children.keys()) parents.get(child)?.push(name)
  }
  return parents
}

/** Walks from `all` down, each group after all of its parents: the depth is the longest way from `all`. */
function depthsOf(draft: Draft, parents: ReadonlyMap<string, readonly string[]>): Map<string, number> {
  const depths = new Map<string, number>()
  const parentsLeft = new Map([...parents].map(([name, { length }]) => [name, length]))
  const ready = ['all']
  for (const name of ready) {
    for (const child of draft.groups.get(name)?.children.keys() ?? []) {
      depths.set(child, Math.max(depths.get(child) ?? 0, (depths.get(name) ?? 0) + 1))
      const left = (parentsLeft.get(child) ?? 1) - 1
      parentsLeft.set(child, left)
      if (left === 0) ready.push(child)
    }
  }
  return depths
}

function settleUngrouped(draft: Draft): void {
  const ungrouped = draft.groups.get('ungrouped') as DraftGroup
  const grouped = new Set<string>()
  for (const { name, hosts } of draft.groups.values()) {
    if (name !== 'all' && name !== 'ungrouped') for (const host of hosts) grouped.add(host)
  }
  for (const host of ungrouped.hosts) if (grouped.has(host)) ungrouped.hosts.delete(host)
  for (const host of draft.hosts.keys()) if (!grouped.has(host)) ungrouped.hosts.add(host)
}

function breadthFirstHosts(draft: Draft, start: string): readonly string[] {
  const queue = new Set([start])
  const hosts = new Set<string>()
  for (const name of queue) {
    const group = draft.groups.get(name)
    for (const host of group?.hosts ?? []) hosts.add(host)
    for (const child of group?.children.keys() ?? []) queue.add(child)
  }
  return [...hosts]
}
