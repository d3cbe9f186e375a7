import type { RunEvent } from '../engine/events.ts'

/** One of the places that a run is told to: a terminal, a stream of JSON, a file. */
export interface Sink {
  /** @param at When it happened, in milliseconds since 1970. */
  event(event: RunEvent, at: number): void
  /** Waits until everything is shown or written. */
  close(): Promise<void>
}
