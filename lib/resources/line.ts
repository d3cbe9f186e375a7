import { callPlace } from '../engine/place.ts'
import type { Resource } from '../engine/resource.ts'
import { QuorateError } from '../errors.ts'
import { checkedPath } from './checked.ts'
import {
  type CreateOptions,
  checkedCreate,
  type EditLines,
  editNeeds,
  type Lines,
  planEdit,
  toBytes,
  toText,
} from './edit.ts'

export interface LineOptions extends CreateOptions {
  /** The line, without its newline. May be left out where `match` says what is to be absent. */
  readonly line?: string
  /** Other forms of the line: the file is to have no matching line but `line` itself. Tried on each line alone. */
  readonly match?: RegExp
  /** Where a new line goes: behind the last line that matches, or at the end where none does. Default: the end. */
  readonly insertAfter?: RegExp
  /** Where a new line goes: before the first line that matches (`start`: the first of all), or at the end where none does. */
  readonly insertBefore?: RegExp | 'start'
  /** Default: `present`. */
  readonly state?: 'present' | 'absent'
}

/**
 * A line in a file that also others write. `present`: the line is there, and no other line matches `match`; it takes
 * the place of the last of those. `absent`: no line is equal to `line` or matches `match`. Not for a file that a
 * `file` writes: the two would undo each other.
 *
 * @example line('/etc/ssh/sshd_config', { line: 'PermitRootLogin no', match: /^#?PermitRootLogin\b/ })
 * @throws QuorateError for a path or line that cannot be meant.
 */
export function line(path: string, options: LineOptions): Resource {
  const place = callPlace()
  checkedPath('line', path)
  checkOptions(path, options)
  const create = checkedCreate('line', path, options)
  const edit = options.state === 'absent' ? removeLine(options) : setLine(options)
  return {
    kind: 'line',
    name: path,
    place,
    needs: () => editNeeds(path),
    plan: (observed, context) => planEdit(path, create, observed, context, edit),
  }
}

function checkOptions(path: string, { line, match, insertAfter, insertBefore, state }: LineOptions): void {
  const fail = (message: string) => {
    throw new QuorateError(`line in ${path}: ${message}`)
  }
  if (line === undefined && (state !== 'absent' || match === undefined)) fail(`'line' is missing`)
  if (line === '' || (line !== undefined && /[\n\0]/.test(line))) {
    fail(`${JSON.stringify(line)} is not one line: block() is for several`)
  }
  if (insertAfter !== undefined && insertBefore !== undefined) fail('give either insertAfter or insertBefore')
}

function setLine({ line = '', match, insertAfter, insertBefore }: LineOptions): EditLines {
  const wanted = toBytes(line)
  const isOther = (candidate: string) => candidate !== wanted && matches(match, candidate)
  return (lines) => {
    const others = lines.filter(isOther).length
    const present = lines.includes(wanted)
    if (present && others === 0) return undefined
    if (present) return { lines: lines.filter((each) => !isOther(each)), summary: `only: ${line}` }
    if (others === 0) {
      const at = insertAt(lines, insertAfter, insertBefore)
      return { lines: lines.toSpliced(at, 0, wanted), summary: `add: ${line}` }
    }
    const last = lines.findLastIndex(isOther)
    const replaced = lines.with(last, wanted).filter((each) => !isOther(each))
    return { lines: replaced, summary: `${others === 1 ? 'set' : `${others} lines`} → ${line}` }
  }
}

function removeLine({ line, match }: LineOptions): EditLines {
  const unwanted = line === undefined ? undefined : toBytes(line)
  return (lines) => {
    const kept = lines.filter((each) => each !== unwanted && !matches(match, each))
    if (kept.length === lines.length) return undefined
    const count = lines.length - kept.length
    return { lines: kept, summary: `remove ${count === 1 ? 'a line' : `${count} lines`}: ${line ?? match}` }
  }
}

function insertAt(lines: Lines, after: RegExp | undefined, before: RegExp | 'start' | undefined): number {
  if (before === 'start') return 0
  const first = lines.findIndex((each) => matches(before, each))
  if (first !== -1) return first
  const last = lines.findLastIndex((each) => matches(after, each))
  return last === -1 ? lines.length : last + 1
}

function matches(pattern: RegExp | undefined, candidate: string): boolean {
  if (pattern === undefined) return false
  // A copy, as patterns with the flag g or y remember where they stopped.
  return new RegExp(pattern).test(toText(candidate))
}
