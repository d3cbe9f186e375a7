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
} from './edit.ts'

export interface BlockOptions extends CreateOptions {
  /** The lines between the markers. May be left out where the block is to be absent. */
  readonly content?: string
  /** Names the block within its file: it stands between `# BEGIN marker` and `# END marker`. */
  readonly marker: string
  /** What starts a comment in this file. Default: `#`. */
  readonly comment?: string
  /** Default: `present`. */
  readonly state?: 'present' | 'absent'
}

/**
 * Lines between two markers in a file that also others write; a new block goes to the end. All outside of the markers
 * is left alone.
 *
 * @throws QuorateError for a path, marker or content that cannot be meant.
 */
export function block(path: string, options: BlockOptions): Resource {
  const place = callPlace()
  checkedPath('block', path)
  const edit = editBlock(checkedBlock(path, options))
  const create = checkedCreate('block', path, options)
  return {
    kind: 'block',
    name: `${path} (${options.marker})`,
    place,
    needs: () => editNeeds(path),
    plan: (observed, context) => planEdit(path, create, observed, context, edit),
  }
}

/** Markers around lines, as bytes; undefined `body`: no such block. */
export interface Block {
  readonly begin: string
  readonly end: string
  readonly body: Lines | undefined
}

/** The markers and lines of a block. */
export function makeBlock(marker: string, comment: string, body: Lines | undefined): Block {
  return { begin: toBytes(`${comment} BEGIN ${marker}`), end: toBytes(`${comment} END ${marker}`), body }
}

/**
 * Where a block is: the index of its begin and end line; undefined where there is none.
 *
 * @throws QuorateError where only one marker is there, or more than one block.
 */
export function findBlock(lines: Lines, { begin, end }: Block): { first: number; last: number } | undefined {
  const [first, last] = [lines.indexOf(begin), lines.indexOf(end)]
  if (first === -1 && last === -1) return undefined
  if (first === -1 || last < first || lines.lastIndexOf(begin) !== first || lines.lastIndexOf(end) !== last) {
    throw new QuorateError(`the markers '${begin}' and '${end}' do not make one block`, {
      hint: 'mend the file by hand: one of each, in this order, or none',
    })
  }
  return { first, last }
}

/** The lines with the block in them, at the end where it is new; or without it. */
export function replaceBlock(lines: Lines, block: Block): Lines {
  const found = findBlock(lines, block)
  const wanted = block.body === undefined ? [] : [block.begin, ...block.body, block.end]
  if (found === undefined) return [...lines, ...wanted]
  return lines.toSpliced(found.first, found.last - found.first + 1, ...wanted)
}

function editBlock(block: Block): EditLines {
  return (lines) => {
    const edited = replaceBlock(lines, block)
    if (edited.length === lines.length && edited.every((line, i) => line === lines[i])) return undefined
    if (block.body === undefined) return { lines: edited, summary: 'remove the block' }
    const count = `${block.body.length} line${block.body.length === 1 ? '' : 's'}`
    return {
      lines: edited,
      summary: findBlock(lines, block) === undefined ? `add the block, ${count}` : `content, ${count}`,
    }
  }
}

function checkedBlock(
  path: string,
  { content, marker, comment = '#', state = 'present' }: BlockOptions,
): Block {
  if (marker.trim() === '' || /[\n\0]/.test(marker + comment)) {
    throw new QuorateError(`block in ${path}: marker ${JSON.stringify(marker)} is not a name on one line`)
  }
  if (state === 'absent') return makeBlock(marker, comment, undefined)
  if (content === undefined) throw new QuorateError(`block in ${path}: 'content' is missing`)
  const body = content === '' ? [] : toBytes(content).replace(/\n$/, '').split('\n')
  const block = makeBlock(marker, comment, body)
  if (body.includes(block.begin) || body.includes(block.end)) {
    throw new QuorateError(`block in ${path}: the content holds a marker of its own`)
  }
  return block
}
