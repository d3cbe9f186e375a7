import type { Reporter } from '../engine/events.ts'
import type { Facts } from '../transport/connection.ts'
import type { Palette } from './color.ts'
import { failureLines } from './failure.ts'

export interface FactsReportOptions {
  readonly palette: Palette
  readonly stdout: NodeJS.WriteStream
  readonly stderr: NodeJS.WriteStream
}

/** What each host is, as one YAML document in the order of the inventory; failures go to stderr. */
export function createFactsReport({ palette, stdout, stderr }: FactsReportOptions): Reporter {
  const found = new Map<string, Facts>()
  let order: readonly string[] = []
  return {
    event(event) {
      if (event.type === 'runStart') order = event.hosts
      if (event.type === 'facts') found.set(event.host, event.facts)
      if (event.type === 'failed') stderr.write(`${failureLines(event.failure, palette).join('\n')}\n`)
    },
    async close() {
      const { stringify } = await import('yaml')
      const hosts = order.flatMap((name) => (found.has(name) ? [[name, found.get(name)]] : []))
      const text = hosts.length === 0 ? '' : stringify(Object.fromEntries(hosts))
      await new Promise<void>((resolve) => stdout.write(text, () => resolve()))
    },
  }
}
