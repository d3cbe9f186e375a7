import type { HostRecap, RunEvent, RunMode } from '../engine/events.ts'
import type { Palette, Style } from './color.ts'
import type { Foresight } from './foresight.ts'
import { type HostGroups, orderedGroups } from './host-groups.ts'
import { changedWord } from './lines.ts'
import { collapseHosts, cutMiddle, displayWidth, formatSeconds, padEnd, plural } from './text.ts'

const CHANGE_WIDTH = 80
const GAP = '  '

export interface RecapOptions {
  readonly mode: RunMode
  /** Hosts by `describeChange`. */
  readonly changes: HostGroups
  readonly palette: Palette
  /** Above this many hosts, those with equal counts share a row. Default: never. */
  readonly maxRows?: number
  /** How wide the table may be; longer host names lose their middle. Default: as wide as it needs. */
  readonly columns?: number
  /** Above this many different changes the rest is only counted. Default: all are shown. */
  readonly maxChanges?: number
  /** Named where the run did not go well. Default: not named. */
  readonly logFile?: string | undefined
  /** What a check has foreseen beside the changes. Default: nothing. */
  readonly foresight?: Foresight
}

/** The end of a run: what changed where, a table with a row a host, and the totals. */
export function recapLines(end: Extract<RunEvent, { type: 'runEnd' }>, options: RecapOptions): string[] {
  const { palette, mode } = options
  return [
    ...changesTable(end.recap, options),
    ...(mode === 'check' ? foreseen(end.recap, options) : []),
    '',
    ...hostTable(end.recap, options),
    '',
    ...(end.interrupted ? [palette.failed('interrupted: run it again to finish what is left')] : []),
    totals(end.recap, end.seconds, mode),
    ...(options.logFile !== undefined && wentWrong(end) ? [palette.dim(`log: ${options.logFile}`)] : []),
  ]
}

function foreseen(recap: readonly HostRecap[], { foresight, palette, maxChanges }: RecapOptions): string[] {
  const order = recap.map(({ host }) => host)
  return foresight?.lines(order, palette, maxChanges) ?? []
}

function wentWrong({ recap, interrupted }: Extract<RunEvent, { type: 'runEnd' }>): boolean {
  return interrupted || recap.some(({ failed, unreachable }) => failed > 0 || unreachable)
}

function changesTable(
  recap: readonly HostRecap[],
  { changes, mode, palette, maxChanges = Infinity }: RecapOptions,
): string[] {
  if (changes.size === 0) return []
  const order = recap.map(({ host }) => host)
  const shown = orderedGroups(changes, order).slice(0, maxChanges)
  const width = Math.min(CHANGE_WIDTH, longest(shown.map(([what]) => what)))
  const hidden = changes.size - shown.length
  return [
    '',
    palette.title(mode === 'check' ? 'what would change' : 'what changed'),
    ...shown.map(([what, hosts]) => `  ${palette.changed(padEnd(what, width))}  ${collapseHosts(hosts)}`),
    ...(hidden === 0 ? [] : [palette.dim(`  … ${plural(hidden, 'more change')}`)]),
  ]
}

function hostTable(recap: readonly HostRecap[], options: RecapOptions): string[] {
  const { mode, palette, maxRows = Infinity, columns = Infinity } = options
  const rows = recap.length > maxRows ? shareRows(recap) : recap
  const counts = countColumns(mode, palette)
  const titles = counts.map(({ title }) => title).join(GAP)
  const timeWidth = longest(['time', ...rows.map((row) => formatSeconds(row.seconds))])
  const space = columns - titles.length - timeWidth - 2 * GAP.length
  const width = Math.max('host'.length, Math.min(space, longest(rows.map((row) => row.host))))
  return [
    palette.dim([padEnd('host', width), titles, 'time'.padStart(timeWidth)].join(GAP)),
    ...rows.map((row) =>
      [
        rowStyle(row, palette)(padEnd(cutMiddle(row.host, width), width)),
        ...counts.map((column) => countCell(column, row, palette)),
        formatSeconds(row.seconds).padStart(timeWidth),
      ].join(GAP),
    ),
  ]
}

function countCell({ title, style, count }: CountColumn, row: HostRecap, palette: Palette): string {
  const cell = String(count(row)).padStart(title.length)
  return count(row) === 0 ? palette.dim(cell) : style(cell)
}

interface CountColumn {
  readonly title: string
  readonly style: Style
  count(row: HostRecap): number
}

function countColumns(mode: RunMode, palette: Palette): readonly CountColumn[] {
  return [
    { title: '   ok', style: palette.ok, count: (row) => row.ok },
    { title: changedWord(mode), style: palette.changed, count: (row) => row.changed },
    { title: 'failed', style: palette.failed, count: (row) => row.failed },
    { title: 'unreachable', style: palette.failed, count: (row) => Number(row.unreachable) },
  ]
}

function rowStyle(row: HostRecap, palette: Palette): Style {
  if (row.failed > 0 || row.unreachable) return palette.failed
  return row.changed > 0 ? palette.changed : palette.ok
}

// Equal counts, one row: `m1 … m30 (30)` with the longest time.
function shareRows(recap: readonly HostRecap[]): HostRecap[] {
  const groups = new Map<string, HostRecap[]>()
  for (const row of recap) {
    const counts = [row.ok, row.changed, row.failed, row.unreachable].join()
    const group = groups.get(counts)
    if (group === undefined) groups.set(counts, [row])
    else group.push(row)
  }
  return [...groups.values()].map((group) => ({
    ...(group[0] as HostRecap),
    host: collapseHosts(group.map((row) => row.host)),
    seconds: Math.max(...group.map((row) => row.seconds)),
  }))
}

function totals(recap: readonly HostRecap[], seconds: number, mode: RunMode): string {
  const sum = (count: (row: HostRecap) => number) => recap.reduce((total, row) => total + count(row), 0)
  const counts = [
    `${sum((row) => row.ok)} ok`,
    `${sum((row) => row.changed)} ${changedWord(mode)}`,
    `${sum((row) => row.failed)} failed`,
    `${sum((row) => Number(row.unreachable))} unreachable`,
  ]
  return `${plural(recap.length, 'host')} in ${formatSeconds(seconds)}: ${counts.join(', ')}`
}

function longest(texts: readonly string[]): number {
  return texts.reduce((width, text) => Math.max(width, displayWidth(text)), 0)
}
