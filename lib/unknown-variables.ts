import { distance } from 'fastest-levenshtein'
import type { Problem } from './errors.ts'
import { EXTRA_LAYER, isConnectionName, isDeferred } from './inventory/index.ts'
import type { Inventory, Variable } from './inventory/types.ts'
import type { AppliedRole } from './role.ts'
import { didYouMean } from './suggest.ts'
import { keysOf, variableName } from './variable-names.ts'

/** Read by Quorate itself, in every playbook. */
const OWN_NAMES: readonly string[] = ['ip', 'quorate_known_hosts', 'quorate_reconnect']

/**
 * Variables that nothing reads: misspelt ones, ones that carry the prefix of a role but are none of its, and all such
 * from the command line, where nobody keeps variables for other tools.
 */
export function unknownVariables(
  inventory: Inventory,
  cluster: readonly string[],
  roles: readonly AppliedRole[],
): Problem[] {
  const known = new Set(cluster.map((key) => variableName(key)))
  const prefixes = new Map<string, string>()
  for (const { definition } of roles) {
    prefixes.set(variableName('', definition.name), definition.name)
    for (const key of keysOf(definition.vars)) known.add(variableName(key, definition.name))
  }
  const problems = new Map<string, Problem>()
  const judged = new Set<Variable>()
  const elsewhere = namesBelowExtra(inventory)
  const used = wordsOfTemplates(inventory)
  for (const [name, variable] of allVariables(inventory)) {
    if (judged.has(variable)) continue
    judged.add(variable)
    const { place, layer } = variable
    const prefix = [...prefixes.keys()].find((candidate) => name.startsWith(candidate))
    const isForeign = layer !== EXTRA_LAYER || elsewhere.has(name) || isConnectionName(name)
    if (known.has(name) || OWN_NAMES.includes(name) || used.has(name)) continue
    if (prefix === undefined && isForeign && !isMisspelt(name, known)) continue
    const message = prefix
      ? `role ${prefixes.get(prefix)} has no variable ${name}`
      : `nothing reads the variable ${name}`
    problems.set(`${name} ${place.file} ${place.line}`, { message, place, hint: didYouMean(name, known) })
  }
  return [...problems.values()]
}

/** Every variable of every group and host; those that hosts share come more than once. */
export function* allVariables(inventory: Inventory): Generator<[string, Variable]> {
  for (const group of inventory.groups.values()) yield* group.vars
  for (const host of inventory.hosts.values()) yield* host.vars
}

/** The names that the inventory itself sets anywhere. */
function namesBelowExtra(inventory: Inventory): ReadonlySet<string> {
  const names = new Set<string>()
  for (const [name, variable] of allVariables(inventory)) {
    let lower: Variable | undefined = variable
    while (lower?.layer === EXTRA_LAYER) lower = lower.overrides
    if (lower !== undefined) names.add(name)
  }
  return names
}

/** All words of templates, the names of variables among them. */
function wordsOfTemplates(inventory: Inventory): ReadonlySet<string> {
  const words = new Set<string>()
  for (const value of new Set([...allVariables(inventory)].map(([, variable]) => variable.value))) {
    if (!isDeferred(value)) continue
    for (const [word] of JSON.stringify(value).matchAll(/\w+/g)) words.add(word)
  }
  return words
}

/** Near enough to a known name to be a slip of the fingers; inventories hold many variables that are none of our business. */
function isMisspelt(name: string, known: ReadonlySet<string>): boolean {
  if (name.startsWith('ansible_')) return false
  return [...known].some(
    (candidate) => distance(name, candidate) <= Math.max(1, Math.floor(candidate.length / 5)),
  )
}
