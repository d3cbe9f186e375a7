import { fileURLToPath } from 'node:url'
import type { Place } from '../errors.ts'

// In dist this is a chunk in lib/chunks.
const LIB = fileURLToPath(import.meta.url).replace(/(.*\/lib\/).*/, '$1')
// The space or parenthesis keeps `node:internal/timers:5:1` out.
const FRAME = /[\s(]((?:file:\/\/)?\/.*?):(\d+):(\d+)\)?$/

/** The line of the role or playbook that called into lib: the first stack frame outside of it. */
export function callPlace(): Place | undefined {
  return placeOf(new Error())
}

/** The line outside of lib that an error comes from. */
export function placeOf(error: Error): Place | undefined {
  for (const line of (error.stack ?? '').split('\n')) {
    const match = FRAME.exec(line)
    if (match === null) continue
    const file = toPath(match[1] as string)
    if (!file.startsWith(LIB) && !file.includes('/node_modules/')) {
      return { file, line: Number(match[2]), column: Number(match[3]) }
    }
  }
  return undefined
}

function toPath(location: string): string {
  return location.startsWith('file://') ? fileURLToPath(location) : location
}
