import { PassThrough } from 'node:stream'
import type { RunEvent } from '../../lib/engine/events.ts'
import { createReporter, type ReportOptions } from '../../lib/report/index.ts'

/** What a reporter writes of these events. */
export async function capture(
  events: readonly RunEvent[],
  options: ReportOptions = {},
): Promise<{ stdout: string; stderr: string }> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  const reporter = createReporter({
    env: {},
    ...options,
    stdout: stdout as unknown as NodeJS.WriteStream,
    stderr: stderr as unknown as NodeJS.WriteStream,
  })
  for (const event of events) reporter.event(event)
  await reporter.close()
  return { stdout: String(stdout.read() ?? ''), stderr: String(stderr.read() ?? '') }
}
