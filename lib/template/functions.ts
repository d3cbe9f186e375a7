import { didYouMean } from '../suggest.ts'
import type { FilterContext } from './filter-types.ts'
import { isEqual } from './operators.ts'
import { TemplateError } from './template-error.ts'
import { toText } from './text.ts'
import { isDict, isList, isLookup, typeName, Undefined } from './values.ts'

type Named = ReadonlyMap<string, unknown>

const LONGEST_RANGE = 100_000

/** `range(3)`, `dict(a=1)`, `namespace(a=1)` and `lookup('env', 'NAME')`. */
export function callFunction(
  context: FilterContext,
  name: string,
  args: readonly unknown[],
  named: Named,
): unknown {
  if (name === 'range') return range(args.map((arg) => context.reveal(arg)))
  if (name === 'dict' || name === 'namespace') return Object.fromEntries(named)
  if (name === 'lookup' || name === 'query' || name === 'q')
    return lookUp(
      name,
      args.map((arg) => context.reveal(arg)),
      named,
    )
  throw new TemplateError(
    `there is no function ${name}`,
    didYouMean(name, ['range', 'dict', 'namespace', 'lookup']),
  )
}

function range(args: readonly unknown[]): number[] {
  const numbers = args.map(Number)
  const [start, stop, step] = numbers.length === 1 ? [0, numbers[0], 1] : [...numbers, 1]
  if (
    start === undefined ||
    stop === undefined ||
    step === undefined ||
    ![start, stop, step].every(Number.isInteger)
  ) {
    throw new TemplateError('range() takes one to three whole numbers')
  }
  const length = Math.max(0, Math.ceil((stop - start) / step))
  if (step === 0 || length > LONGEST_RANGE) throw new TemplateError('range() is too long')
  return Array.from({ length }, (_, index) => start + index * step)
}

function lookUp(name: string, args: readonly unknown[], named: Named): unknown {
  const [plugin, key, ...rest] = args
  if (name !== 'lookup' || String(plugin).replace(/^ansible\.builtin\./, '') !== 'env' || rest.length > 0) {
    throw new TemplateError(
      `${name}(${JSON.stringify(plugin)}) is not supported`,
      "Only lookup('env', 'NAME') is: write the value itself, or pass it with -e.",
    )
  }
  const value = process.env[String(key)]
  if (value !== undefined) return value
  return named.has('default') ? named.get('default') : ''
}

type Method<Target> = (target: Target, ...args: never[]) => unknown

const TEXT_METHODS: Readonly<Record<string, Method<string>>> = {
  upper: (text) => text.toUpperCase(),
  lower: (text) => text.toLowerCase(),
  strip: (text, characters?: string) => stripText(text, characters, true, true),
  lstrip: (text, characters?: string) => stripText(text, characters, true, false),
  rstrip: (text, characters?: string) => stripText(text, characters, false, true),
  split: (text, separator?: string) => splitText(text, separator),
  splitlines: (text) => text.replace(/\n$/, '').split('\n'),
  replace: (text, from: string, to: string) => text.replaceAll(from, () => to),
  startswith: (text, start: string) => text.startsWith(start),
  endswith: (text, end: string) => text.endsWith(end),
  join: (text, items: readonly unknown[]) => items.map(toText).join(text),
}

const DICT_METHODS: Readonly<Record<string, Method<Readonly<Record<string, unknown>>>>> = {
  items: (dict) => Object.entries(dict),
  keys: (dict) => Object.keys(dict),
  values: (dict) => Object.values(dict),
  get: (dict, key: string, otherwise: unknown = null) => (Object.hasOwn(dict, key) ? dict[key] : otherwise),
}

const LIST_METHODS: Readonly<Record<string, Method<readonly unknown[]>>> = {
  index(list, item: unknown) {
    const at = list.findIndex((other) => isEqual(other, item))
    if (at === -1) throw new TemplateError('the list does not hold what index() looks for')
    return at
  },
}

/** `text.split(',')`, `dict.items()`: Python's methods that inventories use. */
export function callMethod(
  context: FilterContext,
  target: unknown,
  name: string,
  args: readonly unknown[],
): unknown {
  if (target instanceof Undefined) throw target.toError()
  if (isLookup(target) && name === 'keys') return target.keys()
  if (isLookup(target) && name === 'get') {
    const value = target.get(String(args[0]))
    return value instanceof Undefined ? (args[1] ?? null) : value
  }
  const object = isDict(target) || isLookup(target) ? target : context.reveal(target)
  const methods = isDict(object) ? DICT_METHODS : isList(object) ? LIST_METHODS : TEXT_METHODS
  const method = Object.hasOwn(methods, name) ? (methods[name] as Method<unknown>) : undefined
  if (method === undefined || (methods === TEXT_METHODS && typeof object !== 'string')) {
    throw new TemplateError(
      `${typeName(target)} has no method ${name}`,
      didYouMean(name, Object.keys(methods)),
    )
  }
  return method(object, ...(args.map((arg) => context.reveal(arg)) as never[]))
}

/** Python's `str.split`: without a separator at runs of white space. */
export function splitText(text: string, separator?: unknown): string[] {
  if (separator === undefined || separator === null) return text.split(/\s+/).filter((part) => part !== '')
  if (separator === '') throw new TemplateError('the separator is empty')
  return text.split(String(separator))
}

/** Python's `str.strip`. */
export function stripText(
  text: string,
  characters: string | null | undefined,
  left: boolean,
  right: boolean,
): string {
  const isStripped = (char: string) =>
    typeof characters === 'string' ? characters.includes(char) : /\s/.test(char)
  let [start, end] = [0, text.length]
  while (left && start < end && isStripped(text.charAt(start))) start++
  while (right && end > start && isStripped(text.charAt(end - 1))) end--
  return text.slice(start, end)
}
