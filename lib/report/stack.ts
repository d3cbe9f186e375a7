import { readFileSync } from 'node:fs'
import { SourceMap } from 'node:module'
import { dirname, relative, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { formatPlace, type Place } from '../errors.ts'

// `file:///…/x.js:10:5` or `/…/x.js:10:5`, as V8 writes it inside a frame.
const FRAME_PLACE = /((?:file:\/\/)?\/[^\s()]+\.[cm]?js):(\d+):(\d+)/g
const sourceMaps = new Map<string, SourceMap | undefined>()

/** A stack trace whose built `.js` frames name the `.ts` lines they were written on. */
export function mapStack(stack: string): string {
  return stack.replace(FRAME_PLACE, (_, file: string, line: string, column: string) =>
    formatPlace(mapPlace({ file, line: Number(line), column: Number(column) })),
  )
}

/** The `.ts` place that a built `.js` place was compiled from; any other place stays as it is. Line and column count from 1. */
export function mapPlace(place: Place): Place {
  const file = place.file.startsWith('file:') ? fileURLToPath(place.file) : place.file
  const sourceMap = /\.[cm]?js$/.test(file) ? findSourceMap(file) : undefined
  const entry = sourceMap?.findEntry(place.line - 1, (place.column ?? 1) - 1)
  if (entry === undefined || !('originalSource' in entry)) return { ...place, file }
  const source = fileURLToPath(new URL(entry.originalSource, pathToFileURL(`${dirname(file)}/`)))
  const mapped = { file: source, line: entry.originalLine + 1 }
  return place.column === undefined ? mapped : { ...mapped, column: entry.originalColumn + 1 }
}

/** A place as people read it: mapped to its source, and relative to the working directory where it lies inside. */
export function showPlace(place: Place): string {
  const mapped = mapPlace(place)
  const fromHere = relative(process.cwd(), resolve(mapped.file))
  return formatPlace(fromHere.startsWith('..') ? mapped : { ...mapped, file: fromHere })
}

function findSourceMap(file: string): SourceMap | undefined {
  if (!sourceMaps.has(file)) sourceMaps.set(file, readSourceMap(`${file}.map`))
  return sourceMaps.get(file)
}

// A missing or broken map only costs readability: the frame then names the built file.
function readSourceMap(path: string): SourceMap | undefined {
  try {
    return new SourceMap(JSON.parse(readFileSync(path, 'utf8')))
  } catch {
    return undefined
  }
}
