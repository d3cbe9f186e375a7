import type { Place } from '../errors.ts'
import type { Line } from './line.ts'
import { plainSettings } from './plain-line.ts'
import { assign, type Variables } from './variables.ts'

/** A host while the inventory is being read. */
export class DraftHost {
  readonly name: string
  /** The line that names it first. */
  readonly place: Place
  readonly #vars: Variables = new Map()
  readonly #lines: Line[] = []

  constructor(name: string, place: Place) {
    this.name = name
    this.place = place
  }

  /** What its variables' layer is called. */
  get layer(): string {
    return `host ${this.name}`
  }

  /** Takes the settings of a plain line, to be read when somebody asks for the variables. */
  postpone(line: Line): void {
    this.#lines.push(line)
  }

  get vars(): Variables {
    for (const line of this.#lines.splice(0)) {
      for (const setting of plainSettings(line)) assign(this.#vars, setting, this.layer)
    }
    return this.#vars
  }

  /** Those of its variables that may have to be evaluated: there are none on the lines that were put off. */
  get varsReadSoFar(): Variables {
    return this.#vars
  }

  get hasVars(): boolean {
    return this.#lines.length > 0 || this.#vars.size > 0
  }
}
