import type { Problem } from '../errors.ts'
import { addChild, type Draft, type DraftGroup, openGroup, setGroupVariable } from './draft.ts'
import { checkDeclared } from './group-graph.ts'
import { readHostLine } from './host-line.ts'
import { readIniValue } from './ini-value.ts'
import { type Line, placeAt } from './line.ts'
import { SyntaxProblem } from './syntax-problem.ts'
import { isComment, strip, textLines } from './text-lines.ts'
import { isSecretName } from './variables.ts'

type Kind = 'hosts' | 'vars' | 'children'
interface Section {
  readonly kind: Kind
  readonly group: DraftGroup
}

const HEADER = /^\[([^:\]\s]+)(?::([\p{L}\p{N}_]+))?\]\s*(?:#.*)?$/u
const HEADER_AND_SEMICOLON = /^\[[^\]]*\]\s*;/
const CHILD = /^([^:\]\s]+)\s*(?:#.*)?$/
const KINDS: readonly string[] = ['hosts', 'vars', 'children']
const HEADER_HINT = 'Headers are [group], [group:vars] and [group:children]; a name has no space, ":" or "]".'

/** Reads an inventory in Ansible's INI format into the draft. What is wrong with it is collected, line by line. */
export function readIni(draft: Draft, bytes: Buffer, source: string): void {
  const { lines, problems } = textLines(bytes, source)
  draft.problems.push(...problems)
  // What comes before the first header belongs to `ungrouped`. Undefined: below a header that makes no sense.
  let section: Section | undefined = {
    kind: 'hosts',
    group: openGroup(draft, 'ungrouped', true, { file: source, line: 1 }),
  }
  for (const [index, raw] of lines.entries()) {
    const { text, indent } = strip(raw)
    if (text === '' || isComment(text)) continue
    const line: Line = { text, indent, place: { file: source, line: index + 1 } }
    try {
      if (isHeader(text)) {
        section = undefined
        section = readHeader(draft, line)
      } else if (section !== undefined) readContent(draft, section, line)
    } catch (error) {
      draft.problems.push(toProblem(error, line))
    }
  }
  checkDeclared(draft)
}

function isHeader(text: string): boolean {
  if (!text.startsWith('[')) return false
  return HEADER.test(text) || text.endsWith(']') || HEADER_AND_SEMICOLON.test(text)
}

function readHeader(draft: Draft, line: Line): Section {
  const { text } = line
  if (HEADER_AND_SEMICOLON.test(text)) {
    throw new SyntaxProblem(`';' starts no comment behind a header: ${text}`, { hint: 'Write # instead.' })
  }
  const [, name, kind = 'hosts'] = HEADER.exec(text) ?? []
  if (name === undefined) {
    throw new SyntaxProblem(`${text} is not a section header`, { hint: HEADER_HINT })
  }
  if (!isKind(kind)) {
    throw new SyntaxProblem(`section [${name}:${kind}] has an unknown type '${kind}'`, { hint: HEADER_HINT })
  }
  return { kind, group: openGroup(draft, name, kind !== 'vars', placeAt(line, 0)) }
}

function readContent(draft: Draft, { kind, group }: Section, line: Line): void {
  if (kind === 'hosts') readHostLine(draft, group, line)
  else if (kind === 'vars') readVariable(draft, group, line)
  else readChild(draft, group, line)
}

function readChild(draft: Draft, parent: DraftGroup, line: Line): void {
  const child = CHILD.exec(line.text)?.[1]
  if (child === undefined) {
    throw new SyntaxProblem(`expected the name of a group, got: ${line.text}`, {
      hint: 'One group name a line.',
    })
  }
  addChild(draft, parent.name, child, placeAt(line, 0))
}

function readVariable(draft: Draft, group: DraftGroup, line: Line): void {
  const equals = line.text.indexOf('=')
  const name = strip(line.text.slice(0, Math.max(equals, 0))).text
  if (name === '') {
    throw new SyntaxProblem(`expected key=value in [${group.name}:vars], got: ${line.text}`)
  }
  const { text, indent } = strip(line.text.slice(equals + 1))
  const value = readIniValue(draft, name, text, placeAt(line, equals + 1 + indent))
  if (typeof value === 'string' && /\s#/.test(text)) {
    draft.warnings.push({
      message: `the '#' in ${name} is part of its value: a line of :vars has no comment behind the value`,
      place: placeAt(line, 0),
      hint: isSecretName(name) ? 'Put comments on lines of their own.' : `The value is: ${value}`,
    })
  }
  setGroupVariable(draft, group, { name, value, place: placeAt(line, 0) })
}

function toProblem(error: unknown, line: Line): Problem {
  if (!(error instanceof SyntaxProblem)) throw error
  const { message, hint, offset } = error
  return { message, place: placeAt(line, offset), ...(hint === undefined ? {} : { hint }) }
}

function isKind(kind: string): kind is Kind {
  return KINDS.includes(kind)
}
