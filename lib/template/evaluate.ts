import { Secret } from '../secret.ts'
import type { Arguments, FilterContext } from './filter-types.ts'
import { applyFilter } from './filters.ts'
import { callFunction, callMethod } from './functions.ts'
import { member, slice } from './member.ts'
import { calculate, compare, contains, isEqual, isTrue } from './operators.ts'
import type { Node, NodeOf } from './syntax.ts'
import { TemplateError } from './template-error.ts'
import { applyTest } from './tests.ts'
import { toText } from './text.ts'
import { isDict, isList, isLookup, Lazy, mapDict, settle, Undefined } from './values.ts'

/** Names to values. */
export interface Scope {
  /** An {@link Undefined} where there is no such name. */
  readonly get: (name: string) => unknown
}

const CONSTANTS: ReadonlyMap<string, unknown> = new Map<string, unknown>(
  ['true', 'True', 'false', 'False', 'none', 'None'].map((name) => [
    name,
    /none/i.test(name) ? null : /true/i.test(name),
  ]),
)

/** Evaluates expressions, and remembers whether a secret has gone into what came out. */
export class Evaluator implements FilterContext {
  readonly #scope: Scope
  readonly locals = new Map<string, unknown>()
  tainted = false

  constructor(scope: Scope) {
    this.#scope = scope
  }

  /** The value of an expression: it may be undefined, and hold what is lazy and secret. */
  evaluate(node: Node): unknown {
    const evaluate = EVALUATORS[node.type] as ((evaluator: Evaluator, node: Node) => unknown) | undefined
    if (evaluate === undefined) throw new TemplateError(`${node.type} is not supported`)
    const value = evaluate(this, node)
    return value instanceof Lazy ? value.force() : value
  }

  /** The value of an expression that must be there, with nothing lazy and nothing secret in it. */
  plain(node: Node): unknown {
    return this.reveal(this.evaluate(node))
  }

  /** What is behind secrets; whatever comes out of this template is one too. */
  reveal(value: unknown): unknown {
    return this.#open(settle(value))
  }

  applyFilter(name: string, value: unknown, args: Arguments): unknown {
    return applyFilter(this, name, value, args)
  }

  truth(node: Node): boolean {
    const value = this.evaluate(node)
    if (value instanceof Secret) return !value.isEmpty
    if (isLookup(value)) return value.keys().length > 0
    if (isList(value)) return value.length > 0
    return isDict(value) ? Object.keys(value).length > 0 : isTrue(settle(value))
  }

  lookUp(name: string): unknown {
    if (this.locals.has(name)) return this.locals.get(name)
    return CONSTANTS.has(name) ? CONSTANTS.get(name) : this.#scope.get(name)
  }

  /** Positional arguments, and those with names. */
  callArguments(nodes: readonly Node[]): { positional: unknown[]; named: Map<string, unknown> } {
    const positional: unknown[] = []
    const named = new Map<string, unknown>()
    for (const node of nodes) {
      if (node.type === 'KeywordArgumentExpression') named.set(node.key.value, this.evaluate(node.value))
      else positional.push(this.evaluate(node))
    }
    return { positional, named }
  }

  #open(value: unknown): unknown {
    if (value instanceof Secret) {
      this.tainted = true
      return value.reveal()
    }
    if (isList(value)) return value.map((item) => this.#open(item))
    return isDict(value) ? mapDict(value, (item) => this.#open(item)) : value
  }
}

const EVALUATORS: {
  readonly [Type in Node['type']]?: (evaluator: Evaluator, node: NodeOf<Type>) => unknown
} = {
  StringLiteral: (_, { value }) => value,
  IntegerLiteral: (_, { value }) => value,
  FloatLiteral: (_, { value }) => value,
  Identifier: (evaluator, { value }) => evaluator.lookUp(value),
  ArrayLiteral: (evaluator, { value }) => value.map((item) => evaluator.evaluate(item)),
  TupleLiteral: (evaluator, { value }) => value.map((item) => evaluator.evaluate(item)),
  ObjectLiteral: (evaluator, { value }) =>
    Object.fromEntries(
      [...value].map(([key, item]) => [toText(evaluator.plain(key)), evaluator.evaluate(item)]),
    ),
  Ternary: (evaluator, { condition, trueExpr, falseExpr }) =>
    evaluator.evaluate(evaluator.truth(condition) ? trueExpr : falseExpr),
  SelectExpression: (evaluator, { lhs, test }) =>
    evaluator.truth(test)
      ? evaluator.evaluate(lhs)
      : new Undefined('the "if" has no "else", and its condition is false', 'Add: else ...'),
  MemberExpression: memberOf,
  CallExpression: call,
  FilterExpression: filter,
  UnaryExpression: unary,
  BinaryExpression: binary,
}

function memberOf(evaluator: Evaluator, { object, property, computed }: NodeOf<'MemberExpression'>): unknown {
  const target = evaluator.evaluate(object)
  if (computed && property.type === 'SliceExpression') {
    const bound = (node: Node | undefined) => (node === undefined ? undefined : evaluator.plain(node))
    return slice(evaluator.reveal(target), bound(property.start), bound(property.stop), bound(property.step))
  }
  const key = computed ? evaluator.plain(property) : (property as NodeOf<'Identifier'>).value
  return member(target, key)
}

function call(evaluator: Evaluator, { callee, args }: NodeOf<'CallExpression'>): unknown {
  const { positional, named } = evaluator.callArguments(args)
  if (callee.type === 'Identifier') return callFunction(evaluator, callee.value, positional, named)
  if (callee.type !== 'MemberExpression' || callee.property.type !== 'Identifier' || callee.computed) {
    throw new TemplateError('only functions and methods can be called')
  }
  return callMethod(evaluator, evaluator.evaluate(callee.object), callee.property.value, positional)
}

function filter(evaluator: Evaluator, { operand, filter }: NodeOf<'FilterExpression'>): unknown {
  const node = filter.type === 'CallExpression' ? filter.callee : filter
  const args = evaluator.callArguments(filter.type === 'CallExpression' ? filter.args : [])
  const { value: name } = node as NodeOf<'Identifier'>
  const value = evaluator.evaluate(operand)
  const test = /^is (not )?(.*)$/.exec(name)
  if (test === null) return evaluator.applyFilter(name, value, args)
  const holds = applyTest(evaluator, test[2] as string, value, args.positional, args.named)
  return test[1] === undefined ? holds : !holds
}

function unary(evaluator: Evaluator, { operator, argument }: NodeOf<'UnaryExpression'>): unknown {
  if (operator.value === 'not') return !evaluator.truth(argument)
  return calculate(operator.value, 0, evaluator.plain(argument))
}

function binary(evaluator: Evaluator, { operator, left, right }: NodeOf<'BinaryExpression'>): unknown {
  if (operator.value === 'and') return evaluator.evaluate(evaluator.truth(left) ? right : left)
  if (operator.value === 'or') return evaluator.evaluate(evaluator.truth(left) ? left : right)
  if (operator.value.endsWith('in')) return isIn(evaluator, left, right) === (operator.value === 'in')
  const [a, b] = [evaluator.plain(left), evaluator.plain(right)]
  const order = COMPARISONS[operator.value]
  if (order !== undefined) return order(compare(a, b))
  if (operator.value === '==') return isEqual(a, b)
  if (operator.value === '!=') return !isEqual(a, b)
  if (operator.value === '~') return toText(a) + toText(b)
  if (operator.value === '%' && typeof a === 'string') throw new TemplateError('% on text is not supported')
  return calculate(operator.value, a, b)
}

const COMPARISONS: Readonly<Record<string, (order: number) => boolean>> = {
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
}

function isIn(evaluator: Evaluator, left: Node, right: Node): boolean {
  const item = evaluator.plain(left)
  const container = evaluator.evaluate(right)
  return isLookup(container)
    ? container.keys().includes(String(item))
    : contains(evaluator.reveal(container), item)
}
