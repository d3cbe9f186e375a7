import type { z } from 'zod'
import { UsageError } from './errors.ts'
import type { Host } from './inventory/host.ts'
import type { RoleDefinition, RoleInput } from './role.ts'
import { checkValues, type Given } from './typed-values.ts'
import { keysOf, variableName } from './variable-names.ts'

/**
 * A role's variables where another role does a part of its work, in its own turn: the inventory's `ROLE_name` variables
 * of a host, then `input`.
 *
 * @throws UsageError with all that is wrong.
 */
export function varsOfRole<Schema extends z.ZodType>(
  { name: role, vars: schema }: Pick<RoleDefinition<Schema>, 'name' | 'vars'>,
  { vars }: Pick<Host, 'vars'>,
  input: RoleInput<Schema>,
): z.output<Schema> {
  const given = new Map<string, Given>()
  for (const key of keysOf(schema)) {
    const name = variableName(key, role)
    const value = (input as Record<string, unknown>)[key] ?? vars[name]
    if (value !== undefined) given.set(key, { value, place: undefined, name, isLoose: true })
  }
  const missing = (key: string) => ({ message: `role ${role}: ${key} is missing` })
  const { values, problems } = checkValues(schema, given, missing)
  if (problems.length > 0) throw new UsageError(problems.map(({ problem }) => problem))
  return values as z.output<Schema>
}
