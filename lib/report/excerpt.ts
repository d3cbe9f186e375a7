import { readFileSync } from 'node:fs'
import type { Place } from '../errors.ts'

/** Code has its own tools for this; an inventory and its variables have not. */
const CODE = /\.[cm]?[jt]sx?$/
/** A line with one of these may hold what must not be shown. */
const DELICATE = /pass|secret|token|key|credential|vault/i
/** A line of YAML without a key may be a part of a value whose key is delicate. */
const YAML_KEY = /^\s*(?:- +)?[^\s:][^:]*:(?:\s|$)/
const WIDEST = 100

/** The line that a problem is in, and a caret below the character; nothing where the line may hold a secret. */
export function excerpt({ file, line, column }: Place): string[] {
  if (column === undefined || CODE.test(file)) return []
  const text = readLine(file, line)
  if (text === undefined || DELICATE.test(text) || (/\.ya?ml$/.test(file) && !YAML_KEY.test(text))) return []
  const start = Math.max(0, column - 1 - WIDEST / 2)
  const shown = text.slice(start, start + WIDEST)
  // A tab above is a tab below: the caret stands where the eye looks for it.
  const space = shown.slice(0, column - 1 - start).replace(/[^\t]/g, ' ')
  return [shown, `${space}^`]
}

let latest: { file: string; lines: readonly string[] } | undefined

/** Problems come file by file: the latest one is kept. */
function readLine(file: string, line: number): string | undefined {
  try {
    if (latest?.file !== file) {
      const text = readFileSync(file, 'utf8').replace(/^\uFEFF/, '')
      latest = { file, lines: text.split(/\r\n|[\n\r]/) }
    }
    return latest.lines[line - 1]
  } catch {
    return undefined
  }
}
