// npm run bench: the same work by Ansible, Mitogen, pyinfra, Quorate and the raw floor, on the same lab hosts, in turn.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { measureCell, type Row } from './cell.ts'
import { chart } from './chart.ts'
import type { RunKind } from './commands.ts'
import { benchLab } from './hosts.ts'
import type { Load } from './load.ts'
import { bigFile } from './loads/big-file.ts'
import { command } from './loads/command.ts'
import { many } from './loads/many.ts'
import { reference } from './loads/reference.ts'
import { tier } from './loads/tier.ts'
import { table } from './table.ts'
import { install, TOOLS, type Tool } from './tools.ts'

const LOADS: readonly Load[] = [reference, tier, many, command, bigFile]
const USAGE = `The same work by each tool, on the same lab hosts (root and systemd-nspawn needed).

  npm run bench -- [--load NAME,...] [--hosts N,...] [--rtt MS,...] [--run fresh,no-change]
                   [--tools NAME,...] [--repeat 3] [--json FILE [--resume]] [--svg FILE]

Loads (default: reference):
${LOADS.map(({ name, summary }) => `  ${name.padEnd(10)} ${summary}`).join('\n')}
Tools (default: all): ${TOOLS.join(', ')}
Hosts (default: 1,3,10); added round-trip times in ms (default: 0)
--resume measures what is not yet in the JSON file; the table and the chart show all of it.
`

const { values } = parseArgs({
  options: {
    load: { type: 'string', default: 'reference' },
    hosts: { type: 'string', default: '1,3,10' },
    rtt: { type: 'string', default: '0' },
    run: { type: 'string', default: 'fresh,no-change' },
    tools: { type: 'string', default: TOOLS.join(',') },
    repeat: { type: 'string', default: '3' },
    json: { type: 'string' },
    resume: { type: 'boolean', default: false },
    svg: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
})
if (values.help) process.stdout.write(USAGE)
else await main()

async function main(): Promise<void> {
  const log = (line: string) => process.stderr.write(`${line}\n`)
  const loads = chosen(
    values.load,
    LOADS.map(({ name }) => name),
  )
  const tools = chosen(values.tools, TOOLS) as Tool[]
  const kinds = chosen(values.run, ['fresh', 'no-change']) as RunKind[]
  const [hosts, rtts] = [numbers('hosts', values.hosts), numbers('rtt', values.rtt)]
  refuseHosts(loads, hosts)
  const installed = install(tools, log)
  for (const { tool, missing } of installed)
    if (missing !== undefined) log(`${tool} cannot be had and is left out: ${missing}`)
  const present = installed.filter(({ missing }) => missing === undefined)
  const folder = mkdtempSync(join(tmpdir(), 'quorate-bench-'))
  const python = present.some(({ tool }) => tool.startsWith('ansible'))
  const rows = values.resume ? measuredBefore(values.json) : []
  const cells = LOADS.filter(({ name }) => loads.includes(name)).flatMap((load) =>
    hosts.flatMap((count) =>
      rtts.flatMap((rttMs) => kinds.map((run) => ({ load, hosts: count, rttMs, run }))),
    ),
  )
  const missing = cells.filter((cell) => !rows.some((row) => isOf(row, cell)))
  if (missing.length > 0) {
    const lab = await benchLab(Math.max(...missing.map((cell) => cell.hosts)), python, log)
    try {
      for (const { run, ...cell } of missing) {
        const how = { lab, folder, repeat: Number(values.repeat), kinds: [run], log }
        rows.push(...(await measureCell({ ...cell, ...how }, present)))
        if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(rows, null, 2)}\n`)
      }
    } finally {
      await lab.down()
    }
  }
  rmSync(folder, { recursive: true, force: true })
  process.stdout.write(table(rows, installed))
  if (values.svg !== undefined) writeFileSync(values.svg, chart(rows))
}

/** What an earlier run has written. */
function measuredBefore(path: string | undefined): Row[] {
  if (path === undefined) fail('--resume goes with --json FILE')
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : []
}

function isOf(row: Row, cell: { load: Load; hosts: number; rttMs: number; run: RunKind }): boolean {
  const { load, hosts, rttMs, run } = cell
  return row.load === load.name && row.hosts === hosts && row.rtt_ms === rttMs && row.run === run
}

/** The names of a list with commas. */
function chosen(text: string, known: readonly string[]): string[] {
  const names = text.split(',')
  for (const name of names) if (!known.includes(name)) fail(`there is no ${name}: ${known.join(', ')}`)
  return names
}

function refuseHosts(loads: readonly string[], counts: readonly number[]): void {
  for (const { name, hosts: [least, most] = [1, Number.POSITIVE_INFINITY] } of LOADS)
    if (loads.includes(name) && counts.some((count) => count < least || count > most))
      fail(`${name} is for ${least} to ${most} hosts: give --hosts`)
}

function numbers(flag: string, text: string): number[] {
  const list = text.split(',').map(Number)
  if (list.some((number) => !Number.isInteger(number) || number < 0)) fail(`--${flag} ${text}: whole numbers`)
  return list
}

function fail(message: string): never {
  process.stderr.write(`${message}\n\n${USAGE}`)
  process.exit(2)
}
