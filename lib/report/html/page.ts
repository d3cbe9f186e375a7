import { createHash } from 'node:crypto'
import { changedWord } from '../lines.ts'
import { formatSeconds, plural } from '../text.ts'
import { html, Markup } from './markup.ts'
import type { RunModel } from './model.ts'
import {
  changeSection,
  failureSection,
  findingSections,
  groupSection,
  hostSection,
  waitSection,
} from './sections.ts'
import { STYLE } from './style.ts'
import { timelineSection } from './timeline-section.ts'

// Without it the page lacks nothing but the filter.
const SCRIPT = `
const input = document.getElementById('filter')
if (input) input.addEventListener('input', () => {
  const wanted = input.value.trim().toLowerCase()
  for (const element of document.querySelectorAll('[data-host]'))
    element.hidden = !element.dataset.host.toLowerCase().includes(wanted)
})
`

/** The whole page: nothing is loaded from anywhere, and a browser runs no script but the one below. */
export function page(model: RunModel): string {
  const hash = createHash('sha256').update(SCRIPT).digest('base64')
  const policy = `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${hash}'`
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>${model.playbook}: ${verdict(model)}</title>
<style>${new Markup(STYLE)}</style>
</head>
<body>
${header(model)}
<main>
${failureSection(model)}
${timelineSection(model)}
${changeSection(model)}
${findingSections(model)}
${waitSection(model)}
${groupSection(model)}
${hostSection(model)}
</main>
<script>${new Markup(SCRIPT)}</script>
</body>
</html>
`.text
}

function header(model: RunModel): Markup {
  const started = new Date(model.start).toISOString().replace('T', ' ').slice(0, 19)
  const totals = [
    ['hosts', model.hosts.length, ''],
    ['ok', sum(model, 'ok'), 'ok'],
    [changedWord(model.mode), sum(model, 'changed'), 'changed'],
    ['failed', sum(model, 'failed'), 'failed'],
    ['unreachable', [...model.recap.values()].filter(({ unreachable }) => unreachable).length, 'failed'],
  ] as const
  return html`<header><h1>${model.playbook}</h1>
<p><b class="${model.failures.size > 0 || model.interrupted ? 'failed' : 'ok'}">${verdict(model)}</b>
<span class="dim">· ${modeText(model)}${started} UTC · ${formatSeconds(model.length / 1000)}</span></p>
<ul class="totals">${totals.map(([name, count, look]) => html`<li><b class="${count === 0 ? 'dim' : look}">${count}</b>${name}</li>`)}</ul></header>`
}

function verdict({ recap, interrupted, mode }: RunModel): string {
  const bad = [...recap.values()].filter(({ failed, unreachable }) => failed > 0 || unreachable).length
  if (bad > 0) return `${plural(bad, 'host')} failed`
  if (interrupted) return 'interrupted'
  return mode === 'check' ? 'checked' : mode === 'verify' ? 'all is well' : 'all as desired'
}

function modeText({ mode }: RunModel): string {
  return { apply: '', check: 'check mode, nothing was changed · ', verify: 'verified only · ' }[mode]
}

function sum({ recap }: RunModel, field: 'ok' | 'changed' | 'failed'): number {
  return [...recap.values()].reduce((total, row) => total + row[field], 0)
}
