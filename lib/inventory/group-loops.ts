import { formatPlace, type Place } from '../errors.ts'
import type { Draft, DraftGroup } from './draft.ts'

/** Adds groups that contain each other to the draft's problems. */
export function checkLoops(draft: Draft): void {
  const done = new Set<string>()
  for (const group of draft.groups.values()) if (!done.has(group.name)) searchLoops(draft, group, done)
}

/** Walks down from a group, without recursion: groups may be nested deeper than function calls can be. */
function searchLoops(draft: Draft, start: DraftGroup, done: Set<string>): void {
  // The groups on the way to where the walk is, and which of their children are still to be visited.
  const path = new Map([[start.name, start.children.entries()]])
  const stack = [start]
  for (let group = stack.at(-1); group !== undefined; group = stack.at(-1)) {
    const next = path.get(group.name)?.next()
    if (next === undefined || next.done) {
      done.add(group.name)
      path.delete(group.name)
      stack.pop()
      continue
    }
    const [name, place] = next.value
    const child = draft.groups.get(name)
    if (name === 'all') reportParentOfAll(draft, group.name, place)
    else if (name === 'ungrouped' && group.name !== 'all') reportParentOfUngrouped(draft, group.name, place)
    else if (path.has(name)) reportLoop(draft, loopFrom(name, [...path.keys()]), place)
    else if (child !== undefined && !done.has(name)) {
      path.set(name, child.children.entries())
      stack.push(child)
    }
  }
}

function loopFrom(name: string, path: readonly string[]): string[] {
  return [...path.slice(path.indexOf(name)), name]
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
