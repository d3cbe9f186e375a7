import { Secret } from './secret.ts'

const SAFE = /^[A-Za-z0-9_@%+=:,./-]+$/

/** What may stand in a `sh` template: lists become one word each. */
export type ShellValue = string | number | readonly (string | number)[] | Script

/** A piece of POSIX shell, made by `sh`: put into another one it stays as it is. */
export class Script {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  toString(): string {
    return this.text
  }
}

/** One word for a POSIX shell (zx's own `quote` writes bash's `$'…'`, which dash does not know). */
export function quote(word: string | number): string {
  const text = String(word)
  return SAFE.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}

/**
 * A shell script in which every interpolated value is quoted as one word.
 *
 * @throws TypeError for a `Secret`: a command line is readable by everybody on the host.
 */
export function sh(pieces: TemplateStringsArray, ...values: ShellValue[]): Script {
  return new Script(pieces.reduce((text, piece, index) => text + word(values[index - 1]) + piece))
}

function word(value: ShellValue | undefined): string {
  if (value instanceof Script) return value.text
  if (value instanceof Secret)
    throw new TypeError('a Secret cannot stand on a command line: pass it as stdin or in a file')
  if (Array.isArray(value)) return value.map(quote).join(' ')
  if (typeof value === 'string' || typeof value === 'number') return quote(value)
  throw new TypeError(`sh: cannot put ${value === undefined ? 'undefined' : typeof value} on a command line`)
}
