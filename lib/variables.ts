import { distance } from 'fastest-levenshtein'
import type { z } from 'zod'
import type { Place, Problem } from './errors.ts'
import type { Host } from './inventory/host.ts'
import type { Inventory, InventoryHost, Variable } from './inventory/types.ts'
import type { AppliedRole } from './role.ts'
import { Secret } from './secret.ts'
import { didYouMean } from './suggest.ts'

/** Values typed by a schema, or what is wrong with them. */
export interface Resolved {
  readonly values: unknown
  readonly problems: readonly Problem[]
}

interface Given {
  readonly value: unknown
  readonly place: Place | undefined
  /** The name the user wrote: `etcd_pki_dir` in the inventory, `pkiDir` in the playbook. */
  readonly name: string
}

/** `pkiDir` → `pki_dir`: keys of schemas as inventories write them. */
export function variableName(key: string, role?: string): string {
  const snake = key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
  return role === undefined ? snake : `${role.replaceAll('-', '_')}_${snake}`
}

/** The keys of an object schema; none where the schema is of another shape. */
export function keysOf(schema: z.ZodType): string[] {
  return 'shape' in schema ? Object.keys(schema.shape as object) : []
}

/** A role's variables for one host: defaults, then the inventory's `ROLE_name` variables, then the playbook's values. */
export function resolveRole(applied: AppliedRole, host: Host, inventoryHost: InventoryHost): Resolved {
  const { name: role, vars: schema } = applied.definition
  const keys = keysOf(schema)
  const input = applied.input(host)
  const unknown = Object.keys(input).filter((key) => !keys.includes(key))
  const given = new Map(
    keys.flatMap((key) => entry(key, fromInventory(inventoryHost.vars, variableName(key, role)))),
  )
  for (const key of keys) {
    if (input[key] !== undefined)
      given.set(key, { value: input[key], place: applied.place, name: `${role}: ${key}` })
  }
  // A key that the playbook passes on without a value was reported where that value should come from.
  const passedOn = new Set(Object.keys(input).filter((key) => input[key] === undefined && !given.has(key)))
  const { values, problems } = check(schema, given, (key) => ({
    message: `role ${role}: ${key} is missing`,
    hint: `set ${variableName(key, role)} in group_vars/all.yml (or for a group or host), or pass ${key} to ${role}() in the playbook`,
    ...(applied.place && { place: applied.place }),
  }))
  return {
    values,
    problems: [
      ...unknown.map((key) => ({
        message: `role ${role} has no variable ${key}`,
        hint: didYouMean(key, keys),
        ...(applied.place && { place: applied.place }),
      })),
      ...problems.filter(({ key }) => !passedOn.has(key)).map(({ problem }) => problem),
    ],
  }
}

/** A playbook's own variables: the same for the whole cluster, so they come from the group `all`. */
export function resolveCluster(schema: z.ZodType, inventory: Inventory): Resolved {
  const vars = inventory.groups.get('all')?.vars ?? new Map<string, Variable>()
  const keys = keysOf(schema)
  const given = new Map(keys.flatMap((key) => entry(key, fromInventory(vars, variableName(key)))))
  const { values, problems } = check(schema, given, (key) => ({
    message: `${variableName(key)} is missing`,
    hint: `${describe(schema, key)}set it in group_vars/all.yml, or under [all:vars] in ${inventory.source}`,
  }))
  return { values, problems: [...problems.map(({ problem }) => problem), ...scattered(keys, inventory)] }
}

/** Variables of the inventory that nothing reads: misspelt ones, and ones that carry the prefix of a role but are none of its. */
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
  for (const [name, { place }] of allVariables(inventory)) {
    const prefix = [...prefixes.keys()].find((candidate) => name.startsWith(candidate))
    if (known.has(name) || (prefix === undefined && !isMisspelt(name, known))) continue
    const message = prefix
      ? `role ${prefixes.get(prefix)} has no variable ${name}`
      : `nothing reads the variable ${name}`
    problems.set(`${name} ${place.file} ${place.line}`, { message, place, hint: didYouMean(name, known) })
  }
  return [...problems.values()]
}

function check(
  schema: z.ZodType,
  given: ReadonlyMap<string, Given>,
  missing: (key: string) => Problem,
): { values: Record<string, unknown>; problems: { key: string; problem: Problem }[] } {
  const raw = Object.fromEntries([...given].map(([key, { value }]) => [key, value]))
  const result = schema.safeParse(raw)
  if (result.success) return { values: result.data as Record<string, unknown>, problems: [] }
  const problems = result.error.issues.map((issue) => {
    const [key, ...rest] = issue.path.map(String) as [string?, ...string[]]
    const source = key === undefined ? undefined : given.get(key)
    if (key !== undefined && source === undefined) return { key, problem: missing(key) }
    return { key: key ?? '', problem: wrongValue(issue.message, source, rest) }
  })
  const wrong = new Set(problems.map(({ key }) => key))
  return { values: Object.fromEntries(Object.entries(raw).filter(([key]) => !wrong.has(key))), problems }
}

function wrongValue(message: string, source: Given | undefined, path: readonly string[]): Problem {
  if (source === undefined) return { message }
  const name = [source.name, ...path].join('.')
  const value = path.reduce<unknown>(
    (at, step) => (at as Record<string, unknown> | undefined)?.[step],
    source.value,
  )
  const shown = /pass|secret|token/i.test(name) ? '***' : show(value)
  return { message: `${name} = ${shown}: ${message}`, ...(source.place && { place: source.place }) }
}

function show(value: unknown): string {
  if (value instanceof Secret) return String(value)
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 80 ? `${text.slice(0, 77)}...` : text
}

function fromInventory(vars: ReadonlyMap<string, Variable>, name: string): Given | undefined {
  const variable = vars.get(name)
  return variable && { value: variable.value, place: variable.place, name }
}

function entry(key: string, given: Given | undefined): [string, Given][] {
  return given === undefined ? [] : [[key, given]]
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
    if (!names.has(name) || layer === 'group all') continue
    problems.set(`${name} ${layer}`, {
      message: `${name} is set for ${layer}, but it is one value for the whole cluster`,
      place,
      hint: 'move it to group_vars/all.yml',
    })
  }
  return [...problems.values()]
}

function* allVariables(inventory: Inventory): Generator<[string, Variable]> {
  for (const group of inventory.groups.values()) yield* group.vars
  for (const host of inventory.hosts.values()) yield* host.vars
}

/** Near enough to a known name to be a slip of the fingers; inventories hold many variables that are none of our business. */
function isMisspelt(name: string, known: ReadonlySet<string>): boolean {
  if (known.has(name) || name === 'ip' || name.startsWith('ansible_')) return false
  return [...known].some(
    (candidate) => distance(name, candidate) <= Math.max(1, Math.floor(candidate.length / 5)),
  )
}
