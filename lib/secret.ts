import { inspect } from 'node:util'

const MASK = '***'
// Short values would mask innocent text ("no", "80"); no real secret is that short.
const SHORTEST_MASKED = 4
/** Every form in which a value may turn up in a text. */
const known = new Set<string>()
/** The same, the longest first: a secret that is the beginning of another must not leave its end behind. */
let longestFirst: readonly string[] = []

/** A value that prints as `***` wherever it may land: logs, diffs, JSON, errors, reports. */
export class Secret {
  readonly #value: string

  /** From now on `mask` removes the value from every text that is printed. */
  constructor(value: string) {
    this.#value = value
    register(value)
  }

  /** The value itself. */
  reveal(): string {
    return this.#value
  }

  get isEmpty(): boolean {
    return this.#value === ''
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

/** `text` without any secret that exists so far: the last line of defence before something is printed. */
export function mask(text: string): string {
  if (longestFirst.length !== known.size) longestFirst = [...known].sort((a, b) => b.length - a.length)
  let masked = text
  for (const secret of longestFirst) {
    if (secret.length <= masked.length && masked.includes(secret)) masked = masked.replaceAll(secret, MASK)
  }
  return masked
}

/** Line by line, because texts that quote a secret may indent it. */
function register(value: string): void {
  const lines = value.split(/\r?\n/).filter(isTelling)
  for (const text of isTelling(value) ? [value, ...lines] : lines)
    for (const form of forms(text)) known.add(form)
}

/** The value as it stands in a shell word, in JSON, in a URL, and in the base64 that file contents travel as. */
function forms(text: string): string[] {
  return [
    text,
    text.replaceAll("'", "'\\''"),
    JSON.stringify(text).slice(1, -1),
    // Half a surrogate pair would be refused; as bytes it has been replaced.
    encodeURIComponent(Buffer.from(text).toString()),
    Buffer.from(text).toString('base64'),
  ]
}
