import { readNumber } from './python-number.ts'
import { readString } from './python-string.ts'
import type { Value } from './types.ts'

/** A literal that was read, and where a comment behind it began. */
export interface Literal {
  readonly value: Value
  /** Zero-based offset of a trailing `# comment`. */
  readonly comment: number | undefined
}

/** Where a reader stands in the text. Readers move `at` past what they read. */
export interface Cursor {
  readonly text: string
  at: number
}

type Read<T> = { readonly value: T } | undefined

const NAMES: ReadonlyMap<string, Value> = new Map<string, Value>([
  ['True', true],
  ['False', false],
  ['None', null],
  ['...', '...'],
])
const NAME = /\.\.\.|[A-Za-z]+(?![\w'"])/y
const SPACE = /[ \t\f]*/y
/** How a literal can begin; most values are words that cannot. */
const POSSIBLE = /^[ \t\f]*(?:[-+.\d([{'"]|[bru]{1,2}['"]|True|False|None)/i
// CPython refuses more than 200 nested brackets.
const DEEPEST = 200

/**
 * Reads what Python's `ast.literal_eval` reads, as Ansible uses the result: tuples and sets become lists.
 * Undefined for everything else, which Ansible then takes as plain text.
 *
 * An integer too large to be exact as a JavaScript number comes back as its decimal digits.
 */
export function parseLiteral(text: string): Literal | undefined {
  if (!POSSIBLE.test(text)) return undefined
  const cursor: Cursor = { text, at: 0 }
  skipSpace(cursor)
  const read = readTuple(cursor, 0)
  if (read === undefined) return undefined
  if (cursor.at === text.length) return { value: read.value, comment: undefined }
  return text[cursor.at] === '#' ? { value: read.value, comment: cursor.at } : undefined
}

/** One value, or several with commas between them. */
function readTuple(cursor: Cursor, depth: number): Read<Value> {
  const first = readValue(cursor, depth)
  if (first === undefined || !skip(cursor, ',')) return first
  const items = [first.value]
  for (;;) {
    const start = cursor.at
    const next = readValue(cursor, depth)
    if (next === undefined) return cursor.at === start ? { value: items } : undefined
    items.push(next.value)
    if (!skip(cursor, ',')) return { value: items }
  }
}

function readValue(cursor: Cursor, depth: number): Read<Value> {
  const read = readBare(cursor, depth)
  if (read !== undefined) skipSpace(cursor)
  return read
}

function readBare(cursor: Cursor, depth: number): Read<Value> {
  if (depth > DEEPEST) return undefined
  const char = cursor.text[cursor.at]
  if (char === '(') return readParentheses(cursor, depth + 1)
  if (char === '[') return readList(cursor, depth + 1)
  if (char === '{') return readBraces(cursor, depth + 1)
  return readNumber(cursor) ?? readString(cursor) ?? readName(cursor)
}

function readParentheses(cursor: Cursor, depth: number): Read<Value> {
  skip(cursor, '(')
  if (skip(cursor, ')')) return { value: [] }
  const inner = readTuple(cursor, depth)
  return inner !== undefined && skip(cursor, ')') ? inner : undefined
}

function readList(cursor: Cursor, depth: number): Read<Value> {
  skip(cursor, '[')
  const items: Value[] = []
  while (!skip(cursor, ']')) {
    const item = readValue(cursor, depth)
    if (item === undefined) return undefined
    items.push(item.value)
    if (!skip(cursor, ',') && cursor.text[cursor.at] !== ']') return undefined
  }
  return { value: items }
}

/** A dict, or a set, which becomes a list. */
function readBraces(cursor: Cursor, depth: number): Read<Value> {
  skip(cursor, '{')
  const keys: Value[] = []
  const values: Value[] = []
  while (!skip(cursor, '}')) {
    const key = readValue(cursor, depth)
    if (key === undefined) return undefined
    keys.push(key.value)
    if (skip(cursor, ':')) {
      const value = readValue(cursor, depth)
      if (value === undefined) return undefined
      values.push(value.value)
    }
    if (!skip(cursor, ',') && cursor.text[cursor.at] !== '}') return undefined
  }
  return dictOrSet(keys, values)
}

function dictOrSet(keys: readonly Value[], values: readonly Value[]): Read<Value> {
  if (keys.some(isCollection)) return undefined
  if (keys.length > 0 && values.length === 0) return { value: [...new Set(keys)] }
  if (keys.length !== values.length) return undefined
  return { value: Object.fromEntries(keys.map((key, index) => [String(key), values[index] as Value])) }
}

function readName(cursor: Cursor): Read<Value> {
  NAME.lastIndex = cursor.at
  const name = NAME.exec(cursor.text)?.[0]
  const value = name === undefined ? undefined : NAMES.get(name)
  if (name === undefined || value === undefined) return undefined
  cursor.at += name.length
  return { value }
}

function isCollection(value: Value): boolean {
  return typeof value === 'object' && value !== null
}

/** Moves past `text` and the white space behind it, if it is what comes next. */
function skip(cursor: Cursor, text: string): boolean {
  if (!cursor.text.startsWith(text, cursor.at)) return false
  cursor.at += text.length
  skipSpace(cursor)
  return true
}

function skipSpace(cursor: Cursor): void {
  SPACE.lastIndex = cursor.at
  cursor.at += SPACE.exec(cursor.text)?.[0].length ?? 0
}
