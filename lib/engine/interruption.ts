import { AsyncLocalStorage } from 'node:async_hooks'
import { setMaxListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'

/** The run was told to stop: not a failure of the host. */
export class Stopped extends Error {}

const signals = new AsyncLocalStorage<AbortSignal>()

/** Does `work`, whose pauses end with a Stopped error as soon as the signal is given. */
export function interruptible<Result>(signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
  // Every host may wait for something.
  setMaxListeners(0, signal)
  return signals.run(signal, work)
}

/**
 * Waits, as long as the run goes on.
 *
 * @throws Stopped when the run is told to stop.
 */
export async function pause(seconds: number): Promise<void> {
  const signal = signals.getStore()
  try {
    await sleep(seconds * 1000, undefined, { ...(signal && { signal }) })
  } catch {
    throw new Stopped()
  }
}
