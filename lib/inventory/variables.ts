import type { Place } from '../errors.ts'
import type { Value, Variable } from './types.ts'

/** Variables by name, of one layer or merged. */
export type Variables = Map<string, Variable>

/** A variable as a line or a file sets it, before it belongs to a layer. */
export interface Setting {
  readonly name: string
  readonly value: Value
  readonly place: Place
}

const SECRET_NAME = /pass|secret|token|_key$|credential/i

/** Sets a variable in its layer; an earlier value of the same layer stays visible as what was overridden. */
export function assign(variables: Variables, { name, value, place }: Setting, layer: string): void {
  variables.set(name, { value, place, layer, overrides: variables.get(name) })
}

/** `lower` with `upper` on top. Neither is changed; where there is nothing to merge, one of them is the result. */
export function overlay(lower: Variables, upper: Variables): Variables {
  if (upper.size === 0) return lower
  if (lower.size === 0) return upper
  const merged = new Map(lower)
  for (const [name, variable] of upper) merged.set(name, stack(variable, lower.get(name)))
  return merged
}

/** Whether a variable of this name probably holds something that must not be printed. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name)
}

function stack(upper: Variable, lower: Variable | undefined): Variable {
  if (lower === undefined) return upper
  return { ...upper, overrides: upper.overrides === undefined ? lower : stack(upper.overrides, lower) }
}
