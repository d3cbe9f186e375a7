import type { Palette } from './color.ts'
import { changedWord } from './lines.ts'
import type { HostProgress, HostState, PlayProgress } from './progress.ts'
import { cut, displayWidth, formatSeconds, padEnd, plural } from './text.ts'

const NARROWEST_HOST = 8
// Shorter steps come and go too fast for their time to be of interest.
const SLOW_STEP_SECONDS = 5
const SLOW_OUTPUT_MS = 1000

/** What a frame has to fit into, and the moment that it shows. */
export interface FrameOptions {
  readonly rows: number
  readonly columns: number
  readonly palette: Palette
  /** The picture of the spinner at this moment. */
  readonly spinner: string
  /** Milliseconds of the clock that the progress was kept with. */
  readonly now: number
}

const TOLD_ORDER: readonly HostState[] = ['failed', 'running', 'done', 'waiting']

/** The live picture of a play: a headline, a row a host, and one line for the hosts that do not fit. */
export function frameLines(progress: PlayProgress, options: FrameOptions): string[] {
  const { rows, columns } = options
  // The cursor stands on a line of its own below the frame, and a full last column would wrap on some terminals.
  const height = Math.max(1, rows - 1)
  const width = Math.max(1, columns - 1)
  const hosts = [...progress.hosts.values()]
  const space = Math.max(0, height - 1)
  const shown = hosts.length <= space ? hosts : mostInteresting(hosts, Math.max(0, space - 1))
  const layout = rowLayout(hosts, progress, width)
  const talking = shown.filter((host) => isTalking(host, options.now))
  const folds = new Set(talking.slice(0, space - shown.length - Number(shown.length < hosts.length)))
  return [
    headline(progress, options, width),
    ...shown.flatMap((host) => [
      hostRow(host, layout, options),
      ...(folds.has(host) ? [options.palette.dim(cut(`      ${host.output}`, width))] : []),
    ]),
    ...(shown.length < hosts.length ? [foldedRow(hosts, shown, options, width)] : []),
  ].slice(0, height)
}

// A short step's output would only flicker.
function isTalking({ state, output, since }: HostProgress, now: number): boolean {
  return state === 'running' && output !== '' && now - since >= SLOW_OUTPUT_MS
}

/** The one line that stays on screen when a play is over. */
export function playSummary(progress: PlayProgress, palette: Palette, now: number): string {
  const hosts = [...progress.hosts.values()]
  const failed = hosts.filter(({ state }) => state === 'failed').length
  const unfinished = hosts.length - failed - hosts.filter(({ state }) => state === 'done').length
  const icon = failed > 0 ? palette.failed('✖') : unfinished > 0 ? palette.warning('■') : palette.ok('✔')
  const told = [
    plural(hosts.length, 'host'),
    `${sum(hosts, 'ok')} ok`,
    `${sum(hosts, 'changed')} ${changedWord(progress.mode)}`,
    ...(failed > 0 ? [palette.failed(`${failed} failed`)] : []),
    ...(unfinished > 0 ? [palette.warning(`${unfinished} unfinished`)] : []),
    formatSeconds((now - progress.started) / 1000),
  ]
  return `${icon} ${palette.title(progress.play)}  ${told.join(', ')}`
}

function headline(progress: PlayProgress, { palette, now }: FrameOptions, width: number): string {
  const hosts = [...progress.hosts.values()]
  const over = hosts.filter(({ state }) => state === 'done' || state === 'failed').length
  const told = `  ${over} of ${plural(hosts.length, 'host')}, ${clock((now - progress.started) / 1000)}`
  const play = cut(progress.play, width)
  return palette.title(play) + palette.dim(cut(told, width - displayWidth(play)))
}

interface RowLayout {
  readonly hostWidth: number
  readonly okWidth: number
  readonly changedWidth: number
  readonly changedWord: string
  readonly width: number
}

function rowLayout(hosts: readonly HostProgress[], { mode }: PlayProgress, width: number): RowLayout {
  const longestHost = hosts.reduce((longest, { host }) => Math.max(longest, displayWidth(host)), 0)
  return {
    hostWidth: Math.min(longestHost, Math.max(NARROWEST_HOST, Math.floor(width / 3))),
    okWidth: countWidth(hosts, 'ok'),
    changedWidth: countWidth(hosts, 'changed'),
    changedWord: changedWord(mode),
    width,
  }
}

// Each row is cut before it is coloured: escape codes have no width.
function hostRow(row: HostProgress, layout: RowLayout, options: FrameOptions): string {
  const { palette } = options
  const counts = [
    `${String(row.ok).padStart(layout.okWidth)} ok`,
    `${String(row.changed).padStart(layout.changedWidth)} ${layout.changedWord}`,
  ] as const
  const host = padEnd(cut(row.host, layout.hostWidth), layout.hostWidth)
  const pieces: readonly (readonly [string, (text: string) => string])[] = [
    [`  ${icon(row.state, options)} `, iconStyle(row.state, palette)],
    [`${host}  `, (text) => text],
    [`${counts[0]}  `, palette.dim],
    [`${counts[1]}  `, row.changed > 0 ? palette.changed : palette.dim],
    [`${row.step}`, stepStyle(row.state, palette)],
    [slowness(row, options.now), palette.dim],
  ]
  return cutPieces(pieces, layout.width)
}

function cutPieces(pieces: readonly (readonly [string, (text: string) => string])[], width: number): string {
  let left = width
  return pieces
    .map(([text, style]) => {
      const shown = cut(text, left)
      left -= displayWidth(shown)
      return shown === '' ? '' : style(shown)
    })
    .join('')
}

// Where not all fit, those that are done or have not begun need no watching at all.
function mostInteresting(hosts: readonly HostProgress[], count: number): HostProgress[] {
  const failed = hosts.filter(({ state }) => state === 'failed')
  const running = hosts.filter(({ state }) => state === 'running')
  return [...failed, ...running].slice(0, count)
}

function foldedRow(
  hosts: readonly HostProgress[],
  shown: readonly HostProgress[],
  { palette }: FrameOptions,
  width: number,
): string {
  const folded = hosts.filter((host) => !shown.includes(host))
  const told = TOLD_ORDER.flatMap((wanted) => {
    const count = folded.filter(({ state }) => state === wanted).length
    return count === 0 ? [] : [`${count} ${wanted}`]
  })
  return palette.dim(cut(`  … ${folded.length} more: ${told.join(', ')}`, width))
}

function icon(state: HostState, { spinner }: FrameOptions): string {
  return { waiting: '·', running: spinner, done: '✔', failed: '✖' }[state]
}

function iconStyle(state: HostState, palette: Palette): (text: string) => string {
  return { waiting: palette.dim, running: palette.changed, done: palette.ok, failed: palette.failed }[state]
}

function stepStyle(state: HostState, palette: Palette): (text: string) => string {
  if (state === 'failed') return palette.failed
  return state === 'running' ? (text) => text : palette.dim
}

function slowness({ state, since }: HostProgress, now: number): string {
  const seconds = Math.floor((now - since) / 1000)
  return state === 'running' && seconds >= SLOW_STEP_SECONDS ? `  ${clock(seconds)}` : ''
}

function clock(seconds: number): string {
  const whole = Math.floor(seconds)
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`
}

function countWidth(hosts: readonly HostProgress[], field: 'ok' | 'changed'): number {
  return hosts.reduce((width, host) => Math.max(width, String(host[field]).length), 2)
}

function sum(hosts: readonly HostProgress[], field: 'ok' | 'changed'): number {
  return hosts.reduce((total, host) => total + host[field], 0)
}
