import type { Host } from '../inventory/host.ts'

/** Hosts that run at the same time. */
export type Batch = readonly Host[]

/**
 * Splits hosts as Ansible's `serial` does: each size takes the next hosts, the last size goes on until none is left;
 * `30%` is a share of all hosts, at least one. An empty list is one batch of all.
 */
export function batches(hosts: readonly Host[], serial: readonly (number | string)[]): Batch[] {
  if (hosts.length === 0) return []
  if (serial.length === 0) return [hosts]
  const result: Batch[] = []
  for (let start = 0, turn = 0; start < hosts.length; turn += 1) {
    const size = Math.max(
      1,
      share(serial[Math.min(turn, serial.length - 1)] as number | string, hosts.length),
    )
    result.push(hosts.slice(start, start + size))
    start += size
  }
  return result
}

/** How many failed hosts `maxFailures` allows: a number, or a share of all hosts such as `20%`, rounded down. */
export function tolerance(maxFailures: number | string, hosts: number): number {
  return share(maxFailures, hosts)
}

function share(size: number | string, of: number): number {
  return typeof size === 'number' ? size : Math.floor((Number.parseFloat(size) / 100) * of)
}
