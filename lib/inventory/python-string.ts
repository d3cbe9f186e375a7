import type { Cursor } from './python-literal.ts'

const OPENING = /([bru]{0,2})('''|"""|'|")/iy
const PREFIXES = new Set(['', 'b', 'r', 'u', 'br', 'rb'])
const SPACE = /[ \t\f]*/y
const ESCAPE = /\\(?:([0-7]{1,3})|x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([NxuU])|(.))/gs
/** What a letter behind a backslash stands for. */
export const CONTROLS: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
}
const ESCAPED: Readonly<Record<string, string>> = { '\\': '\\', "'": "'", '"': '"', '\n': '', ...CONTROLS }

interface Part {
  readonly text: string
  readonly isBytes: boolean
}

/**
 * Reads Python strings, adjacent ones joined: `'a' "b"` is `ab`. Bytes become text, as Ansible makes them; Python joins
 * no text with bytes.
 */
export function readString(cursor: Cursor): { value: string } | undefined {
  const start = cursor.at
  const parts: Part[] = []
  for (let part = readOne(cursor); part !== undefined; part = readOne(cursor)) {
    parts.push(part)
    SPACE.lastIndex = cursor.at
    cursor.at += SPACE.exec(cursor.text)?.[0].length ?? 0
  }
  if (new Set(parts.map(({ isBytes }) => isBytes)).size === 1) {
    return { value: parts.map(({ text }) => text).join('') }
  }
  cursor.at = start
  return undefined
}

function readOne(cursor: Cursor): Part | undefined {
  OPENING.lastIndex = cursor.at
  const [opening, prefix, quote] = OPENING.exec(cursor.text) ?? []
  if (opening === undefined || prefix === undefined || quote === undefined) return undefined
  if (!PREFIXES.has(prefix.toLowerCase())) return undefined
  const start = cursor.at + opening.length
  const end = closing(cursor.text, start, quote)
  if (end === -1) return undefined
  const body = cursor.text.slice(start, end)
  const isBytes = /b/i.test(prefix)
  const text = /r/i.test(prefix) ? body : resolveEscapes(body, isBytes)
  if (text === undefined) return undefined
  cursor.at = end + quote.length
  return { text, isBytes }
}

function closing(text: string, start: number, quote: string): number {
  for (let at = start; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text.startsWith(quote, at)) return at
  }
  return -1
}

/** Undefined where Python refuses the escape; names (`\N{…}`) are refused too. Bytes know neither these nor `\u`. */
function resolveEscapes(body: string, isBytes: boolean): string | undefined {
  let valid = true
  const text = body.replace(ESCAPE, (all, octal, x, u, long, bad, char) => {
    if (isBytes && /^\\[NuU]/.test(all)) return all
    if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8))
    const code = Number.parseInt(x ?? u ?? long ?? '', 16)
    if (bad !== undefined || code > 0x10ffff) valid = false
    else if (!Number.isNaN(code)) return String.fromCodePoint(code)
    return ESCAPED[char as string] ?? all
  })
  return valid ? text : undefined
}
