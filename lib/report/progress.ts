import type { RunEvent, RunMode } from '../engine/events.ts'
import { failureSummary } from './failure.ts'
import { waitStep } from './live-output.ts'
import { oneLine } from './text.ts'

export type HostState = 'waiting' | 'running' | 'done' | 'failed'

/** How far one host of the current play is. */
export interface HostProgress {
  readonly host: string
  state: HostState
  /** What it is doing now, or why it failed. */
  step: string
  /** The last line that its script has printed, while it still runs. */
  output: string
  /** When that step began, in milliseconds of the clock that `advance` is given. */
  since: number
  ok: number
  changed: number
}

/** One play as the live tree shows it. */
export interface PlayProgress {
  readonly play: string
  readonly mode: RunMode
  readonly started: number
  readonly hosts: ReadonlyMap<string, HostProgress>
}

/** A play about to start; hosts in `lost` failed in an earlier play and are not coming back. */
export function startPlay(
  { play, hosts }: Extract<RunEvent, { type: 'playStart' }>,
  { mode, now, lost }: { mode: RunMode; now: number; lost: ReadonlySet<string> },
): PlayProgress {
  const rows = hosts.map((host): [string, HostProgress] => [
    host,
    {
      host,
      state: lost.has(host) ? 'failed' : 'waiting',
      step: lost.has(host) ? 'failed in an earlier play' : 'waiting',
      output: '',
      since: now,
      ok: 0,
      changed: 0,
    },
  ])
  return { play, mode, started: now, hosts: new Map(rows) }
}

/** Takes an event into the progress of its host. */
export function advance(progress: PlayProgress, event: RunEvent, now: number): void {
  if (event.type === 'ok') update(progress, event.host, (row) => ({ ok: row.ok + event.count }))
  if (event.type === 'change') update(progress, event.change.host, (row) => ({ changed: row.changed + 1 }))
  if (event.type === 'step') enter(progress, event.host, 'running', oneLine(event.step), now)
  if (event.type === 'wait') enter(progress, event.host, 'running', waitStep(event), now)
  if (event.type === 'waited') enter(progress, event.host, 'running', event.role, now)
  if (event.type === 'output') {
    update(progress, event.host, () => ({ output: lastLine(event.text) }))
  }
  if (event.type === 'hostDone') enter(progress, event.host, 'done', 'done', now)
  if (event.type === 'failed') {
    enter(progress, event.failure.host, 'failed', failureSummary(event.failure), now)
  }
}

function enter(progress: PlayProgress, host: string, state: HostState, step: string, now: number): void {
  // Whatever a failed host still tells, it has failed.
  update(progress, host, (row) => (row.state === 'failed' ? {} : { state, step, output: '', since: now }))
}

function update(
  { hosts }: PlayProgress,
  host: string,
  change: (row: HostProgress) => Partial<HostProgress>,
): void {
  const row = hosts.get(host)
  if (row !== undefined) Object.assign(row, change(row))
}

function lastLine(text: string): string {
  return oneLine(text.trimEnd().split('\n').at(-1) ?? '')
}
