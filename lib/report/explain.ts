import { formatPlace } from '../errors.ts'
import type { Explanation } from '../explain.ts'

/** The text of `--explain`: a block for each value that hosts have, who set it on the first line, the overridden below. */
export function explanationText(explanations: readonly Explanation[]): string {
  return explanations.map(block).join('\n')
}

function block({ name, hosts, value, reasons, setters }: Explanation): string {
  const rows = setters.map(({ layer, place, written }, index) => [
    index === 0 ? 'from' : 'over',
    layer,
    place === undefined ? '' : formatPlace(place),
    written,
  ])
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => (row[column] as string).length)))
  const lines = rows.map(
    (row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`,
  )
  const known = value === undefined ? 'cannot be evaluated' : `= ${value}`
  const why = reasons.map((reason) => `  ${reason}`)
  return [`${name} ${known}  (${hosts.join(', ')})`, ...why, ...lines]
    .map((line) => `${line.trimEnd()}\n`)
    .join('')
}
