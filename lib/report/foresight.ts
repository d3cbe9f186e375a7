import type { RunEvent } from '../engine/events.ts'
import type { Palette } from './color.ts'
import { addHost, type HostGroups, orderedGroups } from './host-groups.ts'
import { collapseHosts, oneLine, padEnd, plural } from './text.ts'

const MOST_BATCHES = 8

/** What a check tells beside the changes: who would come after whom, and what it cannot know yet. */
export class Foresight {
  readonly #batches = new Map<string, readonly (readonly string[])[]>()
  readonly #turns: HostGroups = new Map()
  readonly #unknown: HostGroups = new Map()

  event(event: RunEvent): void {
    if (event.type === 'playStart' && event.batches) this.#batches.set(event.play, event.batches)
    if (event.type === 'change' && event.change.turn !== undefined) {
      const { play, role, host, turn } = event.change
      addHost(
        this.#turns,
        `${play === role ? role : `${play}: ${role}`}: in turns, ${plural(turn, 'host')} at a time`,
        host,
      )
    }
    if (event.type === 'unknown')
      addHost(this.#unknown, `${event.resource} (after ${event.after})`, event.host)
  }

  /**
   * Two tables, each left out where there is nothing to tell.
   *
   * @param order All hosts of the run.
   * @param most Above this many rows of a table the rest is only counted.
   */
  lines(order: readonly string[], palette: Palette, most = Infinity): string[] {
    const batches = [...this.#batches].map(([play, all]): [string, string] => [
      `play ${play}: serial, in ${all.length} batches`,
      thenLine(all),
    ])
    const turns = groupRows(this.#turns, order)
    const note =
      'of hosts that take turns the one that is ready first begins; each must be healthy before the next'
    return [
      ...table('in which order', [...batches, ...turns], palette, most),
      ...(turns.length > 0 ? [palette.dim(`  ${note}`)] : []),
      ...table('what cannot be known yet', groupRows(this.#unknown, order), palette, most),
    ]
  }
}

/** `m1, then m2 m3` */
function thenLine(batches: readonly (readonly string[])[]): string {
  const hidden = batches.length - MOST_BATCHES
  const shown = batches.slice(0, MOST_BATCHES).map((batch) => collapseHosts(batch))
  return `${shown.join(', then ')}${hidden > 0 ? ` … ${hidden} more` : ''}`
}

function groupRows(groups: HostGroups, order: readonly string[]): [string, string][] {
  return orderedGroups(groups, order).map(([what, hosts]) => [oneLine(what), collapseHosts(hosts)])
}

function table(title: string, rows: readonly [string, string][], palette: Palette, most: number): string[] {
  if (rows.length === 0) return []
  const shown = rows.slice(0, most)
  const width = Math.min(80, Math.max(...shown.map(([what]) => what.length)))
  return [
    '',
    palette.title(title),
    ...shown.map(([what, hosts]) => `  ${padEnd(what, width)}  ${hosts}`),
    ...(rows.length > most ? [palette.dim(`  … ${rows.length - most} more`)] : []),
  ]
}
