/** A server of a backend as haproxy's socket reports it. */
export interface ServerStat {
  readonly backend: string
  readonly name: string
  /** `10.0.0.1:6443` */
  readonly address: string
  readonly up: boolean
  /** False until the first health check after a start or reload has ended: `up` is only assumed. */
  readonly checked: boolean
  /** Why the last check failed: `Layer4 connection problem: Connection refused`. */
  readonly reason: string
}

/**
 * The answer to `show stat -1 4 -1` (servers of all backends). Columns are found by name: each version of haproxy adds some.
 *
 * @throws Error where it is no such answer.
 */
export function parseStat(csv: string): ServerStat[] {
  const [header, ...rows] = parseCsv(csv)
  const columns = header?.map((name, index) => (index === 0 ? name.replace(/^# /, '') : name)) ?? []
  if (columns[0] !== 'pxname') throw new Error(`not haproxy statistics: ${JSON.stringify(csv.slice(0, 80))}`)
  return rows.map((row) => {
    const field = (name: string): string => row[columns.indexOf(name)] ?? ''
    return {
      backend: field('pxname'),
      name: field('svname'),
      address: field('addr'),
      up: field('status').startsWith('UP'),
      checked: field('check_status') !== 'INI',
      reason: [field('check_desc'), field('last_chk')].filter((text) => text !== '').join(': '),
    }
  })
}

/** Rows of fields; a quoted field may hold commas, newlines and doubled quotes. */
function parseCsv(csv: string): string[][] {
  const rows: string[][] = [[]]
  for (const [, quoted, plain, end] of csv.matchAll(/(?:"((?:[^"]|"")*)"|([^,\n"]*))(,|\n|$)/g)) {
    rows.at(-1)?.push(quoted?.replaceAll('""', '"') ?? plain ?? '')
    if (end === '\n') rows.push([])
  }
  return rows.filter((row) => row.some((field) => field !== ''))
}
