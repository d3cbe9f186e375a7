import { Secret } from '../secret.ts'
import { TemplateError } from './template-error.ts'

/** What a name or a key stands for that nobody set. Most uses of it are errors; `default` is none. */
export class Undefined {
  readonly message: string
  readonly hint: string | undefined
  /** The variable whose template was undefined, if it was one: what uses it is not where to look. */
  readonly origin: string | undefined

  constructor(message: string, hint?: string, origin?: string) {
    this.message = message
    this.hint = hint
    this.origin = origin
  }

  toError(): TemplateError {
    return new TemplateError(
      this.message + (this.origin === undefined ? '' : ` (in ${this.origin})`),
      this.hint,
    )
  }
}

/** A value that is only worked out when somebody looks at it: a template within a list or dict. */
export class Lazy {
  readonly #make: () => unknown

  constructor(make: () => unknown) {
    this.#make = make
  }

  force(): unknown {
    return this.#make()
  }
}

/** A dict that is not held but looked up: `hostvars`, and the variables of one host. */
export interface Lookup {
  readonly keys: () => readonly string[]
  readonly get: (key: string) => unknown
}

export function isLookup(value: unknown): value is Lookup {
  return value instanceof LookupTable
}

/** A {@link Lookup} made of two functions. */
export class LookupTable implements Lookup {
  readonly keys: () => readonly string[]
  readonly get: (key: string) => unknown

  constructor(keys: () => readonly string[], get: (key: string) => unknown) {
    this.keys = keys
    this.get = get
  }
}

export type Dict = Readonly<Record<string, unknown>>

export function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value)
}

export function isDict(value: unknown): value is Dict {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}

/** The value with nothing left to work out, nor anything undefined in it. */
export function settle(value: unknown): unknown {
  const known = value instanceof Lazy ? value.force() : value
  if (known instanceof Undefined) throw known.toError()
  if (isList(known)) return known.map(settle)
  if (isDict(known)) return mapDict(known, settle)
  if (isLookup(known))
    throw new TemplateError('all variables of a host at once are no value', 'Name one of them.')
  return known
}

/** The value with every text in it as a Secret. */
export function conceal(value: unknown): unknown {
  if (typeof value === 'string') return value === '' ? value : new Secret(value)
  if (isList(value)) return value.map(conceal)
  return isDict(value) ? mapDict(value, conceal) : value
}

/** A dict with other values. Keys such as `__proto__` stay keys. */
export function mapDict(dict: Dict, change: (value: unknown, key: string) => unknown): Dict {
  return Object.fromEntries(Object.entries(dict).map(([key, value]) => [key, change(value, key)]))
}

/** What Python calls the type of a value, for messages. */
export function typeName(value: unknown): string {
  if (value === null) return 'None'
  if (isList(value)) return 'a list'
  if (typeof value === 'string' || value instanceof Secret) return 'text'
  return isDict(value) || isLookup(value) ? 'a dict' : `a ${typeof value}`
}
