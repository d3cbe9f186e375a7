import type { Reporter, RunEvent } from '../engine/events.ts'
import type { OutputFormat } from '../options.ts'
import { cleanEvent } from './clean.ts'
import type { Sink } from './sink.ts'
import { loadSinks } from './sinks.ts'

export { printError } from './print-error.ts'
export { mapPlace, mapStack } from './stack.ts'

export interface ReportOptions {
  /** Default: text, with annotations where GITHUB_ACTIONS is set. */
  readonly output?: OutputFormat | undefined
  /** Default: `process.stdout`. */
  readonly stdout?: NodeJS.WriteStream
  /** Default: `process.stderr`. */
  readonly stderr?: NodeJS.WriteStream
  /** True for the live tree. Default: `stdout` is a terminal that can move its cursor, and this is not CI. */
  readonly live?: boolean
  /** `--color` or `--no-color`. Default: NO_COLOR, FORCE_COLOR, then whether the stream is a terminal. */
  readonly color?: boolean | undefined
  /** `facts`: what each host is, as YAML, instead of the story of the run. */
  readonly shows?: 'facts'
  /** Show what changes inside files. Default: false. */
  readonly diff?: boolean
  /** 1: tell every step (plain) or every change as it happens (live tree), and what scripts print; 2: and every script. Default: 0. */
  readonly verbose?: number
  /** Where the log of the run is kept. Default: nowhere. */
  readonly logFile?: string | undefined
  /** Remove the oldest logs beside it: nobody has asked for them. Default: false. */
  readonly pruneLogs?: boolean
  /** File for a JUnit report. Default: none. */
  readonly junit?: string | undefined
  /** File for a page of the whole run. Default: none. */
  readonly html?: string | undefined
  /** Default: `process.env`. */
  readonly env?: NodeJS.ProcessEnv
}

/**
 * Shows a run. For people all of it goes to stdout, failures included, so that `> run.log` holds the whole story in
 * order; stderr is for what `printError` tells when there is no run to tell of. On a terminal hosts are a live tree
 * (tree.ts), elsewhere every event is a line (plain.ts). With `output: 'json'` stdout holds events only, and the lines
 * for people go to stderr. Secrets and control characters are taken out of every event.
 */
export function createReporter(options: ReportOptions = {}): Reporter {
  const early: [RunEvent, number][] = []
  let sinks: readonly Sink[] | undefined
  const ready = loadSinks(options).then((loaded) => {
    for (const sink of loaded) for (const [event, at] of early) sink.event(event, at)
    sinks = loaded
    return loaded
  })
  return {
    event(event) {
      const clean = cleanEvent(event)
      const at = performance.timeOrigin + performance.now()
      if (sinks === undefined) early.push([clean, at])
      else for (const sink of sinks) sink.event(clean, at)
    },
    async close() {
      // What has to come before all else has to come after all else too.
      for (const sink of [...(await ready)].reverse()) await sink.close()
    },
  }
}
