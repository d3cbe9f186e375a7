import type { Row } from './cell.ts'
import type { Installed } from './tools.ts'

/** Markdown: a table for each load, number of hosts and round-trip time, and what was measured with. */
export function table(rows: readonly Row[], tools: readonly Installed[]): string {
  const cells = byCell(rows)
  const versions = tools.map(({ tool, version, missing }) => `- ${tool}: ${missing ?? version}`)
  return `${[...cells].map(([title, list]) => `### ${title}\n\n${cellTable(list)}`).join('\n')}\n${versions.join('\n')}\n`
}

function cellTable(rows: readonly Row[]): string {
  const wall = (tool: string) => rows.find((row) => row.tool === tool)?.wall_s
  const ratio = (value: number, to: number | undefined) => (to === undefined ? '' : (value / to).toFixed(1))
  const lines = rows.map(({ tool, wall_s, cpu_s, rss_mb, bytes }) => [
    ...[tool, wall_s.toFixed(2), ratio(wall_s, wall('floor-ssh')), ratio(wall_s, wall('quorate'))],
    ...[cpu_s.toFixed(2), String(Math.round(rss_mb)), (bytes / 1e6).toFixed(2)],
  ])
  const head = ['tool', 'wall s', '÷ floor', '÷ quorate', 'CPU s', 'memory MB', 'wire MB']
  return `${[head, head.map((_, index) => (index === 0 ? '---' : '--:')), ...lines]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n')}\n`
}

/** Rows of the same load, kind of run, hosts and round-trip time, under what these are. */
export function byCell(rows: readonly Row[]): Map<string, Row[]> {
  const cells = new Map<string, Row[]>()
  for (const row of rows) {
    const hosts = row.hosts === 1 ? '1 host' : `${row.hosts} hosts`
    const title = `${row.load}, ${row.run}, ${hosts}${row.rtt_ms === 0 ? '' : `, ${row.rtt_ms} ms added`}`
    cells.set(title, [...(cells.get(title) ?? []), row])
  }
  return cells
}
