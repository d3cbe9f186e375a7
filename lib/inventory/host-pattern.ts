import type { Place } from '../errors.ts'
import { isHostName, splitPort } from './address.ts'
import { addHost, type Draft, type DraftGroup, setHostVariable } from './draft.ts'
import { expandHostRange } from './host-range.ts'
import { SyntaxProblem } from './syntax-problem.ts'
import type { Setting } from './variables.ts'

/** Hosts that an inventory lists in one place: a name or a range, perhaps with a port, and their variables. */
export interface Listing {
  readonly names: readonly string[]
  readonly port: number | undefined
  readonly settings: readonly Setting[]
  readonly place: Place
}

/**
 * The names that `web[1:3]:2222` stands for, and its port.
 *
 * @throws SyntaxProblem
 */
export function readHostPattern(pattern: string): { names: readonly string[]; port: number | undefined } {
  const { name, port } = splitPort(pattern)
  if (pattern.endsWith(':')) {
    throw new SyntaxProblem(`'${pattern}' ends in ':' but names no port`, {
      hint: `Write ${pattern}22 or ${pattern.slice(0, -1)}.`,
    })
  }
  return { names: name.includes('[') ? expandHostRange(name) : [name], port }
}

/** Adds hosts to a group, with what is said about them. */
export function listHosts(draft: Draft, group: DraftGroup, pattern: string, listing: Listing): void {
  const { names, port, settings, place } = listing
  if (names.length === 0) {
    draft.warnings.push({
      message: `the range in '${pattern}' is empty: it stands for no host`,
      place,
      hint: 'Ranges run from the smaller number to the larger: web[1:3].',
    })
  }
  for (const name of names) {
    if (!isHostName(name)) warnOddName(draft, place, name)
    const isNew = addHost(draft, group, name, place)
    if (port !== undefined) setPort(draft, place, name, port, isNew)
    for (const setting of settings) setHostVariable(draft, name, setting)
  }
}

/** As in Ansible, only what names a host for the first time can give it a port this way. */
function setPort(draft: Draft, place: Place, name: string, port: number, isNew: boolean): void {
  const host = draft.hosts.get(name)
  if (host !== undefined && isNew && port !== 0) {
    const setting = { value: port, place, layer: `host ${name}`, overrides: undefined }
    host.vars.set('ansible_port', setting)
    return
  }
  if (host?.vars.get('ansible_port')?.value === port) return
  draft.warnings.push({
    message: `port ${port} of '${name}' is ignored`,
    place,
    hint:
      port === 0
        ? 'Ports are 1 to 65535.'
        : `Only the first line that names a host can give it a port this way: write ansible_port=${port}.`,
  })
}

function warnOddName(draft: Draft, place: Place, name: string): void {
  draft.warnings.push({ message: `'${name}' is an odd name for a host`, place, hint: oddNameHint(name) })
}

function oddNameHint(name: string): string {
  if (name.includes('=')) return 'If this is a variable of a group, it belongs below a header [group:vars].'
  if (name.includes('@')) return 'The user to log in as is a variable: ansible_user=admin.'
  if (/:[^:]*$/.test(name)) return 'A port is a number: web1:2222, [fe80::1]:2222.'
  return 'Host names are letters, digits, "-", "_" and ".".'
}
