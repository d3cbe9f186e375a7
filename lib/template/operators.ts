import { TemplateError } from './template-error.ts'
import { isDict, isList, typeName } from './values.ts'

// Python's operators on plain values: no secrets, nothing lazy, nothing undefined.

/** Python's `bool()`: empty text, lists and dicts are false, as are 0 and None. */
export function isTrue(value: unknown): boolean {
  if (isList(value)) return value.length > 0
  if (isDict(value)) return Object.keys(value).length > 0
  return Boolean(value)
}

/** Python's `==`: by value, without conversion of text; True is 1. */
export function isEqual(left: unknown, right: unknown): boolean {
  if (isList(left) && isList(right)) {
    return left.length === right.length && left.every((item, index) => isEqual(item, right[index]))
  }
  if (isDict(left) && isDict(right)) {
    const keys = Object.keys(left)
    if (keys.length !== Object.keys(right).length) return false
    return keys.every((key) => Object.hasOwn(right, key) && isEqual(left[key], right[key]))
  }
  return asNumber(left) === asNumber(right)
}

/** Python's order: negative, zero or positive; numbers with numbers, text with text, lists item by item. */
export function compare(left: unknown, right: unknown): number {
  const [a, b] = [asNumber(left), asNumber(right)]
  if (typeof a === 'number' && typeof b === 'number') return a - b
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0
  if (isList(a) && isList(b)) {
    const at = a.findIndex((item, index) => index >= b.length || !isEqual(item, b[index]))
    return at === -1 || at >= b.length ? a.length - b.length : compare(a[at], b[at])
  }
  throw new TemplateError(`${typeName(left)} cannot be compared with ${typeName(right)}`)
}

/** Python's `in`. */
export function contains(container: unknown, item: unknown): boolean {
  if (typeof container === 'string') {
    if (typeof item === 'string') return container.includes(item)
  } else if (isList(container)) return container.some((member) => isEqual(member, item))
  else if (isDict(container)) return typeof item === 'string' && Object.hasOwn(container, item)
  throw new TemplateError(`${typeName(item)} cannot be looked for in ${typeName(container)}`)
}

/** `+`, `-`, `*`, `/`, `//`, `%` and `**`. */
export function calculate(operator: string, left: unknown, right: unknown): unknown {
  if (operator === '+') {
    if (typeof left === 'string' && typeof right === 'string') return left + right
    if (isList(left) && isList(right)) return [...left, ...right]
  }
  if (operator === '*' && typeof right === 'number') {
    if (typeof left === 'string') return repeat(left.length, right, () => left.repeat(right))
    if (isList(left))
      return repeat(left.length, right, () => Array.from({ length: right }, () => left).flat())
  }
  const [a, b] = [asNumber(left), asNumber(right)]
  if (typeof a !== 'number' || typeof b !== 'number') {
    throw new TemplateError(`${operator} does not work on ${typeName(left)} and ${typeName(right)}`)
  }
  if (b === 0 && '//%'.includes(operator)) throw new TemplateError('division by zero')
  return ARITHMETIC[operator]?.(a, b)
}

const ARITHMETIC: Readonly<Record<string, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '//': (a, b) => Math.floor(a / b),
  // The sign is that of the right side, as in Python.
  '%': (a, b) => a - b * Math.floor(a / b),
  '**': (a, b) => a ** b,
}

const LONGEST = 1_000_000

function repeat<Result>(length: number, times: number, make: () => Result): Result {
  if (times >= 0 && Number.isInteger(times) && length * times <= LONGEST) return make()
  throw new TemplateError('* needs a whole number that is not too large')
}

function asNumber(value: unknown): unknown {
  return typeof value === 'boolean' ? Number(value) : value
}
