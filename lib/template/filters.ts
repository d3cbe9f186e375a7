import { didYouMean } from '../suggest.ts'
import type { Arguments, FilterContext, PlainFilter, StructuralFilter } from './filter-types.ts'
import { LIST_FILTERS } from './filters-list.ts'
import { TEXT_FILTERS } from './filters-text.ts'
import { VALUE_FILTERS } from './filters-value.ts'
import { TemplateError } from './template-error.ts'
import { Undefined } from './values.ts'

const PLAIN_FILTERS: Readonly<Record<string, PlainFilter>> = { ...TEXT_FILTERS, ...VALUE_FILTERS }

/** Applies a filter as Ansible does. */
export function applyFilter(context: FilterContext, name: string, value: unknown, args: Arguments): unknown {
  const short = name.replace(/^ansible\.builtin\./, '')
  if (Object.hasOwn(LIST_FILTERS, short))
    return (LIST_FILTERS[short] as StructuralFilter)(value, args, context)
  if (!Object.hasOwn(PLAIN_FILTERS, short)) {
    const hint = didYouMean(short, [...Object.keys(LIST_FILTERS), ...Object.keys(PLAIN_FILTERS)])
    throw new TemplateError(`the filter ${name} is not supported`, hint)
  }
  if (value instanceof Undefined) throw value.toError()
  return (PLAIN_FILTERS[short] as PlainFilter)(context.reveal(value), {
    positional: args.positional.map((arg) => context.reveal(arg)),
    named: new Map([...args.named].map(([key, arg]) => [key, context.reveal(arg)])),
  })
}
