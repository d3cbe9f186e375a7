import { distance } from 'fastest-levenshtein'
import type { Problem } from '../errors.ts'
import { IGNORED_NAMES, SETTING_NAMES, UNSUPPORTED_NAMES } from './ansible-variables.ts'
import type { InventoryHost, Variable } from './types.ts'

const PREFIX = 'ansible_'
const UNSUPPORTED: ReadonlySet<string> = new Set(UNSUPPORTED_NAMES)
const MEANINGFUL: ReadonlySet<string> = new Set([
  ...Object.values(SETTING_NAMES).flat(),
  ...UNSUPPORTED_NAMES,
])
const INTERPRETER = /^ansible_\w+_interpreter$/
const MISSPELT = new Map<string, string | undefined>()

/** Variables of a host that would be ignored though the user relies on them: misspelt ones and unsupported ones. */
export function doubtfulNames(host: InventoryHost): Problem[] {
  const problems: Problem[] = []
  for (const [name, variable] of host.vars) {
    if (!name.startsWith(PREFIX)) continue
    if (UNSUPPORTED.has(name)) problems.push(...unsupported(name, variable))
    else problems.push(...misspelt(name, variable))
  }
  return problems
}

function unsupported(name: string, { value, place }: Variable): Problem[] {
  if (value === null || value === '') return []
  const hint = name.endsWith('_proxy_command')
    ? 'Use ansible_ssh_common_args: -o ProxyCommand="..."'
    : 'Use ansible_ssh_private_key_file or an SSH agent.'
  return [{ message: `${name} is not supported yet`, place, hint }]
}

function misspelt(name: string, { place }: Variable): Problem[] {
  if (MEANINGFUL.has(name) || IGNORED_NAMES.has(name) || INTERPRETER.test(name)) return []
  // Thousands of hosts may inherit the same variable.
  if (!MISSPELT.has(name)) MISSPELT.set(name, nearestKnown(name))
  const nearest = MISSPELT.get(name)
  if (nearest === undefined) return []
  return [{ message: `${name} is no variable of Ansible`, place, hint: `did you mean ${nearest}?` }]
}

function nearestKnown(name: string): string | undefined {
  let best: string | undefined
  let least = 3
  for (const known of MEANINGFUL) {
    const edits = distance(name, known)
    if (edits < least && isNear(name, known, edits)) {
      best = known
      least = edits
    }
  }
  return best
}

/** Two edits turn one short word into another (`pool`, `port`), unless just the letters' order differs. */
function isNear(name: string, known: string, edits: number): boolean {
  return edits === 1 || name.length >= PREFIX.length + 7 || sortLetters(name) === sortLetters(known)
}

function sortLetters(text: string): string {
  return [...text].sort().join('')
}
