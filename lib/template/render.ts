import { Evaluator, type Scope } from './evaluate.ts'
import { items } from './filters-value.ts'
import { type Node, type NodeOf, parseTemplate } from './syntax.ts'
import { TemplateError } from './template-error.ts'
import { toText } from './text.ts'
import { conceal, isDict, isLookup, settle, Undefined } from './values.ts'

/** More turns than any loop over an inventory takes. */
const MOST_TURNS = 1_000_000

/**
 * What a template stands for. As in Ansible, a template that is nothing but one expression keeps the type of its value,
 * and what comes of several parts is text. Whatever a secret went into is a Secret.
 *
 * @returns possibly an {@link Undefined}
 * @throws TemplateError
 */
export function render(text: string, scope: Scope): unknown {
  const evaluator = new Evaluator(scope)
  try {
    const parts = [...run(evaluator, parseTemplate(text))]
    const whole = parts.length === 1 ? parts[0] : concatenate(evaluator, parts)
    const result = typeof whole === 'string' ? whole + missingNewlines(text, whole) : whole
    return evaluator.tainted ? conceal(settle(result)) : result
  } catch (error) {
    if (error instanceof TemplateError) throw error
    if (error instanceof RangeError) throw new TemplateError('it is nested too deeply')
    if (error instanceof TypeError) throw new TemplateError('a value in it has the wrong type')
    throw error
  }
}

/** The line ends of the template that Jinja drops at its end: Ansible puts them back behind text. */
function missingNewlines(template: string, result: string): string {
  return '\n'.repeat(Math.max(0, newlinesAtEnd(template) - newlinesAtEnd(result)))
}

function newlinesAtEnd(text: string): number {
  return /\n*$/.exec(text)?.[0].length ?? 0
}

function concatenate(evaluator: Evaluator, parts: readonly unknown[]): string {
  return parts
    .map((part) => evaluator.reveal(part))
    .map((part) => (part === null ? '' : toText(part)))
    .join('')
}

function* run(evaluator: Evaluator, nodes: readonly Node[]): Generator<unknown> {
  for (const node of nodes) {
    if (node.type === 'If') yield* run(evaluator, evaluator.truth(node.test) ? node.body : node.alternate)
    else if (node.type === 'For') yield* loop(evaluator, node)
    else if (node.type === 'Set') assign(evaluator, node)
    else if (node.type !== 'Comment') yield evaluator.evaluate(node)
  }
}

function* loop(
  evaluator: Evaluator,
  { loopvar, iterable, body, defaultBlock }: NodeOf<'For'>,
): Generator<unknown> {
  const outer = new Map(evaluator.locals)
  const isFiltered = iterable.type === 'SelectExpression'
  const list = iterate(evaluator, isFiltered ? iterable.lhs : iterable).filter((item) => {
    bind(evaluator, loopvar, item)
    return !isFiltered || evaluator.truth(iterable.test)
  })
  if (list.length > MOST_TURNS) throw new TemplateError('the loop is too long')
  for (const [index, item] of list.entries()) {
    bind(evaluator, loopvar, item)
    evaluator.locals.set('loop', loopState(index, list))
    yield* run(evaluator, body)
  }
  // As in Jinja, what a loop sets is gone behind it.
  evaluator.locals.clear()
  for (const [name, value] of outer) evaluator.locals.set(name, value)
  if (list.length === 0) yield* run(evaluator, defaultBlock)
}

function iterate(evaluator: Evaluator, node: Node): unknown[] {
  const value = evaluator.evaluate(node)
  if (value instanceof Undefined) throw value.toError()
  return [...(isLookup(value) ? value.keys() : items(value))]
}

function bind(evaluator: Evaluator, target: Node, value: unknown): void {
  if (target.type === 'Identifier') evaluator.locals.set(target.value, value)
  else if (target.type === 'TupleLiteral') {
    const parts = items(value)
    if (parts.length !== target.value.length)
      throw new TemplateError('the loop needs another number of names')
    for (const [index, name] of target.value.entries()) bind(evaluator, name, parts[index])
  } else throw new TemplateError('only names can be set')
}

function assign(evaluator: Evaluator, { assignee, value, body }: NodeOf<'Set'>): void {
  const result =
    value === null ? concatenate(evaluator, [...run(evaluator, body)]) : evaluator.evaluate(value)
  if (assignee.type !== 'MemberExpression') {
    bind(evaluator, assignee, result)
    return
  }
  // A namespace, the one thing that outlives a loop.
  const target = evaluator.evaluate(assignee.object)
  if (!isDict(target) || assignee.property.type !== 'Identifier')
    throw new TemplateError('only names can be set')
  Object.defineProperty(target, assignee.property.value, {
    value: result,
    enumerable: true,
    configurable: true,
    writable: true,
  })
}

function loopState(index: number, list: readonly unknown[]): Record<string, unknown> {
  const { length } = list
  return {
    index: index + 1,
    index0: index,
    revindex: length - index,
    revindex0: length - index - 1,
    first: index === 0,
    last: index === length - 1,
    length,
    previtem: list[index - 1] ?? new Undefined('there is no item before the first'),
    nextitem: list[index + 1] ?? new Undefined('there is no item behind the last'),
  }
}
