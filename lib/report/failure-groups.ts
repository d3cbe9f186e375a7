import type { FailureReport } from '../engine/events.ts'
import type { Palette } from './color.ts'
import { failureLines, failureSummary } from './failure.ts'
import { collapseHosts } from './text.ts'

const WAIT_MS = 250

interface Group {
  readonly failure: FailureReport
  readonly hosts: string[]
}

/**
 * Failures as they are printed: what several hosts have in common once, with all of their names. A check of the whole
 * cluster fails on all hosts at almost the same time, so each failure waits a moment for others like it.
 */
export class FailureGroups {
  readonly #print: (lines: string[]) => void
  readonly #palette: Palette
  readonly #waiting = new Map<string, Group>()
  /** The first host of what has been printed in full. */
  readonly #printed = new Map<string, string>()
  #timer: NodeJS.Timeout | undefined

  constructor(palette: Palette, print: (lines: string[]) => void) {
    this.#palette = palette
    this.#print = print
  }

  add(failure: FailureReport): void {
    const { host, ...what } = failure
    const key = JSON.stringify(what)
    const group = this.#waiting.get(key)
    if (group !== undefined) group.hosts.push(host)
    else this.#waiting.set(key, { failure, hosts: [host] })
    this.#timer ??= setTimeout(() => this.flush(), WAIT_MS).unref()
  }

  /** Prints all that waits. */
  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const lines = [...this.#waiting].flatMap(([key, group]) => this.#lines(key, group))
    this.#waiting.clear()
    if (lines.length > 0) this.#print(lines)
  }

  #lines(key: string, { failure, hosts }: Group): string[] {
    // In the order in which people count, not in that in which they happened to fail.
    hosts.sort(new Intl.Collator('en', { numeric: true }).compare)
    const host = collapseHosts(hosts)
    const before = this.#printed.get(key)
    if (before !== undefined) {
      const { role, unreachable } = failure
      const state = this.#palette.failed(unreachable ? 'unreachable' : 'failed')
      return [
        `${host}  ${role === undefined ? '' : `${role}  `}${state}  as ${before}: ${failureSummary(failure)}`,
      ]
    }
    this.#printed.set(key, hosts[0] as string)
    const lines = failureLines({ ...failure, host }, this.#palette)
    return host === hosts.join(' ')
      ? lines
      : [...lines, `    ${this.#palette.dim('hosts:')}   ${hosts.join(' ')}`]
  }
}
