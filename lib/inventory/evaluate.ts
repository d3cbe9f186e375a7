import { type Problem, UsageError } from '../errors.ts'
import { LazyVariables, mayBeDeferred } from './lazy-variables.ts'
import type { Inventory, Value, Variable } from './types.ts'

/**
 * The inventory with its templates evaluated, each when its value is read for the first time. Reading a value that
 * cannot be had throws a UsageError, so a variable that nobody reads may hold whatever it likes.
 */
export async function evaluateInventory(inventory: Inventory): Promise<Inventory> {
  const all = inventory.groups.get('all')
  const owners = [...(all === undefined ? [] : [all]), ...inventory.hosts.values()]
  if (!owners.some(({ vars }) => mayBeDeferred(vars))) return inventory
  const { Evaluation } = await import('./evaluation.ts')
  const evaluation = new Evaluation(inventory)
  const lazily = (name: string) =>
    new LazyVariables(
      () => evaluation.hostVariables(name),
      () => [],
    )
  const hosts = new Map([...inventory.hosts].map(([name, host]) => [name, { ...host, vars: lazily(name) }]))
  const groups = new Map(inventory.groups)
  // The variables of other groups are only ever read as those of their hosts.
  if (all !== undefined) groups.set('all', { ...all, vars: evaluation.clusterVariables() })
  return { ...inventory, hosts, groups }
}

/** The value of a variable; undefined, with its problems noted, if it cannot be evaluated. */
export function tryValue(variable: Variable, problems: Problem[] = []): Value | undefined {
  try {
    return variable.value
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    problems.push(...error.problems)
    return undefined
  }
}

/** All variables by name, those still to be evaluated behind getters. */
export function valuesByName(variables: ReadonlyMap<string, Variable>): Record<string, Value> {
  const values: Record<string, Value> = {}
  for (const [name, variable] of variables) {
    const { get } = Object.getOwnPropertyDescriptor(variable, 'value') ?? {}
    const value = get === undefined ? { value: variable.value } : { get: () => variable.value }
    Object.defineProperty(values, name, { ...value, enumerable: true })
  }
  return values
}
