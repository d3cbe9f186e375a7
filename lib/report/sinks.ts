import { dirname } from 'node:path'
import { mask } from '../secret.ts'
import { createPalette, wantsColor } from './color.ts'
import type { ReportOptions } from './index.ts'
import { createPlain } from './plain.ts'
import type { Sink } from './sink.ts'

/** Everything that a run is told to. What only some runs need is loaded for them only. */
export async function loadSinks(options: ReportOptions): Promise<readonly Sink[]> {
  const { output = 'text', junit, html, env = process.env } = options
  const log = await loadLog(options)
  const github = output === 'github' || (options.output === undefined && env.GITHUB_ACTIONS === 'true')
  const sinks = [
    // Before all else: it tells the runner not to take what follows for commands.
    github && (await loadGithub(options)),
    output === 'json' && (await loadJson(options)),
    await loadPeople(options, output === 'json' ? 'stderr' : 'stdout', log && options.logFile),
    log,
    junit && (await import('./junit.ts')).createJunit(junit),
    html && (await import('./html/index.ts')).createHtml(html),
  ]
  return sinks.filter((sink) => typeof sink === 'object')
}

async function loadPeople(
  options: ReportOptions,
  where: 'stdout' | 'stderr',
  logFile: string | undefined,
): Promise<Sink> {
  const { env = process.env, verbose = 0, stderr = process.stderr } = options
  const stream = openStream(options, where)
  const isTTY = stream.isTTY ?? false
  const palette = createPalette(wantsColor({ flag: options.color, env, isTTY }))
  const diffLines = await loadDiff(options)
  if (options.shows === 'facts') {
    const { createFactsReport } = await import('./facts.ts')
    return createFactsReport({ palette, stdout: stream, stderr })
  }
  if (options.live ?? (where === 'stdout' && isTTY && env.TERM !== 'dumb' && !env.CI)) {
    const { createTree } = await import('./tree.ts')
    return createTree({ palette, stdout: stream, stderr, diffLines, verbose, logFile })
  }
  const print = (lines: readonly string[]) => {
    if (lines.length > 0) stream.write(mask(`${lines.join('\n')}\n`))
  }
  return createPlain({ palette, diffLines, verbose, logFile, print, flush: () => flushed(stream) })
}

async function loadLog(options: ReportOptions): Promise<Sink | undefined> {
  if (options.logFile === undefined) return undefined
  const { createLog, pruneLogs } = await import('./log.ts')
  const log = createLog({ path: options.logFile, diffLines: await loadDiff(options) })
  if (options.pruneLogs) pruneLogs(dirname(options.logFile))
  return log
}

async function loadDiff({ diff }: ReportOptions) {
  return diff ? (await import('./diff.ts')).diffLines : undefined
}

async function loadGithub(options: ReportOptions): Promise<Sink> {
  const { createGithub } = await import('./github.ts')
  const stream = openStream(options, 'stdout')
  return createGithub((text) => stream.write(text), options.env ?? process.env)
}

async function loadJson(options: ReportOptions): Promise<Sink> {
  const { createJson } = await import('./json.ts')
  const stream = openStream(options, 'stdout')
  const { verbose = 0 } = options
  return createJson({ verbose, print: (text) => stream.write(text), flush: () => flushed(stream) })
}

function openStream(options: ReportOptions, which: 'stdout' | 'stderr'): NodeJS.WriteStream {
  const stream = options[which] ?? process[which]
  stream.on('error', ignoreClosedPipe)
  return stream
}

function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => stream.write('', () => resolve()))
}

// `| head` may stop reading; that must not stop a run half-way.
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
}
