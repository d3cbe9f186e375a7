import { parse, tokenize } from '@huggingface/jinja'
import { TemplateError } from './template-error.ts'

type Token = ReturnType<typeof tokenize>[number]

/** A node of a template's syntax tree, as the parser makes it; only what is evaluated here has a type. */
export type Node =
  | { type: 'StringLiteral' | 'Identifier' | 'Comment'; value: string }
  | { type: 'IntegerLiteral' | 'FloatLiteral'; value: number }
  | { type: 'ArrayLiteral' | 'TupleLiteral'; value: readonly Node[] }
  | { type: 'ObjectLiteral'; value: ReadonlyMap<Node, Node> }
  | { type: 'MemberExpression'; object: Node; property: Node; computed: boolean }
  | { type: 'CallExpression'; callee: Node; args: readonly Node[] }
  | { type: 'KeywordArgumentExpression'; key: { value: string }; value: Node }
  | { type: 'FilterExpression'; operand: Node; filter: Node }
  | { type: 'BinaryExpression'; operator: { value: string }; left: Node; right: Node }
  | { type: 'UnaryExpression'; operator: { value: string }; argument: Node }
  | { type: 'Ternary'; condition: Node; trueExpr: Node; falseExpr: Node }
  | { type: 'SelectExpression'; lhs: Node; test: Node }
  | { type: 'SliceExpression'; start?: Node; stop?: Node; step?: Node }
  | { type: 'If'; test: Node; body: readonly Node[]; alternate: readonly Node[] }
  | { type: 'For'; loopvar: Node; iterable: Node; body: readonly Node[]; defaultBlock: readonly Node[] }
  | { type: 'Set'; assignee: Node; value: Node | null; body: readonly Node[] }

/** The nodes of one type. */
export type NodeOf<Type extends Node['type']> = Node & { type: Type }

const RAW = /\{%-?\s*raw\s*-?%\}(.*?)\{%-?\s*endraw\s*-?%\}/s
// A tag, in which a brace within quotes does not count.
const TAG = /\{[{%](?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[^"'])*?[%}]\}/gs
const OPERAND_ENDS: ReadonlySet<string> = new Set([
  'Identifier',
  'NumericLiteral',
  'StringLiteral',
  'CloseParen',
  'CloseSquareBracket',
  'CloseCurlyBracket',
])
const cache = new Map<string, readonly Node[]>()

/**
 * The syntax tree of a template.
 *
 * @throws TemplateError
 */
export function parseTemplate(text: string): readonly Node[] {
  const cached = cache.get(text)
  if (cached !== undefined) return cached
  const nodes = parseText(text)
  cache.set(text, nodes)
  return nodes
}

function parseText(text: string): readonly Node[] {
  if (/\{%-?\s*(?:end)?generation\b/.test(text)) throw new TemplateError('there is no tag generation')
  try {
    const source = text
      .split(RAW)
      .map((part, index) => (index % 2 === 0 ? keepBackslashes(part) : literal(part)))
    const tokens = tokenize(source.join(''), { trim_blocks: true })
    return parse(testsAsFilters(tokens)).body as unknown as readonly Node[]
  } catch (error) {
    if (error instanceof TemplateError) throw error
    throw new TemplateError(`this is no Jinja that can be read here (${describe(error)})`, SYNTAX_HINT)
  }
}

const SYNTAX_HINT = 'Supported: {{ }} with filters and tests, {% if %}, {% for %}, {% set %}.'

/** What stands between {% raw %} and {% endraw %}, as an expression. */
function literal(text: string): string {
  return `{{ '${text.replace(/['\\]/g, '\\$&')}' }}`
}

/** As in Ansible, a backslash within quotes is a backslash: `'\d'` needs no second one. */
function keepBackslashes(text: string): string {
  if (!text.includes('\\')) return text
  return text.replace(TAG, (tag) =>
    tag.replace(/\\(.)/gs, (_, char: string) =>
      char === '\\' ? '\\\\\\\\' : /["']/.test(char) ? `\\\\\\${char}` : `\\\\${char}`,
    ),
  )
}

/**
 * `x is test(1)` as `x | "is test"(1)`: tests bind as filters do, and the parser knows no arguments of tests.
 */
function testsAsFilters(tokens: readonly Token[]): Token[] {
  const result: Token[] = []
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at] as Token
    const before = tokens[at - 1]
    const isTest = isWord(token, 'is') && before !== undefined && OPERAND_ENDS.has(before.type)
    if (!isTest) {
      result.push(token)
      continue
    }
    const negated = isWord(tokens[at + 1], 'not')
    const name = tokens[at + (negated ? 2 : 1)]
    if (name?.type !== 'Identifier') throw new TemplateError('"is" needs the name of a test')
    // `is in` is the operator.
    if (isWord(name, 'in')) continue
    result.push({ value: '|', type: 'Pipe' })
    result.push({ value: `${negated ? 'is not' : 'is'} ${name.value}`, type: 'Identifier' })
    at += negated ? 2 : 1
  }
  return result
}

function isWord(token: Token | undefined, word: string): boolean {
  return token?.type === 'Identifier' && token.value === word
}

function describe(error: unknown): string {
  const { message } = error as Error
  // A template that ends too early makes the parser read past its end.
  return error instanceof TypeError ? 'it ends too early' : message.replace(/^Parser Error: /, '')
}
