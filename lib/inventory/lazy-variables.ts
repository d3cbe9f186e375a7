import { isDeferred } from './deferred.ts'
import type { Variable } from './types.ts'

type Layer = ReadonlyMap<string, Variable>

/** Variables that are put together when somebody asks for the first of them: of thousands of hosts few are asked. */
export class LazyVariables implements ReadonlyMap<string, Variable> {
  readonly #make: () => Layer
  readonly #layers: () => Iterable<Layer>
  #made: Layer | undefined
  #deferred: boolean | undefined

  /**
   * @param make - called at most once
   * @param layers - what `make` will use of variables that may have to be evaluated
   */
  constructor(make: () => Layer, layers: () => Iterable<Layer>) {
    this.#make = make
    this.#layers = layers
  }

  /** Whether there may be a variable that has to be evaluated; to know it makes no variable. */
  get mayBeDeferred(): boolean {
    this.#deferred ??= anyDeferred(this.#layers())
    return this.#deferred
  }

  get size(): number {
    return this.#all.size
  }

  get(name: string): Variable | undefined {
    return this.#all.get(name)
  }

  has(name: string): boolean {
    return this.#all.has(name)
  }

  keys(): MapIterator<string> {
    return this.#all.keys()
  }

  values(): MapIterator<Variable> {
    return this.#all.values()
  }

  entries(): MapIterator<[string, Variable]> {
    return this.#all.entries()
  }

  forEach(visit: (variable: Variable, name: string, variables: Layer) => void): void {
    for (const [name, variable] of this.#all) visit(variable, name, this)
  }

  [Symbol.iterator](): MapIterator<[string, Variable]> {
    return this.#all[Symbol.iterator]()
  }

  get #all(): Layer {
    this.#made ??= this.#make()
    return this.#made
  }
}

/** Whether one of these variables may have to be evaluated. */
export function mayBeDeferred(variables: Layer): boolean {
  if (variables instanceof LazyVariables) return variables.mayBeDeferred
  for (const { value } of variables.values()) if (isDeferred(value)) return true
  return false
}

function anyDeferred(layers: Iterable<Layer>): boolean {
  for (const layer of layers) if (mayBeDeferred(layer)) return true
  return false
}
