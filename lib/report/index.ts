import type { Reporter, RunEvent } from '../engine/events.ts'
import { mask } from '../secret.ts'
import { cleanEvent } from './clean.ts'
import { createPalette, wantsColor } from './color.ts'
import { createPlain } from './plain.ts'

export { printError } from './print-error.ts'
export { mapPlace, mapStack } from './stack.ts'

export interface ReportOptions {
  /** Default: `process.stdout`. */
  readonly stdout?: NodeJS.WriteStream
  /** Default: `process.stderr`. */
  readonly stderr?: NodeJS.WriteStream
  /** True for the live tree. Default: `stdout` is a terminal that can move its cursor, and this is not CI. */
  readonly live?: boolean
  /** `--color` or `--no-color`. Default: NO_COLOR, FORCE_COLOR, then whether `stdout` is a terminal. */
  readonly color?: boolean | undefined
  /** `facts`: what each host is, as YAML, instead of the story of the run. */
  readonly shows?: 'facts'
  /** Show what changes inside files. Default: false. */
  readonly diff?: boolean
  /** 1: tell every step (plain) or every change as it happens (live tree). Default: 0. */
  readonly verbose?: number
  /** Default: `process.env`. */
  readonly env?: NodeJS.ProcessEnv
}

/**
 * Shows a run to people. All of it goes to stdout, failures included, so that `> run.log` holds the whole story in
 * order; stderr is for what `printError` tells when there is no run to tell of. On a terminal hosts are a live tree
 * (tree.ts), elsewhere every event is a line (plain.ts). Secrets and control characters are taken out of every event.
 */
export function createReporter(options: ReportOptions = {}): Reporter {
  const early: RunEvent[] = []
  let reporter: Reporter | undefined
  const ready = loadReporter(options).then((loaded) => {
    for (const event of early) loaded.event(event)
    reporter = loaded
    return loaded
  })
  return {
    event(event) {
      const clean = cleanEvent(event)
      if (reporter === undefined) early.push(clean)
      else reporter.event(clean)
    },
    async close() {
      await (await ready).close()
    },
  }
}

// What only some runs need is loaded for them only.
async function loadReporter(options: ReportOptions): Promise<Reporter> {
  const { stdout = process.stdout, stderr = process.stderr, env = process.env, verbose = 0 } = options
  const isTTY = stdout.isTTY ?? false
  stdout.on('error', ignoreClosedPipe)
  const palette = createPalette(wantsColor({ flag: options.color, env, isTTY }))
  const diffLines = options.diff ? (await import('./diff.ts')).diffLines : undefined
  if (options.shows === 'facts') {
    const { createFactsReport } = await import('./facts.ts')
    return createFactsReport({ palette, stdout, stderr })
  }
  if (options.live ?? (isTTY && env.TERM !== 'dumb' && !env.CI)) {
    const { createTree } = await import('./tree.ts')
    return createTree({ palette, stdout, stderr, diffLines, verbose })
  }
  return createPlain({
    palette,
    diffLines,
    verbose,
    print: (lines) => {
      if (lines.length > 0) stdout.write(mask(`${lines.join('\n')}\n`))
    },
    flush: () => new Promise((resolve) => stdout.write('', () => resolve())),
  })
}

// `| head` may stop reading; that must not stop a run half-way.
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
}
