import type { Place } from '../errors.ts'
import { Secret } from '../secret.ts'
import { isDeferred } from './deferred.ts'
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

const PASSWORD_NAME = /(?:^|[_.])(?:pass|passwd|password|passphrase)$/i

/** Sets a variable in its layer, passwords as secrets; an earlier value of the same layer stays visible as what was overridden. */
export function assign(variables: Variables, { name, value, place }: Setting, layer: string): void {
  variables.set(name, { value: protect(name, value), place, layer, overrides: variables.get(name) })
}

/** Layers on top of each other, the last uppermost. None is changed; where there is nothing to merge, one is the result. */
export function overlay(...layers: readonly ReadonlyMap<string, Variable>[]): ReadonlyMap<string, Variable> {
  const [lowest = new Map<string, Variable>(), ...others] = layers.filter(({ size }) => size > 0)
  if (others.length === 0) return lowest
  const merged = new Map(lowest)
  for (const layer of others) {
    for (const [name, variable] of layer) merged.set(name, stack(variable, merged.get(name)))
  }
  return merged
}

/** Whether a variable of this name probably holds something that must not be printed. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name)
}

/** Whether a variable or key of this name is a password, which nobody but its user may read. */
export function isPasswordName(name: string): boolean {
  return PASSWORD_NAME.test(name)
}

/** The value with passwords as secrets, in any depth. A template becomes one when it is evaluated. */
function protect(name: string, value: Value): Value {
  // Of a number such as 1.50 it is not known any more how it was written.
  if (typeof value === 'string' || Number.isInteger(value)) {
    return isPasswordName(name) && value !== '' && !isDeferred(value) ? new Secret(String(value)) : value
  }
  if (Array.isArray(value))
    return replaceChanged(
      value,
      value.map((item) => protect(name, item)),
    ) as Value
  if (value === null || typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype)
    return value
  const entries = Object.entries(value).map(([key, item]): [string, Value] => [key, protect(key, item)])
  const isSame = entries.every(([key, item]) => item === (value as Record<string, Value>)[key])
  return isSame ? value : Object.fromEntries(entries)
}

function replaceChanged<Item>(before: readonly Item[], after: readonly Item[]): readonly Item[] {
  return after.some((item, index) => item !== before[index]) ? after : before
}

/** The variable with what it overrides put on top of `lower`. */
function stack(upper: Variable, lower: Variable | undefined): Variable {
  if (lower === undefined) return upper
  const chain: Variable[] = []
  for (let at: Variable | undefined = upper; at !== undefined; at = at.overrides) chain.push(at)
  return chain.reduceRight((overrides, variable) => ({ ...variable, overrides }), lower)
}
