import { formatSeconds } from '../text.ts'
import { html, type Markup } from './markup.ts'
import type { RunModel } from './model.ts'
import { stateOf } from './sections.ts'
import { roleClass } from './style.ts'
import type { Stretch } from './timeline.ts'

// From here on rows are as low as they can be read: 300 hosts are five screens and not fifteen.
const MANY_HOSTS = 40
const STATES = ['failed', 'changed', 'ok']
const NICE_SECONDS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200]

/** A bar a host over the time of the run: its roles, and where it waited for others. Hosts that failed come first. */
export function timelineSection(model: RunModel): Markup {
  const { hosts, recap, timelines } = model
  const roles = rolesOf(model)
  const rank = (host: string) => STATES.indexOf(stateOf(recap.get(host)))
  const isBad = (host: string) => stateOf(recap.get(host)) === 'failed'
  const order = [...hosts].sort(
    (a, b) => Number(isBad(b)) - Number(isBad(a)) || (isBad(a) ? rank(a) - rank(b) : 0),
  )
  return html`<section><h2>Timeline</h2>
${hosts.length > 10 ? html`<p><input id="filter" type="search" placeholder="only hosts whose name contains …" aria-label="only hosts whose name contains"></p>` : undefined}
<div class="legend"><span><i class="connect"></i>connecting</span>${roles.map((role, position) => html`<span><i class="${roleClass(position)}"></i>${role}</span>`)}<span><i class="wait"></i>waiting for others</span></div>
<div class="rows ${hosts.length > MANY_HOSTS ? 'many' : ''}">${headRow(model)}${order.map((host) => {
    const { stretches, failedAt } = timelines.get(host)
    const bars = stretches.map((stretch) => bar(stretch, model.length, roles))
    const end =
      failedAt === undefined
        ? undefined
        : html`<i class="end" style="left:${percent(failedAt, model.length)}" title="failed"></i>`
    return html`<div class="row ${isBad(host) ? 'bad' : ''}" data-host="${host}"><b title="${host}">${host}</b><div class="track">${bars}${end}</div></div>`
  })}</div></section>`
}

function headRow({ plays, length }: RunModel): Markup {
  const step = (NICE_SECONDS.find((seconds) => length / (seconds * 1000) <= 8) ?? 14_400) * 1000
  const ticks = Array.from({ length: Math.ceil(length / step) }, (_, index) => index * step)
  return html`<div class="row head"><b>host</b><div class="track">${plays.map(
    ({ name, from, to = length }) =>
      html`<span class="play" style="left:${percent(from, length)};width:${percent(to - from, length)}" title="play ${name}: ${formatSeconds((to - from) / 1000)}">${name}</span>`,
  )}${ticks.map((at) => html`<span class="tick" style="left:${percent(at, length)}">${clock(at)}</span>`)}</div></div>`
}

function bar({ kind, role, label, from, to }: Stretch, length: number, roles: readonly string[]): Markup {
  const look = kind === 'work' ? roleClass(roles.indexOf(role)) : kind
  const title = `${label}: ${formatSeconds((to - from) / 1000)}`
  return html`<i class="${look}" style="left:${percent(from, length)};width:${percent(to - from, length)}" title="${title}"></i>`
}

function rolesOf({ hosts, timelines }: RunModel): string[] {
  const work = hosts.flatMap((host) => timelines.get(host).stretches.filter(({ kind }) => kind === 'work'))
  return [...new Set(work.sort((a, b) => a.from - b.from).map(({ role }) => role))]
}

function percent(part: number, whole: number): string {
  return `${((part / whole) * 100).toFixed(2)}%`
}

function clock(milliseconds: number): string {
  const seconds = milliseconds / 1000
  if (seconds < 60) return `${seconds} s`
  return `${Math.floor(seconds / 60)}:${String(Math.round(seconds % 60)).padStart(2, '0')}`
}
