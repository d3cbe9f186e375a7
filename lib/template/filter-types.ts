/** What filters, functions and tests need of the one who evaluates. */
export interface FilterContext {
  /** The plain value behind what is lazy or secret. @throws TemplateError where it is undefined */
  readonly reveal: (value: unknown) => unknown
  /** Applies a filter by its name, for those that apply another one to each item. */
  readonly applyFilter: (name: string, value: unknown, args: Arguments) => unknown
}

/** The arguments of a call, some of them with names. */
export interface Arguments {
  readonly positional: readonly unknown[]
  readonly named: ReadonlyMap<string, unknown>
}

/** A filter that moves values about: they may be secret, and `value` may even be undefined. */
export type StructuralFilter = (value: unknown, args: Arguments, context: FilterContext) => unknown

/** A filter that makes a new value of a plain one. */
export type PlainFilter = (value: unknown, args: Arguments) => unknown

/** The argument at a position or of a name. */
export function argument({ positional, named }: Arguments, index: number, name: string): unknown {
  return index < positional.length ? positional[index] : named.get(name)
}
