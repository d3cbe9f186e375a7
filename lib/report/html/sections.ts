import type { ChangeReport, FailureReport, HostRecap } from '../../engine/events.ts'
import type { Diff } from '../../engine/resource.ts'
import { createPalette } from '../color.ts'
import { diffLines } from '../diff.ts'
import { changedWord } from '../lines.ts'
import { showPlace } from '../stack.ts'
import { collapseHosts, formatSeconds, plural } from '../text.ts'
import { html, type Markup } from './markup.ts'
import type { RunModel, Shared } from './model.ts'

const MOST_WAITS = 50
const plain = createPalette(false)

/** Failures, each once, with the hosts that share it and all that is known. */
export function failureSection({ failures }: RunModel): Markup | undefined {
  if (failures.size === 0) return undefined
  return html`<section><h2 class="failed">What failed</h2>${[...failures.values()].map(failureItem)}</section>`
}

function failureItem({ what, hosts }: Shared<Omit<FailureReport, 'host'>>): Markup {
  const { role, resource, play, place, rc, stderr, hint } = what
  const [first = '', ...rest] = what.message.trim().split('\n')
  const fields = [
    ['more', rest.join('\n')],
    ['play', play],
    ['at', place && showPlace(place)],
    ['rc', rc?.toString()],
    ['stderr', stderr?.trimEnd()],
    ['try', hint],
  ] as const
  return html`<article class="item failed-item"><p><b class="failed">${what.unreachable ? 'unreachable' : 'failed'}</b>
${[role, resource].filter((name) => name !== undefined).join(' · ')}</p><p><b>${first}</b></p>
<p class="hosts">${allHosts(hosts)}</p>
<dl>${fields.map(([name, value]) => (value ? html`<dt>${name}</dt><dd class="mono">${value}</dd>` : undefined))}</dl></article>`
}

/** What was changed, each once, with its diff. */
export function changeSection({ changes, mode }: RunModel): Markup | undefined {
  if (changes.size === 0) return undefined
  const title = mode === 'check' ? 'What would change' : 'What changed'
  return html`<section><h2>${title} <span class="dim">${changes.size}</span></h2>${[...changes.values()].map(changeItem)}</section>`
}

function changeItem({ what, hosts }: Shared<Omit<ChangeReport, 'host'>>): Markup {
  const after = what.after === undefined ? '' : ` (known only after ${what.after})`
  const turns = what.turn === undefined ? '' : ` (in turns, ${plural(what.turn, 'host')} at a time)`
  const line = html`<b>${what.resource}</b>: ${what.summary}${turns}${after} <span class="dim">· ${what.role}</span>
<span class="hosts">· ${collapseHosts(hosts)}</span>`
  if (what.diff === undefined && hosts.length <= 3) return html`<div class="item">${line}</div>`
  return html`<details class="item"><summary>${line}</summary>${hosts.length > 3 ? html`<p class="hosts">${hosts.join(' ')}</p>` : undefined}${what.diff && diffBlock(what.diff)}</details>`
}

function diffBlock(diff: Diff): Markup {
  const lines = diffLines(diff, plain).map((line) => line.slice(4))
  return html`<pre class="diff">${lines.map((line) => html`<span class="${lineClass(line)}">${line === '' ? ' ' : line}</span>`)}</pre>`
}

function lineClass(line: string): string {
  if (line.startsWith('@@')) return 'place'
  return line.startsWith('+') ? 'added' : line.startsWith('-') ? 'removed' : 'same'
}

/** Warnings and what the roles' own health checks have found. */
export function findingSections({ findings, warnings, unknown, batches }: RunModel): Markup {
  const list = (title: string, all: ReadonlyMap<string, Shared<string>>) =>
    all.size === 0
      ? undefined
      : html`<section><h2>${title}</h2>${[...all.values()].map(({ what, hosts }) => html`<div class="item">${what} <span class="hosts">${collapseHosts(hosts)}</span></div>`)}</section>`
  return html`${list('Warnings', warnings)}${list('In which order', batches)}${list('What cannot be known yet', unknown)}${list('What was verified', findings)}`
}

/** Who waited for whom, the longest first. */
export function waitSection({ waits }: RunModel): Markup | undefined {
  if (waits.size === 0) return undefined
  const rows = [...waits.values()].sort((a, b) => b.seconds - a.seconds)
  const hidden = rows.length - MOST_WAITS
  return html`<section><h2>Who waited for whom</h2><div class="scroll"><table>
<tr><th>waited</th><th>role</th><th>for</th><th>on</th><th class="n">up to</th></tr>
${rows
  .slice(0, MOST_WAITS)
  .map(
    ({ what, hosts, seconds }) =>
      html`<tr><td>${collapseHosts(hosts)}</td><td>${what.role}</td><td>${what.what}</td><td class="wide">${collapseHosts(what.on)}</td><td class="n">${formatSeconds(seconds)}</td></tr>`,
  )}</table></div>${hidden > 0 ? html`<p class="dim">and ${plural(hidden, 'shorter wait')}</p>` : undefined}</section>`
}

/** The groups of the inventory and who is in them. */
export function groupSection(model: RunModel): Markup | undefined {
  const groups = model.groups.filter(({ name }) => name !== 'all' && name !== 'ungrouped')
  if (groups.length === 0) return undefined
  return html`<section><h2>Groups</h2><div class="groups">${groups.map(
    ({ name, hosts }) =>
      html`<div class="item"><b>${name}</b> <span class="dim">${plural(hosts.length, 'host')}</span><div class="chips">${hosts.map(
        (host) =>
          html`<span class="${stateOf(model.recap.get(host))}" data-host="${host}" title="${host}">${host}</span>`,
      )}</div></div>`,
  )}</div></section>`
}

/** A row for each host: its counts, what it is, its groups. */
export function hostSection({ hosts, recap, facts, groups, mode }: RunModel): Markup {
  return html`<section><h2>Hosts</h2><div class="scroll"><table>
<tr><th>host</th><th class="n">ok</th><th class="n">${changedWord(mode)}</th><th class="n">failed</th><th class="n">time</th><th>what it is</th><th>groups</th></tr>
${hosts.map((host) => {
  const row = recap.get(host)
  const known = facts.get(host)
  const what =
    known &&
    `${known.os.id} ${known.os.version}, ${known.architecture}, ${plural(known.cpus, 'CPU')}, ${(known.memoryKb / 1024 ** 2).toFixed(1)} GiB`
  const member = groups.filter((group) => group.name !== 'all' && group.hosts.includes(host))
  return html`<tr data-host="${host}"><td class="${stateOf(row)}">${host}</td><td class="n">${row?.ok}</td><td class="n">${row?.changed}</td><td class="n">${row?.unreachable ? 'unreachable' : row?.failed}</td><td class="n">${row && formatSeconds(row.seconds)}</td><td class="wide">${what}</td><td class="wide">${member.map(({ name }) => name).join(' ')}</td></tr>`
})}</table></div></section>`
}

/** `failed`, `changed` or `ok`: also the class of its colour. */
export function stateOf(row: HostRecap | undefined): 'failed' | 'changed' | 'ok' {
  if (row === undefined) return 'ok'
  if (row.failed > 0 || row.unreachable) return 'failed'
  return row.changed > 0 ? 'changed' : 'ok'
}

function allHosts(hosts: readonly string[]): Markup {
  if (hosts.length <= 10) return html`${hosts.join(' ')}`
  return html`<details><summary>${collapseHosts(hosts)}</summary>${hosts.join(' ')}</details>`
}
