import type { RunEvent, RunMode } from '../engine/events.ts'
import { mask } from '../secret.ts'
import type { Palette } from './color.ts'
import type { diffLines } from './diff.ts'
import { FailureGroups } from './failure-groups.ts'
import { Foresight } from './foresight.ts'
import { frameLines, playSummary } from './frame.ts'
import { addHost, type HostGroups } from './host-groups.ts'
import { changeLine, describeChange, routeLine, runLine, verifiedGroupLines, warningLine } from './lines.ts'
import { outputLines, scriptLines } from './live-output.ts'
import { LiveRegion } from './live-region.ts'
import { advance, type PlayProgress, startPlay } from './progress.ts'
import { recapLines } from './recap.ts'
import type { Sink } from './sink.ts'

export interface TreeOptions {
  readonly palette: Palette
  readonly stdout: NodeJS.WriteStream
  readonly stderr: NodeJS.WriteStream
  /** Absent where no diffs are asked for. */
  readonly diffLines: typeof diffLines | undefined
  /** From 1 on each change is printed as it happens (with diffs always), and what scripts print; from 2 on the scripts as well, from 3 on how hosts are reached. */
  readonly verbose: number
  /** Named at the end of a run that did not go well. Default: not named. */
  readonly logFile?: string | undefined
}

/**
 * The live tree of a terminal: the current play with a row a host is redrawn in place; what stays (failures, warnings,
 * a line for each finished play with what its roles verified, the recap) is printed above it and scrolls away.
 */
export function createTree({ palette, stdout, stderr, diffLines, verbose, logFile }: TreeOptions): Sink {
  const changes: HostGroups = new Map()
  const foresight = new Foresight()
  const verified: HostGroups = new Map()
  const lost = new Set<string>()
  let mode: RunMode = 'apply'
  let progress: PlayProgress | undefined
  const live = new LiveRegion({ stdout, stderr }, (frame) =>
    progress === undefined ? [] : frameLines(progress, { ...frame, palette, now: performance.now() }),
  )
  const failures = new FailureGroups(palette, (lines) => live.print(mask(`${lines.join('\n')}\n`)))

  /** What the event leaves on the screen for good. */
  function lasting(event: RunEvent): string[] {
    switch (event.type) {
      case 'runStart':
        mode = event.mode
        return [runLine(event, palette)]
      case 'playStart':
        progress = startPlay(event, { mode, now: performance.now(), lost })
        return []
      case 'change': {
        addHost(changes, describeChange(event.change), event.change.host)
        const diff = event.change.diff && diffLines?.(event.change.diff, palette)
        return verbose > 0 || diff ? [changeLine(event.change, mode, palette), ...(diff ?? [])] : []
      }
      case 'output':
        return verbose > 0 ? outputLines(event, palette) : []
      case 'script':
        return verbose > 1 ? scriptLines(event, palette) : []
      case 'step':
        return event.route === undefined || verbose < 3 ? [] : [palette.dim(routeLine(event))]
      case 'verified':
        addHost(verified, `${event.role}: ${event.message}`, event.host)
        return []
      case 'warning':
        return [warningLine(event, palette)]
      case 'failed':
        lost.add(event.failure.host)
        failures.add(event.failure)
        return []
      case 'playEnd':
        return closePlay()
      case 'runEnd':
        return [
          ...closePlay(),
          ...recapLines(event, { mode, changes, foresight, palette, logFile, ...recapLimits(stdout) }),
        ]
      default:
        return []
    }
  }

  function closePlay(): string[] {
    if (progress === undefined) return []
    const hosts = [...progress.hosts.keys()]
    const summary = playSummary(progress, palette, performance.now())
    const lines = [summary, ...verifiedGroupLines(verified, hosts, palette)]
    progress = undefined
    verified.clear()
    return lines
  }

  return {
    event(event) {
      if (progress !== undefined) advance(progress, event, performance.now())
      foresight.event(event)
      if (event.type === 'playEnd' || event.type === 'runEnd') failures.flush()
      const lines = lasting(event)
      if (lines.length > 0) live.print(mask(`${lines.join('\n')}\n`))
    },
    async close() {
      failures.flush()
      live.close()
      await new Promise<void>((resolve) => stdout.write('', () => resolve()))
    },
  }
}

// More than that would scroll the start of the story away.
function recapLimits({ columns = 80 }: NodeJS.WriteStream) {
  return { columns, maxRows: 40, maxChanges: 40 }
}
