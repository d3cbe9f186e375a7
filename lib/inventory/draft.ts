import type { Place, Problem } from '../errors.ts'
import { DraftHost } from './draft-host.ts'
import type { Value } from './types.ts'
import { assign, type Setting, type Variables } from './variables.ts'

/** A group while the inventory is being read. */
export interface DraftGroup {
  readonly name: string
  /** Where its first header is; undefined for `all` and `ungrouped`. */
  readonly place: Place | undefined
  /** A `[name]` or `[name:children]` header was seen: `:vars` alone declares nothing. */
  declared: boolean
  /** Names of direct children, and the line that says so. */
  readonly children: Map<string, Place>
  /** Names of hosts listed directly. */
  readonly hosts: Set<string>
  readonly vars: Variables
  priority: number
}

/** What the inventory's sources say, before groups are resolved and variables merged. */
export interface Draft {
  /** As the user named it; several sources with commas between them. */
  readonly source: string
  readonly groups: Map<string, DraftGroup>
  readonly hosts: Map<string, DraftHost>
  readonly problems: Problem[]
  readonly warnings: Problem[]
  /** Children that an INI file names before their own header: child to the parents that wait for it. */
  readonly awaited: Map<string, Map<string, Place>>
  /** While an encrypted source is read: makes its values secrets. */
  hide: ((value: Value) => Value) | undefined
}

const PRIORITY = 'ansible_group_priority'
const WHOLE_NUMBER = /^\s*[+-]?\d+\s*$/

/** An inventory that holds nothing but `all` and its child `ungrouped`. */
export function newDraft(source: string): Draft {
  const draft: Draft = {
    source,
    groups: new Map(),
    hosts: new Map(),
    problems: [],
    warnings: [],
    awaited: new Map(),
    hide: undefined,
  }
  addGroup(draft, 'all', undefined).declared = true
  addGroup(draft, 'ungrouped', undefined).declared = true
  draft.groups.get('all')?.children.set('ungrouped', { file: source, line: 1 })
  return draft
}

/** The group that a section header names; `declares` is false for `[name:vars]`. */
export function openGroup(draft: Draft, name: string, declares: boolean, place: Place): DraftGroup {
  const group = draft.groups.get(name) ?? addGroup(draft, name, place)
  if (!declares) return group
  group.declared = true
  // Ansible links a forward reference when the child is declared, which decides the order of hosts.
  for (const [parent, line] of draft.awaited.get(name) ?? []) addChild(draft, parent, name, line)
  draft.awaited.delete(name)
  return group
}

/** A line of `[parent:children]`. */
export function addChild(draft: Draft, parent: string, child: string, place: Place): void {
  if (draft.groups.has(child)) {
    draft.groups.get(parent)?.children.set(child, place)
    return
  }
  const parents = draft.awaited.get(child) ?? new Map<string, Place>()
  draft.awaited.set(child, parents.set(parent, place))
}

/** A host listed in a group. Returns false if it was known already. */
export function addHost(draft: Draft, group: DraftGroup, name: string, place: Place): boolean {
  group.hosts.add(name)
  if (draft.hosts.has(name)) return false
  draft.hosts.set(name, new DraftHost(name, place))
  return true
}

/** A variable of a host line. As in Ansible it lands on the group, if a group of that name was seen before. */
export function setHostVariable(draft: Draft, name: string, setting: Setting): void {
  const group = draft.groups.get(name)
  const host = draft.hosts.get(name)
  if (group !== undefined) setGroupVariable(draft, group, setting)
  else if (host !== undefined) assign(host.vars, hidden(draft, setting), host.layer)
}

/** A line of `[group:vars]`. The priority is no variable: it orders the group among those of its depth. */
export function setGroupVariable(draft: Draft, group: DraftGroup, setting: Setting): void {
  if (setting.name === PRIORITY) setPriority(draft, group, setting)
  else assign(group.vars, hidden(draft, setting), `group ${group.name}`)
}

function hidden(draft: Draft, setting: Setting): Setting {
  return draft.hide === undefined ? setting : { ...setting, value: draft.hide(setting.value) }
}

function setPriority(draft: Draft, group: DraftGroup, { value, place }: Setting): void {
  const number = typeof value === 'string' && WHOLE_NUMBER.test(value) ? Number(value) : value
  if (typeof number === 'number' && Number.isFinite(number)) {
    group.priority = Math.trunc(number)
    return
  }
  draft.problems.push({
    message: `${PRIORITY} must be a whole number, not ${JSON.stringify(value)}`,
    place,
    hint: `Higher numbers win among groups of the same depth; the default is 1: ${PRIORITY}=10`,
  })
}

function addGroup(draft: Draft, name: string, place: Place | undefined): DraftGroup {
  const group: DraftGroup = {
    name,
    place,
    declared: false,
    children: new Map(),
    hosts: new Set(),
    vars: new Map(),
    priority: 1,
  }
  draft.groups.set(name, group)
  return group
}
