import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Calls `attempt` until it does not throw, and gives its result; after `seconds` its last error stands.
 *
 * @param options.seconds How long to go on. Default: 30.
 * @param options.every Seconds between attempts. Default: 1.
 */
export async function until<Result>(
  attempt: () => Promise<Result>,
  { seconds = 30, every = 1 }: { seconds?: number; every?: number } = {},
): Promise<Result> {
  const end = performance.now() + seconds * 1000
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (performance.now() >= end) throw error
    }
    await sleep(every * 1000)
  }
}
