import type { Cursor } from './python-literal.ts'

const DIGITS = String.raw`\d(?:_?\d)*`
const NUMBER = new RegExp(
  String.raw`([+-]?)[ \t]*(0[x](?:_?[\da-f])+|0o(?:_?[0-7])+|0b(?:_?[01])+|(?:${DIGITS}(?:\.(?:${DIGITS})?)?|\.${DIGITS})(?:e[+-]?${DIGITS})?)(?![\w.])`,
  'iy',
)
const PREFIXED = /^0[xob]/i
const DECIMAL_WITH_LEADING_ZERO = /^0+[1-9]/

/** Reads a Python number: `0x1f`, `1_000`, `-1.5e3`. Undefined where Python sees none, as in `0755`. */
export function readNumber(cursor: Cursor): { value: number | string } | undefined {
  NUMBER.lastIndex = cursor.at
  const [all, sign, written] = NUMBER.exec(cursor.text) ?? []
  if (all === undefined || written === undefined) return undefined
  const digits = written.replaceAll('_', '')
  const isFloat = !PREFIXED.test(digits) && /[.e]/i.test(digits)
  if (!isFloat && DECIMAL_WITH_LEADING_ZERO.test(digits)) return undefined
  cursor.at += all.length
  if (isFloat) return { value: sign === '-' ? -Number(digits) : Number(digits) }
  const integer = sign === '-' ? -BigInt(digits) : BigInt(digits)
  return { value: exactInteger(integer) }
}

/** A number where it is exact, else its decimal digits: an id must not change because it is long. */
export function exactInteger(integer: bigint): number | string {
  const number = Number(integer)
  return Number.isSafeInteger(number) ? number : integer.toString()
}
