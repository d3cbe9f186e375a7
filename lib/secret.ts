import { inspect } from 'node:util'

const MASK = '***'
// Short values would mask innocent text ("no", "80"); no real secret is that short.
const SHORTEST_MASKED = 4
const revealed = new Set<string>()

/** A value that prints as `***` wherever it may land: logs, diffs, JSON, errors, reports. */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  /** The value itself. From now on `mask` removes it from every text that is printed. */
  reveal(): string {
    for (const line of this.#value.split('\n')) if (isTelling(line)) revealed.add(line)
    return this.#value
  }

  toString(): string {
    return MASK
  }

  toJSON(): string {
    return MASK
  }

  [inspect.custom](): string {
    return MASK
  }
}

/** The frame of a PEM file is no secret, and would be masked in every certificate. */
function isTelling(line: string): boolean {
  return line.length >= SHORTEST_MASKED && !line.startsWith('-----')
}

/** The text of a plain or secret value. */
export function revealText(value: string | Secret): string {
  return value instanceof Secret ? value.reveal() : value
}

/** `text` without any secret that was revealed so far: the last line of defence before something is printed. */
export function mask(text: string): string {
  let masked = text
  for (const secret of revealed) if (masked.includes(secret)) masked = masked.replaceAll(secret, MASK)
  return masked
}
