import type { Place } from '../errors.ts'
import { addChild, addHost, type Draft, openGroup, setGroupVariable, setHostVariable } from './draft.ts'
import type { Value } from './types.ts'

type Fields = Readonly<Record<string, Value>>

/**
 * Reads what an inventory script prints for `--list`: groups with lists of hosts, and `_meta.hostvars`.
 *
 * @returns the hosts if there is no `_meta`: their variables must be asked for, one by one
 */
export function readScriptOutput(draft: Draft, output: unknown, place: Place): string[] | undefined {
  if (!isMapping(output)) {
    draft.problems.push({ message: 'expected a JSON object with groups', place })
    return undefined
  }
  const hosts = new Set<string>()
  for (const [name, group] of Object.entries(output)) {
    if (name !== '_meta') readGroup(draft, name, group, place, hosts)
  }
  const meta = output._meta
  if (meta === undefined) return [...hosts]
  const hostVars = isMapping(meta) ? meta.hostvars : undefined
  if (!isMapping(hostVars)) {
    draft.problems.push({ message: '_meta.hostvars must be an object', place })
    return undefined
  }
  // As in Ansible: variables of a host that is in no group mean nothing.
  for (const host of hosts) setHostVariables(draft, host, hostVars[host] ?? {}, place)
  return undefined
}

/** Adds the variables that a script gives a host. */
export function setHostVariables(draft: Draft, host: string, vars: Value, place: Place): void {
  if (!isMapping(vars)) draft.problems.push({ message: `the variables of ${host} must be an object`, place })
  else
    for (const [name, value] of Object.entries(vars))
      setHostVariable(draft, host, { name, value: plain(value), place })
}

function readGroup(draft: Draft, name: string, data: Value, place: Place, hosts: Set<string>): void {
  const group = openGroup(draft, name, true, place)
  const { hosts: names, vars, children } = toGroup(name, data)
  for (const host of list(draft, `${name}.hosts`, names, place)) {
    hosts.add(host)
    addHost(draft, group, host, place)
  }
  if (vars !== undefined && !isMapping(vars)) {
    draft.problems.push({ message: `${name}.vars must be an object`, place })
  } else {
    for (const [key, value] of Object.entries(vars ?? {})) {
      setGroupVariable(draft, group, { name: key, value: plain(value), place })
    }
  }
  for (const child of list(draft, `${name}.children`, children, place)) {
    openGroup(draft, child, true, place)
    addChild(draft, name, child, place)
  }
}

/** Old forms: a list of hosts, and variables of a host that has the group's name. */
function toGroup(name: string, data: Value): Fields {
  if (!isMapping(data)) return { hosts: data }
  return 'hosts' in data || 'vars' in data || 'children' in data ? data : { hosts: [name], vars: data }
}

function list(draft: Draft, name: string, value: Value | undefined, place: Place): string[] {
  if (value === undefined) return []
  if (Array.isArray(value) && value.every((item) => typeof item === 'string' && item !== ''))
    return value as string[]
  draft.problems.push({ message: `${name} must be a list of names`, place })
  return []
}

/** A value without Ansible's mark for text that is no template. */
function plain(value: Value): Value {
  if (Array.isArray(value)) return value.map(plain)
  if (!isMapping(value)) return value
  if (typeof value.__ansible_unsafe === 'string') return value.__ansible_unsafe
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]))
}

function isMapping(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
