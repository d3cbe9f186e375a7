import type { z } from 'zod'
import type { Problem } from './errors.ts'
import type { Host } from './inventory/host.ts'
import { EXTRA_LAYER, tryValue } from './inventory/index.ts'
import type { Inventory, InventoryHost, Variable } from './inventory/types.ts'
import type { AppliedRole } from './role.ts'
import { didYouMean } from './suggest.ts'
import { checkValues, type Given } from './typed-values.ts'
import { allVariables } from './unknown-variables.ts'
import { keysOf, variableName } from './variable-names.ts'

/** Values typed by a schema, or what is wrong with them. */
export interface Resolved {
  readonly values: unknown
  readonly problems: readonly Problem[]
}

/**
 * A role's variables for one host: defaults, then the inventory's `ROLE_name` variables, then the playbook's values,
 * then `-e ROLE_name=...`.
 */
export function resolveRole(applied: AppliedRole, host: Host, inventoryHost: InventoryHost): Resolved {
  const { name: role, vars: schema } = applied.definition
  const keys = keysOf(schema)
  const input = applied.input(host)
  const unknown = Object.keys(input).filter((key) => !keys.includes(key))
  const problems: Problem[] = []
  const given = new Map<string, Given>()
  for (const key of keys) {
    const variable = inventoryHost.vars.get(variableName(key, role))
    if (input[key] !== undefined && variable?.layer !== EXTRA_LAYER)
      given.set(key, { value: input[key], place: applied.place, name: `${role}: ${key}`, isLoose: false })
    else if (variable) given.set(key, fromInventory(variable, variableName(key, role), problems))
  }
  // A key that the playbook passes on without a value was reported where that value should come from.
  const passedOn = new Set(Object.keys(input).filter((key) => input[key] === undefined && !given.has(key)))
  const checked = checkValues(schema, given, (key) => ({
    message: `role ${role}: ${key} is missing`,
    hint: `set ${variableName(key, role)} in group_vars/all.yml (or for a group or host), or pass ${key} to ${role}() in the playbook`,
    ...(applied.place && { place: applied.place }),
  }))
  return {
    values: checked.values,
    problems: [
      ...problems,
      ...unknown.map((key) => ({
        message: `role ${role} has no variable ${key}`,
        hint: didYouMean(key, keys),
        ...(applied.place && { place: applied.place }),
      })),
      ...checked.problems.filter(({ key }) => !passedOn.has(key)).map(({ problem }) => problem),
    ],
  }
}

/** A playbook's own variables: the same for the whole cluster, so they come from the group `all`. */
export function resolveCluster(schema: z.ZodType, inventory: Inventory): Resolved {
  const vars = inventory.groups.get('all')?.vars ?? new Map<string, Variable>()
  const keys = keysOf(schema)
  const unreadable: Problem[] = []
  const given = new Map<string, Given>()
  for (const key of keys) {
    const variable = vars.get(variableName(key))
    if (variable) given.set(key, fromInventory(variable, variableName(key), unreadable))
  }
  const { values, problems } = checkValues(schema, given, (key) => ({
    message: `${variableName(key)} is missing`,
    hint: `${describe(schema, key)}set it in group_vars/all.yml, or under [all:vars] in ${inventory.source}`,
  }))
  const wrong = problems.map(({ problem }) => problem)
  return { values, problems: [...unreadable, ...wrong, ...scattered(keys, inventory)] }
}

/** The variable's value; one that cannot be evaluated is noted, and counts as wrong already. */
function fromInventory(variable: Variable, name: string, problems: Problem[]): Given {
  const { place, layer } = variable
  const value = tryValue(variable, problems)
  return { value, place, name, isLoose: layer === EXTRA_LAYER }
}

function describe(schema: z.ZodType, key: string): string {
  const field = 'shape' in schema ? (schema.shape as Record<string, z.ZodType>)[key] : undefined
  return field?.description === undefined ? '' : `${field.description}; `
}

/** Cluster variables that are set for a part of the hosts only: they would be ignored there. */
function scattered(keys: readonly string[], inventory: Inventory): Problem[] {
  const names = new Set(keys.map((key) => variableName(key)))
  const problems = new Map<string, Problem>()
  for (const [name, { place, layer }] of allVariables(inventory)) {
    if (!names.has(name) || layer === 'group all' || layer === EXTRA_LAYER) continue
    problems.set(`${name} ${layer}`, {
      message: `${name} is set for ${layer}, but it is one value for the whole cluster`,
      place,
      hint: 'move it to group_vars/all.yml',
    })
  }
  return [...problems.values()]
}
