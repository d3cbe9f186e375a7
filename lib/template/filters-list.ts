import { Secret } from '../secret.ts'
import { type Arguments, argument, type FilterContext, type StructuralFilter } from './filter-types.ts'
import { attribute, items } from './filters-value.ts'
import { member } from './member.ts'
import { isTrue } from './operators.ts'
import { TemplateError } from './template-error.ts'
import { applyTest } from './tests.ts'
import { isDict, isList, isLookup, Lazy, settle, Undefined } from './values.ts'

/** Filters that pick and move values as they are: secrets stay secret, what is not picked is not worked out. */
export const LIST_FILTERS: Readonly<Record<string, StructuralFilter>> = {
  default: otherwise,
  d: otherwise,
  mandatory: settle,
  ternary(value, args, context) {
    const [yes, no, none] = [0, 1, 2].map((index) => argument(args, index, TERNARY_NAMES[index] as string))
    const plain = context.reveal(value)
    return plain === null && none !== undefined ? none : isTrue(plain) ? yes : no
  },
  first: (value, _, context) => elements(value, context)[0] ?? new Undefined('the list is empty'),
  last: (value, _, context) => elements(value, context).at(-1) ?? new Undefined('the list is empty'),
  list: (value, _, context) => elements(value, context),
  length: (value, _, context) => elements(value, context).length,
  count: (value, _, context) => elements(value, context).length,
  reverse: (value, _, context) =>
    typeof value === 'string' ? [...value].reverse().join('') : elements(value, context).toReversed(),
  map: (value, args, context) => elements(value, context).map(mapper(args, context)),
  select: (value, args, context) => elements(value, context).filter(tester(args, context, false)),
  reject: (value, args, context) =>
    elements(value, context).filter((item) => !tester(args, context, false)(item)),
  selectattr: (value, args, context) => elements(value, context).filter(tester(args, context, true)),
  rejectattr: (value, args, context) =>
    elements(value, context).filter((item) => !tester(args, context, true)(item)),
  extract: (value, { positional: [container, more] }, context) => {
    const keys = more === undefined || more === null ? [] : isList(more) ? more : [more]
    return keys.reduce(member, member(container, context.reveal(value)))
  },
  combine: (value, { positional, named }) => {
    if (named.size > 0)
      throw new TemplateError('combine takes no options here', 'Only plain combine(dict, ...) is supported.')
    return Object.assign(
      {},
      ...[value, ...positional].flatMap((each) => (isList(each) ? each : [each])).map(dict),
    )
  },
  dict2items: (value) => Object.entries(dict(value)).map(([key, item]) => ({ key, value: item })),
  dictsort: (value) =>
    Object.entries(dict(value)).sort(([a], [b]) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1)),
  items2dict(value, args, context) {
    const [key, item] = [argument(args, 0, 'key_name') ?? 'key', argument(args, 1, 'value_name') ?? 'value']
    return Object.fromEntries(
      elements(value, context).map((each) => [String(attribute(each, key)), attribute(each, item)]),
    )
  },
  flatten: (value, args, context) =>
    elements(value, context)
      .map(known)
      .flat(Number(argument(args, 0, 'levels') ?? 100)),
  zip: (value, { positional }, context) => {
    const lists = [value, ...positional].map((list) => elements(list, context))
    const length = Math.min(...lists.map((list) => list.length))
    return Array.from({ length }, (_, index) => lists.map((list) => list[index]))
  },
}

const TERNARY_NAMES = ['true_val', 'false_val', 'none_val']

function otherwise(value: unknown, args: Arguments, context: FilterContext): unknown {
  const replaced = args.positional.length + args.named.size === 0 ? '' : argument(args, 0, 'default_value')
  if (value instanceof Undefined) return replaced
  const alsoEmpty = argument(args, 1, 'boolean')
  if (alsoEmpty === undefined || !isTrue(context.reveal(alsoEmpty))) return value
  const isEmpty = value instanceof Secret ? value.isEmpty : !isLookup(value) && !isTrue(settle(value))
  return isEmpty ? replaced : value
}

function mapper(args: Arguments, context: FilterContext): (item: unknown) => unknown {
  const { named } = args
  if (named.has('attribute')) {
    return (item) => {
      const found = String(context.reveal(named.get('attribute')))
        .split('.')
        .reduce((at: unknown, key) => member(at, key), known(item))
      return found instanceof Undefined && named.has('default') ? named.get('default') : settle(found)
    }
  }
  const [name, ...positional] = args.positional
  if (typeof name !== 'string') throw new TemplateError("map needs attribute='...' or the name of a filter")
  return (item) => context.applyFilter(name, known(item), { positional, named })
}

function tester(args: Arguments, context: FilterContext, byAttribute: boolean): (item: unknown) => boolean {
  const [path, ...rest] = byAttribute ? args.positional : [undefined, ...args.positional]
  const [test = 'truthy', ...params] = rest
  return (item) => {
    const subject =
      path === undefined
        ? item
        : String(path)
            .split('.')
            .reduce((at: unknown, key) => member(at, key), known(item))
    return applyTest(context, String(test), known(subject), params, args.named)
  }
}

function elements(value: unknown, context: FilterContext): readonly unknown[] {
  const list = value instanceof Secret ? context.reveal(value) : known(value)
  if (list instanceof Undefined) throw list.toError()
  if (isLookup(list)) return list.keys()
  return items(list)
}

function dict(value: unknown): Readonly<Record<string, unknown>> {
  const found = known(value)
  if (found instanceof Undefined) throw found.toError()
  if (isDict(found)) return found
  throw new TemplateError('expected a dict')
}

function known(value: unknown): unknown {
  return value instanceof Lazy ? value.force() : value
}
