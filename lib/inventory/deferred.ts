import { isTemplate } from '../template/is-template.ts'

/** A value in a variables file that is not itself yet: its reader knows how to make it. */
export abstract class Deferred {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  /** The text that it stands for. @throws UsageError */
  open(): string {
    return this.#text
  }

  /** How it is shown where nobody has opened it. */
  abstract toJSON(): unknown
}

/** Text that must not be taken for a template, `!unsafe`. */
export class Unsafe extends Deferred {
  toJSON(): string {
    return this.open()
  }
}

const known = new WeakMap<object, boolean>()

/** Whether a value has to be worked out before anybody uses it: a template, or something encrypted, in any depth. */
export function isDeferred(value: unknown): boolean {
  if (typeof value === 'string') return isTemplate(value)
  if (typeof value !== 'object' || value === null) return false
  if (value instanceof Deferred) return true
  // Hosts share the values of their groups.
  let deferred = known.get(value)
  if (deferred === undefined) {
    deferred = Object.values(value).some(isDeferred)
    known.set(value, deferred)
  }
  return deferred
}
