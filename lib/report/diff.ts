import { structuredPatch } from 'diff'
import type { Diff } from '../engine/resource.ts'
import type { Palette } from './color.ts'

const CONTEXT = 3
const MOST_CHARACTERS = 500_000
const MOST_EDITS = 2_000
const MOST_LINES = 400
const INDENT = '    '

/** The changed lines of a file in their context; of binary or huge content only how much there is of it. */
export function diffLines({ before, after }: Diff, palette: Palette): string[] {
  if (isBinary(before) || isBinary(after)) return [summary('binary content', before, after, palette)]
  if (before.length + after.length > MOST_CHARACTERS) return [summary('content', before, after, palette)]
  const patch = structuredPatch('', '', before, after, '', '', {
    context: CONTEXT,
    maxEditLength: MOST_EDITS,
  })
  if (patch === undefined) return [summary('content', before, after, palette)]
  const lines = patch.hunks.flatMap((hunk) => [hunkHeader(hunk), ...hunk.lines])
  const shown = lines.slice(0, MOST_LINES).map((line) => INDENT + styleOf(line, palette)(line))
  const hidden = lines.length - shown.length
  return hidden === 0 ? shown : [...shown, INDENT + palette.dim(`… ${hidden} more lines`)]
}

function hunkHeader(hunk: {
  oldStart: number
  oldLines: number
  newStart: number
  newLines: number
}): string {
  return `@@ -${hunk.oldStart},${hunk.oldLines} +${hunk.newStart},${hunk.newLines} @@`
}

function styleOf(line: string, palette: Palette): (text: string) => string {
  if (line.startsWith('+')) return palette.added
  if (line.startsWith('-')) return palette.removed
  return line.startsWith('@@') || line.startsWith('\\') ? palette.dim : (text) => text
}

function summary(what: string, before: string, after: string, palette: Palette): string {
  return INDENT + palette.dim(`${what} differs: ${size(before)} → ${size(after)}`)
}

function size(text: string): string {
  const bytes = Buffer.byteLength(text)
  return bytes < 10_000 ? `${bytes} bytes` : `${Math.round(bytes / 1000)} kB`
}

// Control characters were made visible before, so NUL shows as its escape; undecodable bytes are U+FFFD.
function isBinary(text: string): boolean {
  return text.includes('\\x00') || text.includes('\ufffd')
}
