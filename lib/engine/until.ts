import { UnreachableError } from '../errors.ts'
import { pause, Stopped } from './interruption.ts'
import { DriftError } from './review.ts'

export interface UntilOptions {
  /** How long to go on. Default: 30, and no end where `attempts` is given. */
  readonly seconds?: number
  /** How often to try at most. Default: as often as there is time. */
  readonly attempts?: number
  /** Seconds between attempts. Default: 1. */
  readonly every?: number
  /** Each pause is this many times as long as the one before. Default: 1. */
  readonly backoff?: number
  /** The longest pause, in seconds. Default: 30. */
  readonly longest?: number
}

/**
 * Calls `attempt` until it does not throw, and gives its result; after the last attempt its error stands. Nothing is
 * tried again where the host is lost or the user has asked to stop.
 *
 * @example await until(() => apply(pkg('haproxy')), { attempts: 3, every: 5, backoff: 2 })
 */
export async function until<Result>(
  attempt: () => Promise<Result>,
  { attempts = Infinity, seconds, every = 1, backoff = 1, longest = 30 }: UntilOptions = {},
): Promise<Result> {
  const end = performance.now() + (seconds ?? (attempts === Infinity ? 30 : Infinity)) * 1000
  for (let tried = 1, wait = every; ; tried += 1, wait = Math.min(wait * backoff, Math.max(longest, every))) {
    try {
      return await attempt()
    } catch (error) {
      if ([Stopped, UnreachableError, DriftError].some((final) => error instanceof final)) throw error
      if (tried >= attempts || performance.now() >= end) throw error
    }
    await pause(wait)
  }
}
