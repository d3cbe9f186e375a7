import { type Arguments, argument, type PlainFilter } from './filter-types.ts'
import { member } from './member.ts'
import { compare, isEqual, isTrue } from './operators.ts'
import { TemplateError } from './template-error.ts'
import { toJson, toText } from './text.ts'
import { isDict, isList, typeName, Undefined } from './values.ts'

/** Filters that convert, count and order plain values. */
export const VALUE_FILTERS: Readonly<Record<string, PlainFilter>> = {
  int: (value, args) => toInteger(value, argument(args, 0, 'default') ?? 0, argument(args, 1, 'base') ?? 10),
  float: (value, args) => toFloat(value, argument(args, 0, 'default') ?? 0),
  bool: toBoolean,
  abs: (value) => Math.abs(number(value)),
  round: (value, args) =>
    round(number(value), argument(args, 0, 'precision') ?? 0, argument(args, 1, 'method')),
  join: (value, args) =>
    items(value)
      .map((item) => toText(attribute(item, argument(args, 1, 'attribute'))))
      .join(toText(argument(args, 0, 'd') ?? '')),
  sort: (value, args) => sort(items(value), args),
  unique: (value, args) => unique(items(value), args),
  min: (value) => extreme(items(value), -1),
  max: (value) => extreme(items(value), 1),
  sum: (value, args) =>
    items(value)
      .map((item) => number(attribute(item, argument(args, 0, 'attribute'))))
      .reduce((sum, item) => sum + item, Number(argument(args, 1, 'start') ?? 0)),
  difference: (value, args) => distinct(items(value)).filter((item) => !has(items(args.positional[0]), item)),
  intersect: (value, args) => distinct(items(value)).filter((item) => has(items(args.positional[0]), item)),
  union: (value, args) => distinct([...items(value), ...items(args.positional[0])]),
  to_json: toJson,
  tojson: toJson,
  from_json: (value) => fromJson(toText(value)),
}

function toInteger(value: unknown, otherwise: unknown, base: unknown): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? Math.trunc(value) : otherwise
  if (typeof value === 'boolean') return Number(value)
  if (typeof value !== 'string') return otherwise
  const text = value.trim().toLowerCase().replaceAll('_', '')
  if (base === 10)
    return /^[-+]?\d+$/.test(text)
      ? Number(text)
      : Math.trunc(Number(toFloat(value, Number.NaN))) || zeroOr(text, otherwise)
  const digits = text.replace(base === 16 ? /^0x/ : base === 8 ? /^0o/ : base === 2 ? /^0b/ : /^$/, '')
  const read = Number.parseInt(digits, Number(base))
  return read.toString(Number(base)) === digits.replace(/^0+(?=.)/, '') ? read : otherwise
}

function zeroOr(text: string, otherwise: unknown): unknown {
  return Number.isNaN(toFloat(text, Number.NaN)) ? otherwise : 0
}

function toFloat(value: unknown, otherwise: unknown): unknown {
  if (typeof value === 'number' || typeof value === 'boolean') return Number(value)
  const text = typeof value === 'string' ? value.trim().replaceAll('_', '') : ''
  return /^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i.test(text) ? Number(text) : otherwise
}

/** As Ansible's filter: what is not clearly a yes is a no. */
function toBoolean(value: unknown): unknown {
  if (value === null || typeof value === 'boolean') return value
  return ['yes', 'on', '1', 'true'].includes(toText(value).toLowerCase())
}

/** Python rounds a half to the even neighbour. */
function round(value: number, precision: unknown, method: unknown): number {
  const factor = 10 ** Number(precision)
  const scaled = value * factor
  if (method === 'ceil') return Math.ceil(scaled) / factor
  if (method === 'floor') return Math.floor(scaled) / factor
  const near = Math.round(scaled)
  const isHalf = Math.abs(scaled % 1) === 0.5
  return (isHalf && near % 2 !== 0 ? near - 1 : near) / factor
}

function sort(list: readonly unknown[], args: Arguments): unknown[] {
  const isReversed = isTrue(argument(args, 0, 'reverse'))
  const key = sortKey(args, 1, 2)
  const sorted = [...list].sort((a, b) => compare(key(a), key(b)) * (isReversed ? -1 : 1))
  return sorted
}

function unique(list: readonly unknown[], args: Arguments): unknown[] {
  const key = sortKey(args, 0, 1)
  return list.filter((item, index) => list.findIndex((other) => isEqual(key(other), key(item))) === index)
}

/** Text counts the same in either case unless `case_sensitive` is set. */
function sortKey(args: Arguments, caseIndex: number, attributeIndex: number): (item: unknown) => unknown {
  const isCaseSensitive = isTrue(argument(args, caseIndex, 'case_sensitive'))
  const name = argument(args, attributeIndex, 'attribute')
  return (item) => {
    const value = attribute(item, name)
    return typeof value === 'string' && !isCaseSensitive ? value.toLowerCase() : value
  }
}

function extreme(list: readonly unknown[], sign: number): unknown {
  if (list.length === 0) return new Undefined('the list is empty')
  return list.reduce((best, item) => (compare(item, best) * sign > 0 ? item : best))
}

function distinct(list: readonly unknown[]): unknown[] {
  return list.filter((item, index) => list.findIndex((other) => isEqual(other, item)) === index)
}

function has(list: readonly unknown[], item: unknown): boolean {
  return list.some((other) => isEqual(other, item))
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new TemplateError('from_json: the text is no JSON')
  }
}

/** `item.a.b` for the attribute `a.b`; the item itself where none is named. */
export function attribute(item: unknown, name: unknown): unknown {
  if (name === undefined || name === null) return item
  const value = String(name)
    .split('.')
    .reduce((at: unknown, key) => member(at, key), item)
  if (value instanceof Undefined) throw value.toError()
  return value
}

/** What Python iterates over: a list's items, a text's characters, a dict's keys. */
export function items(value: unknown): readonly unknown[] {
  if (isList(value)) return value
  if (typeof value === 'string') return [...value]
  if (isDict(value)) return Object.keys(value)
  throw new TemplateError(`expected a list, not ${value === undefined ? 'nothing' : typeName(value)}`)
}

function number(value: unknown): number {
  if (typeof value === 'number' || typeof value === 'boolean') return Number(value)
  throw new TemplateError(`expected a number, not ${typeName(value)}`, 'Convert it first: | int')
}
