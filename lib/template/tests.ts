import { didYouMean } from '../suggest.ts'
import type { FilterContext } from './filter-types.ts'
import { compare, contains, isEqual, isTrue } from './operators.ts'
import { pythonRegex } from './regex.ts'
import { TemplateError } from './template-error.ts'
import { toText } from './text.ts'
import { isDict, isList, isLookup, Undefined } from './values.ts'
import { compareVersions } from './versions.ts'

type Test = (value: unknown, args: readonly unknown[]) => boolean

const TESTS: Readonly<Record<string, Test>> = {
  none: (value) => value === null,
  string: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number' || typeof value === 'boolean',
  integer: (value) => Number.isInteger(value),
  float: (value) => typeof value === 'number' && !Number.isInteger(value),
  boolean: (value) => typeof value === 'boolean',
  true: (value) => value === true,
  false: (value) => value === false,
  sequence: (value) => isList(value) || isDict(value) || typeof value === 'string',
  iterable: (value) => isList(value) || isDict(value) || typeof value === 'string',
  mapping: isDict,
  truthy: isTrue,
  falsy: (value) => !isTrue(value),
  odd: (value) => Math.abs(Number(value) % 2) === 1,
  even: (value) => Number(value) % 2 === 0,
  divisibleby: (value, [by]) => Number(value) % Number(by) === 0,
  lower: (value) => toText(value) === toText(value).toLowerCase(),
  upper: (value) => toText(value) === toText(value).toUpperCase(),
  in: (value, [container]) => contains(container, value),
  contains: (value, [item]) => contains(value, item),
  match: (value, [pattern]) => pythonRegex(`^(?:${String(pattern)})`, { all: false }).test(toText(value)),
  search: (value, [pattern]) => pythonRegex(pattern, { all: false }).test(toText(value)),
  regex: (value, [pattern]) => pythonRegex(pattern, { all: false }).test(toText(value)),
  version: (value, [other, operator = '==']) =>
    order(operator, compareVersions(toText(value), toText(other))),
}

const ALIASES: Readonly<Record<string, string>> = {
  eq: '==',
  equalto: '==',
  ne: '!=',
  lt: '<',
  lessthan: '<',
  le: '<=',
  gt: '>',
  greaterthan: '>',
  ge: '>=',
  '=': '==',
  '<>': '!=',
  version_compare: 'version',
}
const ORDERS: Readonly<Record<string, (order: number) => boolean>> = {
  '==': (by) => by === 0,
  '!=': (by) => by !== 0,
  '<': (by) => by < 0,
  '<=': (by) => by <= 0,
  '>': (by) => by > 0,
  '>=': (by) => by >= 0,
}

/** `value is test(args)`. */
export function applyTest(
  context: FilterContext,
  name: string,
  value: unknown,
  args: readonly unknown[],
  named: ReadonlyMap<string, unknown>,
): boolean {
  const short = name.replace(/^ansible\.builtin\./, '')
  if (short === 'defined') return !(value instanceof Undefined)
  if (short === 'undefined') return value instanceof Undefined
  if (isLookup(value) && short === 'mapping') return true
  const key = Object.hasOwn(ALIASES, short) ? (ALIASES[short] as string) : short
  const known = Object.hasOwn(TESTS, key) || Object.hasOwn(ORDERS, key)
  if (!known || named.size > 0) {
    const names = ['defined', 'undefined', ...Object.keys(TESTS), ...Object.keys(ALIASES)]
    const message = known
      ? `options of the test ${name} are not supported`
      : `the test ${name} is not supported`
    throw new TemplateError(message, known ? undefined : didYouMean(short, names))
  }
  const [plain, ...params] = [value, ...args].map((each) => context.reveal(each))
  if (key === '==' || key === '!=') return isEqual(plain, params[0]) === (key === '==')
  return Object.hasOwn(TESTS, key)
    ? (TESTS[key] as Test)(plain, params)
    : order(key, compare(plain, params[0]))
}

function order(operator: unknown, by: number): boolean {
  const name = String(operator)
  const key = Object.hasOwn(ALIASES, name) ? (ALIASES[name] as string) : name
  if (!Object.hasOwn(ORDERS, key)) throw new TemplateError(`there is no comparison ${name}`)
  return (ORDERS[key] as (order: number) => boolean)(by)
}
