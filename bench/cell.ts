import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Lab } from '../lib/lab/index.ts'
import { commandOf, type RunKind, writeInputs } from './commands.ts'
import { bridgeBytes, everyHost, targetsOf } from './hosts.ts'
import type { Load } from './load.ts'
import type { Installed, Tool } from './tools.ts'

/** The median of one tool's runs. */
export interface Row {
  readonly load: string
  readonly run: RunKind
  readonly hosts: number
  readonly rtt_ms: number
  readonly tool: Tool
  /** From the start of the program to its end. */
  readonly wall_s: number
  /** Of this machine: the program and all it started. */
  readonly cpu_s: number
  /** The most memory that these held at one moment. */
  readonly rss_mb: number
  /** On the wire to the hosts, both ways, with all headers. */
  readonly bytes: number
}

export interface Cell {
  readonly lab: Lab
  readonly folder: string
  readonly load: Load
  readonly hosts: number
  readonly rttMs: number
  /** How often each tool runs. */
  readonly repeat: number
  readonly kinds: readonly RunKind[]
  readonly log: (line: string) => void
}

type Sample = Pick<Row, 'wall_s' | 'cpu_s' | 'rss_mb' | 'bytes'>

/** One load on so many hosts, by all tools in turn, so that a busy moment of the machine hits all alike. */
export async function measureCell(cell: Cell, tools: readonly Installed[]): Promise<Row[]> {
  const { lab, load, hosts, rttMs, folder } = cell
  preparePayload(folder, load)
  const targets = await targetsOf(lab, hosts, rttMs)
  const inputs = join(folder, 'run')
  try {
    await writeInputs(inputs, load, targets)
    const rows: Row[] = []
    for (const run of cell.kinds) {
      const samples = await (run === 'fresh'
        ? freshRuns(cell, inputs, tools)
        : quietRuns(cell, inputs, tools))
      for (const [tool, list] of samples) {
        rows.push({ load: load.name, run, hosts, rtt_ms: rttMs, tool, ...medians(list) })
      }
    }
    return rows
  } finally {
    await targets.stop()
  }
}

async function freshRuns(cell: Cell, inputs: string, tools: readonly Installed[]) {
  const samples = new Map<Tool, Sample[]>()
  for (let round = 0; round < cell.repeat; round++) {
    for (const tool of tools) {
      await everyHost(cell.lab, cell.hosts, `${cell.load.reset}\nexit 0`)
      await measure(cell, inputs, tool, 'fresh', samples)
    }
  }
  return samples
}

/** Each tool finds what it has made itself, since they differ in what they leave beside the state that all want. */
async function quietRuns(cell: Cell, inputs: string, tools: readonly Installed[]) {
  const samples = new Map<Tool, Sample[]>()
  await everyHost(cell.lab, cell.hosts, `${cell.load.reset}\nexit 0`)
  for (const tool of tools) await measure(cell, inputs, tool, 'fresh', undefined)
  const before = await settledState(cell)
  for (let round = 0; round < cell.repeat; round++) {
    for (const tool of tools) await measure(cell, inputs, tool, 'no-change', samples)
  }
  const after = (await stateOf(cell)).split('\n')
  const changed = after.filter((line, index) => line !== before.split('\n')[index])
  if (changed.length > 0)
    throw new Error(
      `${cell.load.name}: a run that should change nothing has changed a host:\n${changed.join('\n')}`,
    )
  return samples
}

/** Services that were just started may take a while to be what they will be. */
async function settledState(cell: Cell): Promise<string> {
  for (let before = await stateOf(cell); ; ) {
    await sleep(2000)
    const now = await stateOf(cell)
    if (now === before) return now
    before = now
  }
}

async function stateOf({ lab, hosts, load }: Cell): Promise<string> {
  if (load.name === 'command') return ''
  return (await everyHost(lab, hosts, `${load.probe}\nexit 0`)).join('\n')
}

async function measure(
  { lab, hosts, folder, load, log, rttMs }: Cell,
  inputs: string,
  tool: Installed,
  kind: RunKind,
  samples: Map<Tool, Sample[]> | undefined,
): Promise<void> {
  // A floor cannot be run twice: it does not look before it leaps.
  if (samples === undefined && tool.tool.startsWith('floor') && load.name !== 'big-file') return
  const { argv, env } = commandOf(tool, inputs, kind, hosts)
  const [result, output] = [join(folder, 'result.json'), join(folder, `${tool.tool}.log`)]
  const sink = openSync(output, 'w')
  const bytes = bridgeBytes(lab)
  const wrapper = fileURLToPath(new URL('measure.py', import.meta.url))
  const child = spawn('python3', [wrapper, result, ...argv], {
    cwd: inputs,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, LANG: 'C.UTF-8', ...env },
    stdio: ['ignore', sink, sink],
  })
  const [code] = await once(child, 'exit')
  closeSync(sink)
  if (code !== 0)
    throw new Error(
      `${tool.tool}, ${load.name} ${kind}: exit code ${code}\n${readFileSync(output, 'utf8').slice(-3000)}`,
    )
  const sample: Sample = { ...JSON.parse(readFileSync(result, 'utf8')), bytes: bridgeBytes(lab) - bytes }
  if (samples !== undefined) samples.set(tool.tool, [...(samples.get(tool.tool) ?? []), sample])
  const seconds = sample.wall_s.toFixed(2)
  log(
    `${load.name} ${kind}, ${hosts} hosts, ${rttMs} ms: ${tool.tool} ${seconds} s${samples ? '' : ' (not counted)'}`,
  )
  await sleep(200)
}

function medians(samples: readonly Sample[]): Sample {
  const median = (key: keyof Sample) => {
    const sorted = samples.map((sample) => sample[key]).sort((a, b) => a - b)
    const middle = sorted.length / 2
    const [low = 0, high = 0] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]]
    return Math.round(((low + high) / 2) * 1000) / 1000
  }
  return {
    wall_s: median('wall_s'),
    cpu_s: median('cpu_s'),
    rss_mb: median('rss_mb'),
    bytes: median('bytes'),
  }
}

/** Zeros would be too easy on tools that compress. */
function preparePayload(folder: string, { payloadMegabytes = 0 }: Load): void {
  const file = openSync(join(folder, 'payload'), 'w')
  for (let index = 0; index < payloadMegabytes; index++) writeFileSync(file, randomBytes(1e6))
  closeSync(file)
}
