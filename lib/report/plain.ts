import type { RunEvent, RunMode } from '../engine/events.ts'
import type { Palette } from './color.ts'
import type { diffLines } from './diff.ts'
import { FailureGroups } from './failure-groups.ts'
import { Foresight } from './foresight.ts'
import { addHost, type HostGroups } from './host-groups.ts'
import {
  changeLine,
  describeChange,
  playLine,
  routeLine,
  runLine,
  verifiedLine,
  warningLine,
} from './lines.ts'
import { outputLines, scriptLines, waitLine } from './live-output.ts'
import { recapLines } from './recap.ts'
import type { Sink } from './sink.ts'

export interface PlainOptions {
  readonly palette: Palette
  /** Writes lines; they are clean already. */
  readonly print: (lines: readonly string[]) => void
  /** Resolves once all that was printed has left. */
  readonly flush: () => Promise<void>
  /** Absent where no diffs are asked for. */
  readonly diffLines: typeof diffLines | undefined
  /** From 1 on the steps of each host are printed too, and what their scripts print; from 2 on the scripts as well, from 3 on how hosts are reached. */
  readonly verbose: number
  /** Named at the end of a run that did not go well. Default: not named. */
  readonly logFile?: string | undefined
}

/** Lines for pipes, logs and CI: one for each change, finding, warning and failure, none for what is as desired. */
export function createPlain({ palette, print, flush, diffLines, verbose, logFile }: PlainOptions): Sink {
  const changes: HostGroups = new Map()
  const foresight = new Foresight()
  const failures = new FailureGroups(palette, print)
  let mode: RunMode = 'apply'

  function lines(event: RunEvent): string[] {
    switch (event.type) {
      case 'runStart':
        mode = event.mode
        return [runLine(event, palette)]
      case 'playStart':
        return ['', playLine(event, palette)]
      case 'step':
        if (event.route !== undefined && verbose > 2) return [palette.dim(routeLine(event))]
        // A step that is no more than its role's name says that something is over.
        return verbose > 0 && (event.play === '' || event.step.includes(': '))
          ? [palette.dim(`${event.host}  ${event.step}`)]
          : []
      case 'wait':
        return verbose > 0 ? [palette.dim(waitLine(event))] : []
      case 'output':
        return verbose > 0 ? outputLines(event, palette) : []
      case 'script':
        return verbose > 1 ? scriptLines(event, palette) : []
      case 'change': {
        addHost(changes, describeChange(event.change), event.change.host)
        const { diff } = event.change
        return [changeLine(event.change, mode, palette), ...((diff && diffLines?.(diff, palette)) ?? [])]
      }
      case 'verified':
        return [verifiedLine(event, palette)]
      case 'warning':
        return [warningLine(event, palette)]
      case 'failed':
        failures.add(event.failure)
        return []
      case 'runEnd':
        return recapLines(event, { mode, changes, foresight, palette, logFile })
      default:
        return []
    }
  }

  return {
    event(event) {
      if (END.has(event.type)) failures.flush()
      foresight.event(event)
      print(lines(event))
    },
    close() {
      failures.flush()
      return flush()
    },
  }
}

/** What must not be told before the failures that came first. */
const END: ReadonlySet<RunEvent['type']> = new Set(['playStart', 'playEnd', 'runEnd'])
