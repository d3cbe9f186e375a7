import type { Row } from './cell.ts'
import { byCell } from './table.ts'

const [WIDTH, LABEL, BAR, GAP, HEAD] = [720, 130, 18, 6, 30] as const

/** An SVG with a bar a tool for each cell; logarithmic, as a linear one would show nothing but the slowest. */
export function chart(rows: readonly Row[]): string {
  const cells = [...byCell(rows)]
  const most = Math.log10(Math.max(...rows.map(({ wall_s }) => wall_s)) / 0.05)
  let y = 0
  const parts = cells.flatMap(([title, list]) => {
    y += HEAD
    const heading = `<text x="0" y="${y - 8}" font-weight="bold">${title}: seconds, logarithmic</text>`
    const bars = list.map(({ tool, wall_s }) => {
      const width = Math.max(2, (Math.log10(wall_s / 0.05) / most) * (WIDTH - LABEL - 60))
      const fill = tool === 'quorate' ? '#2a7d4f' : tool.startsWith('floor') ? '#b8b8b8' : '#7a8ca5'
      const bar = `<text x="0" y="${y + 13}">${tool}</text><rect x="${LABEL}" y="${y}" width="${width.toFixed(0)}" height="${BAR}" fill="${fill}"/><text x="${(LABEL + width + 6).toFixed(0)}" y="${y + 13}">${wall_s.toFixed(2)}</text>`
      y += BAR + GAP
      return bar
    })
    return [heading, ...bars]
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y + 4}" font-family="sans-serif" font-size="13">
<title>Seconds of a run, by tool</title>
<rect width="100%" height="100%" fill="white"/>
${parts.join('\n')}
</svg>
`
}
