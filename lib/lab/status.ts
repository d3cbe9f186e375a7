import { isUp } from './host.ts'
import { listLabs, readLab } from './state.ts'
import { requireRoot } from './tools.ts'

/** A recorded lab, and which of its hosts run. */
export interface LabStatus {
  readonly name: string
  readonly network: string
  /** False for a lab that is being started, or whose start has crashed. */
  readonly ready: boolean
  readonly hosts: readonly { readonly name: string; readonly address: string; readonly up: boolean }[]
}

/** All labs of this machine. */
export function labStatus(): LabStatus[] {
  requireRoot()
  const labs = listLabs().flatMap((name) => readLab(name) ?? [])
  return labs.map(({ name, network, ready, hosts }) => ({
    ...{ name, network, ready },
    hosts: hosts.map((host) => ({ ...host, up: isUp(name, host.name) })),
  }))
}

/** Labs as a table, a line a host. */
export function formatStatus(labs: readonly LabStatus[]): string {
  if (labs.length === 0) return 'no lab is up'
  const rows = labs.flatMap(({ name, ready, hosts }) =>
    hosts.map((host) => [name, host.name, host.address, state(ready, host.up)]),
  )
  const table = [['lab', 'host', 'address', 'state'], ...rows]
  const widths = table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? []
  return table
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function state(ready: boolean, up: boolean): string {
  if (!ready) return 'unfinished: being started, or its start has crashed'
  return up ? 'up' : 'down'
}
