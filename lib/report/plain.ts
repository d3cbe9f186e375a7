import type { RunEvent, RunMode } from '../engine/events.ts'
import type { Palette } from './color.ts'
import type { diffLines } from './diff.ts'
import { failureLines } from './failure.ts'
import { addHost, type HostGroups } from './host-groups.ts'
import { changeLine, describeChange, playLine, runLine, verifiedLine, warningLine } from './lines.ts'
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
  /** From 1 on the steps of each host are printed too, and what their scripts print; from 2 on the scripts as well. */
  readonly verbose: number
}

/** Lines for pipes, logs and CI: one for each change, finding, warning and failure, none for what is as desired. */
export function createPlain({ palette, print, flush, diffLines, verbose }: PlainOptions): Sink {
  const changes: HostGroups = new Map()
  let mode: RunMode = 'apply'

  function lines(event: RunEvent): string[] {
    switch (event.type) {
      case 'runStart':
        mode = event.mode
        return [runLine(event, palette)]
      case 'playStart':
        return ['', playLine(event, palette)]
      case 'step':
        return verbose > 0 ? [palette.dim(`${event.host}  ${event.step}`)] : []
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
        return failureLines(event.failure, palette)
      case 'runEnd':
        return recapLines(event, { mode, changes, palette })
      default:
        return []
    }
  }

  return { event: (event) => print(lines(event)), close: flush }
}
