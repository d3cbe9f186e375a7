import { formatPlace, type Place } from '../errors.ts'
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
  const { depths, ancestors } = descend(draft)
  const compare = (a: DraftGroup, b: DraftGroup) =>
    (depths.get(a.name) ?? 0) - (depths.get(b.name) ?? 0) ||
    a.priority - b.priority ||
    (a.name < b.name ? -1 : 1)
  const sorted = [...draft.groups.values()].sort(compare)
  const position = new Map(sorted.map(({ name }, index) => [name, index]))
  return {
    groupsOf(direct) {
      const all = new Set(direct.flatMap((name) => [name, ...(ancestors.get(name) ?? [])]))
      return [...all].sort((a, b) => (position.get(a) ?? 0) - (position.get(b) ?? 0))
    },
    hosts: (name) => breadthFirstHosts(draft, name),
  }
}

/** Adds groups that contain each other to the draft's problems. */
export function checkLoops(draft: Draft): void {
  const done = new Set<string>()
  const path: string[] = []
  const onPath = new Set<string>()
  const visit = (group: DraftGroup): void => {
    path.push(group.name)
    onPath.add(group.name)
    for (const [child, place] of group.children) {
      if (child === 'all') reportParentOfAll(draft, group.name, place)
      else if (child === 'ungrouped' && group.name !== 'all')
        reportParentOfUngrouped(draft, group.name, place)
      else if (onPath.has(child)) reportLoop(draft, [...path.slice(path.indexOf(child)), child], place)
      else if (!done.has(child)) visit(draft.groups.get(child) as DraftGroup)
    }
    done.add(group.name)
    onPath.delete(path.pop() as string)
  }
  for (const group of draft.groups.values()) if (!done.has(group.name)) visit(group)
}

function reportLoop(draft: Draft, names: readonly string[], place: Place): void {
  const others = names.slice(0, -2).map((name, index) => {
    const line = draft.groups.get(name)?.children.get(names[index + 1] ?? '')
    return line === undefined ? name : formatPlace(line)
  })
  draft.problems.push({
    message: `groups contain each other: ${names.join(' > ')}`,
    place,
    hint: `Remove this line${others.length === 0 ? '' : `, or ${others.join(' or ')}`}.`,
  })
}

function reportParentOfAll(draft: Draft, parent: string, place: Place): void {
  draft.problems.push({
    message: `[${parent}:children] names 'all', which itself contains every group`,
    place,
    hint: 'Remove this line.',
  })
}

/** Ansible takes such hosts out of `ungrouped`, as it does with those of other groups, and so out of the inventory. */
function reportParentOfUngrouped(draft: Draft, parent: string, place: Place): void {
  draft.problems.push({
    message: `[${parent}:children] names 'ungrouped', the group of hosts in no other group`,
    place,
    hint: `Give these hosts a group of their own, and name that in [${parent}:children].`,
  })
}

function adoptOrphans(draft: Draft): void {
  const all = draft.groups.get('all') as DraftGroup
  const withParent = new Set([...draft.groups.values()].flatMap((group) => [...group.children.keys()]))
  for (const { name } of draft.groups.values()) {
    if (name !== 'all' && !withParent.has(name)) all.children.set(name, { file: draft.source, line: 1 })
  }
}

/** Walks from `all` down, each group after all of its parents: the depth is the longest way from `all`. */
function descend(draft: Draft) {
  const depths = new Map<string, number>()
  const ancestors = new Map<string, Set<string>>([...draft.groups.keys()].map((name) => [name, new Set()]))
  const parentsLeft = new Map<string, number>()
  for (const { children } of draft.groups.values()) {
    for (const child of children.keys()) parentsLeft.set(child, (parentsLeft.get(child) ?? 0) + 1)
  }
  const ready = ['all']
  for (const name of ready) {
    for (const child of draft.groups.get(name)?.children.keys() ?? []) {
      depths.set(child, Math.max(depths.get(child) ?? 0, (depths.get(name) ?? 0) + 1))
      for (const ancestor of [name, ...(ancestors.get(name) ?? [])]) ancestors.get(child)?.add(ancestor)
      const left = (parentsLeft.get(child) ?? 1) - 1
      parentsLeft.set(child, left)
      if (left === 0) ready.push(child)
    }
  }
  return { depths, ancestors }
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
  // A set grows while it is walked, and takes each group once.
  for (const name of queue) {
    const group = draft.groups.get(name)
    for (const host of group?.hosts ?? []) hosts.add(host)
    for (const child of group?.children.keys() ?? []) queue.add(child)
  }
  return [...hosts]
}
