import { posix } from 'node:path'
import { Readable } from 'node:stream'
import type { Change, Need, Observed, PlanContext } from '../engine/resource.ts'
import { QuorateError } from '../errors.ts'
import { type Attributes, checkedAttributes } from './checked.ts'
import { diffText } from './payload.ts'
import { bytesOf, type Content, contentNeed, contentProbe, HiddenBytes } from './probes/content.ts'
import { type PathState, pathNeed, pathProbe } from './probes/path.ts'
import { requireParent, requireSpace } from './surroundings.ts'
import { INLINE_LIMIT, replaceByUpload, replaceScript, runScript, sha256 } from './write.ts'

/** How an edit treats a file that does not exist. */
export interface CreateOptions {
  /** Create the file where there is none. Default: false, its absence is an error. */
  readonly create?: boolean
  /** Of a file that is created; an existing one keeps its own. Default: `root`. */
  readonly owner?: string
  /** Of a file that is created; an existing one keeps its own. Default: `root`. */
  readonly group?: string
  /** Of a file that is created; an existing one keeps its own. Default: 0o644. */
  readonly mode?: number
}

/** Lines of a file as bytes in latin1, so that whatever encoding the rest of it has, it comes through untouched. */
export type Lines = readonly string[]

/** What an edit does to the lines: undefined where they are as desired. */
export type EditLines = (lines: Lines) => { readonly lines: Lines; readonly summary: string } | undefined

/** The attributes of a file that an edit may create; undefined where it may not. */
export function checkedCreate(kind: string, path: string, options: CreateOptions): Attributes | undefined {
  const { create = false, owner = 'root', group = 'root', mode = 0o644 } = options
  const attributes = checkedAttributes(kind, path, { owner, group, mode })
  return create ? attributes : undefined
}

/** What a plan of an edit needs to know. */
export function editNeeds(path: string): readonly Need[] {
  return [pathNeed(posix.dirname(path)), pathNeed(path), contentNeed(path)]
}

/**
 * The change that an edit makes to a file, computed here from its observed content. The host refuses it where the file
 * is no longer the one that was observed.
 *
 * @throws QuorateError where the path holds no file that can be edited.
 */
export function planEdit(
  path: string,
  create: Attributes | undefined,
  observed: Observed,
  context: PlanContext,
  edit: EditLines,
): readonly Change[] {
  const content = editableContent(path, observed)
  const before = bytesOf(content)
  const edited = edit(toLines(before))
  if (edited === undefined) return []
  const attributes = before === undefined ? create : observed.get(pathProbe, path)
  if (attributes === undefined) {
    throw new QuorateError(`${path} does not exist`, {
      hint: 'give create: true, or put file(...) before it',
    })
  }
  requireParent(observed, path)
  const after = fromLines(edited.lines)
  const secret = content instanceof HiddenBytes
  requireSpace(context.facts, path, after.length)
  return [
    {
      summary: edited.summary,
      ...(context.diff && !secret && { diff: { before: diffText(before), after: diffText(after) } }),
      ...replacement(path, attributes, before, after, secret),
    },
  ]
}

/** Text as a line of a file holds it. */
export function toBytes(text: string): string {
  return Buffer.from(text).toString('latin1')
}

/** A line of a file as text, as far as it is UTF-8. */
export function toText(line: string): string {
  return Buffer.from(line, 'latin1').toString()
}

function replacement(
  path: string,
  { owner, group, mode }: Attributes,
  before: Buffer | undefined,
  after: Buffer,
  secret: boolean,
): Pick<Change, 'action' | 'effects'> {
  const madeFrom = before === undefined ? 'absent' : sha256(before)
  const wanted = { path, owner, group, mode, sha256: sha256(after), madeFrom }
  const state: PathState = { type: 'file', owner, group, mode, size: after.length, sha256: wanted.sha256 }
  return {
    action:
      after.length > INLINE_LIMIT
        ? (connection) => replaceByUpload(connection, wanted, Readable.from([after]))
        : secret
          ? (connection) => runScript(connection, replaceScript(wanted, after))
          : replaceScript(wanted, after),
    effects: {
      known: [
        [pathNeed(path), state],
        [contentNeed(path), secret ? new HiddenBytes(() => after) : after],
      ],
    },
  }
}

function editableContent(path: string, observed: Observed): Content {
  const { type, target } = observed.get(pathProbe, path)
  if (type === 'absent') return undefined
  if (type === 'symlink') {
    throw new QuorateError(`${path} is a symlink to ${target}`, { hint: 'name the file that it points to' })
  }
  if (type !== 'file') throw new QuorateError(`${path} is not a file`)
  const content = observed.get(contentProbe, path)
  if (content === undefined) throw new QuorateError(`${path} cannot be read`)
  return content
}

function toLines(content: Buffer | undefined): Lines {
  const text = content?.toString('latin1') ?? ''
  return text === '' ? [] : text.replace(/\n$/, '').split('\n')
}

// Ends with a newline even where the old content did not: a line without one is no line to many programs (cron, read).
function fromLines(lines: Lines): Buffer {
  return Buffer.from(lines.map((line) => `${line}\n`).join(''), 'latin1')
}
