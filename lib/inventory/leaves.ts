import { formatPlace, type Problem, QuorateError, UsageError } from '../errors.ts'
import { Secret } from '../secret.ts'
import {
  conceal,
  isDict,
  isList,
  Lazy,
  mapDict,
  render,
  type Scope,
  settle,
  TemplateError,
  Undefined,
} from '../template/index.ts'
import { isTemplate } from '../template/is-template.ts'
import { Deferred, Unsafe } from './deferred.ts'
import type { Variable } from './types.ts'
import { isPasswordName, isSecretName } from './variables.ts'

/** A text within a variable, and the names that it can use. */
interface Leaf {
  /** The host whose variable it is. */
  readonly owner: string
  /** The variable and the keys within it: `web.ports.0`. */
  readonly name: string
  readonly variable: Variable
  readonly scope: Scope
}

/** Evaluates texts, each once, and knows which are being evaluated. */
export class Leaves {
  readonly #active: Leaf[] = []

  /** The value with every text that has to be worked out behind a {@link Lazy}. */
  tree(value: unknown, leaf: Leaf): unknown {
    if (value instanceof Unsafe) return value.open()
    if (value instanceof Deferred) return this.#once(leaf, () => this.#decrypted(value, leaf))
    if (typeof value === 'string')
      return isTemplate(value) ? this.#once(leaf, () => this.#rendered(value, leaf)) : value
    const within = (item: unknown, key: string | number) =>
      this.tree(item, { ...leaf, name: `${leaf.name}.${key}` })
    if (isList(value)) return value.map(within)
    return isDict(value) ? mapDict(value, within) : value
  }

  /** The value of a whole variable, with nothing left to work out. @throws UsageError */
  settle(value: unknown, name: string, variable: Variable): unknown {
    try {
      const known = value instanceof Lazy ? value.force() : value
      if (known instanceof Undefined && known.origin === origin(name, variable)) {
        throw new Undefined(known.message, known.hint).toError()
      }
      return settle(known)
    } catch (error) {
      throw this.#located(error, name, variable)
    }
  }

  #once(leaf: Leaf, make: () => unknown): Lazy {
    let result: { readonly value: unknown } | { readonly error: unknown } | undefined
    return new Lazy(() => {
      result ??= this.#attempt(leaf, make)
      if ('error' in result) throw result.error
      return result.value
    })
  }

  #attempt(leaf: Leaf, make: () => unknown): { value: unknown } | { error: unknown } {
    const start = this.#active.findIndex(({ owner, name }) => owner === leaf.owner && name === leaf.name)
    if (start !== -1) return { error: this.#cycle(this.#active.slice(start), leaf) }
    this.#active.push(leaf)
    try {
      const value = make()
      return { value: isPasswordName(leaf.name) ? conceal(settleKnown(value)) : value }
    } catch (error) {
      return { error: this.#located(error, leaf.name, leaf.variable) }
    } finally {
      this.#active.pop()
    }
  }

  #rendered(text: string, { name, variable, scope }: Leaf): unknown {
    try {
      const value = render(text, scope)
      if (!(value instanceof Undefined)) return value
      return new Undefined(value.message, value.hint, value.origin ?? origin(name, variable))
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error
      // A text that may hold a password is not shown.
      const shown = isSecretName(name) ? 'its template' : excerpt(text)
      throw new TemplateError(`${error.message}, in ${shown}`, error.hint)
    }
  }

  #decrypted(value: Deferred, leaf: Leaf): unknown {
    const text = value.open()
    return isTemplate(text) ? conceal(settleKnown(this.#rendered(text, leaf))) : new Secret(text)
  }

  #located(error: unknown, name: string, { place }: Variable): unknown {
    const isOwn =
      error instanceof TemplateError || (error instanceof QuorateError && !(error instanceof UsageError))
    if (!isOwn) return error
    const { message, hint } = error
    return new UsageError([{ message: `${name}: ${message}`, place, ...(hint !== undefined && { hint }) }])
  }

  #cycle(chain: readonly Leaf[], last: Leaf): UsageError {
    const isShared = chain.every(({ owner }) => owner === last.owner)
    const names = [...chain, last].map(({ owner, name }) => (isShared ? name : `${name} of ${owner}`))
    const problem: Problem = {
      message: `variables refer to each other in a circle: ${names.join(' → ')}`,
      place: last.variable.place,
      hint: 'Write one of the values itself.',
    }
    return new UsageError([problem])
  }
}

function origin(name: string, { place }: Variable): string {
  return `${name}, ${formatPlace(place)}`
}

function settleKnown(value: unknown): unknown {
  return value instanceof Undefined ? value : settle(value)
}

function excerpt(text: string): string {
  const line = text.trim().replace(/\s+/g, ' ')
  return line.length > 100 ? `${line.slice(0, 97)}...` : line
}
