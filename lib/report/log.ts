import { chmodSync, mkdirSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { mask } from '../secret.ts'
import { createPalette } from './color.ts'
import type { diffLines } from './diff.ts'
import { createPlain } from './plain.ts'
import type { Sink } from './sink.ts'

const MOST_LOGS = 30

export interface LogOptions {
  readonly path: string
  readonly diffLines: typeof diffLines | undefined
}

/**
 * The log of a run: every step, script and line of output with its time, for its owner only.
 *
 * @returns undefined where it cannot be kept, which must not keep a run from being made.
 */
export function createLog({ path, diffLines }: LogOptions): Sink | undefined {
  let file = open(path)
  if (file === undefined) return undefined
  let now = Date.now()
  const print = (lines: readonly string[]) => {
    const time = new Date(now).toISOString().slice(11, 23)
    const text = lines.map((line) => `${time}  ${line}`.trimEnd()).join('\n')
    if (file !== undefined && text !== '') file = write(file, mask(`${text}\n`))
  }
  const plain = createPlain({
    palette: createPalette(false),
    print,
    diffLines,
    verbose: 3,
    flush: async () => {},
  })
  return {
    event(event, at) {
      now = at
      plain.event(event, at)
    },
    close: () => plain.close(),
  }
}

// Written at once and without a queue: whatever ends the process, the log holds all that was told before.
function write(file: number, text: string): number | undefined {
  try {
    writeSync(file, text)
    return file
  } catch {
    // A full disk of this machine is no reason to leave hosts half-way.
    return undefined
  }
}

function open(path: string): number | undefined {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    const file = openSync(path, 'w', 0o600)
    chmodSync(path, 0o600)
    return file
  } catch {
    return undefined
  }
}

/** Removes the oldest logs, so that those of `folder` do not grow for ever. */
export function pruneLogs(folder: string): void {
  try {
    const logs = readdirSync(folder).filter((name) => name.endsWith('.log'))
    for (const name of logs.sort().slice(0, -MOST_LOGS)) rmSync(join(folder, name), { force: true })
  } catch {}
}
