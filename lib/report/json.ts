import type { RunEvent } from '../engine/events.ts'
import type { Place } from '../errors.ts'
import type { JsonEvent } from './event-schema.ts'
import type { Sink } from './sink.ts'
import { mapPlace } from './stack.ts'

export interface JsonOptions {
  readonly print: (text: string) => void
  readonly flush: () => Promise<void>
  /** From 2 on every script is told. */
  readonly verbose: number
}

/** `--output json`: one event a line, as docs/events.md describes them. */
export function createJson({ print, flush, verbose }: JsonOptions): Sink {
  return {
    event(event, at) {
      if (event.type === 'script' && verbose < 2) return
      print(`${JSON.stringify(jsonEvent(event, at))}\n`)
    },
    close: flush,
  }
}

/** The event as its line holds it: flat, with its time, and places in the sources that people wrote. */
export function jsonEvent(event: RunEvent, at: number): JsonEvent {
  const time = new Date(at).toISOString()
  switch (event.type) {
    case 'runStart': {
      const { playbook, mode, hosts, groups = [] } = event
      return { type: 'runStart', time, version: 1, playbook, mode, hosts, groups } as JsonEvent
    }
    case 'change':
      return { type: 'change', time, ...event.change }
    case 'failed': {
      const { place, ...failure } = event.failure
      return { type: 'failed', time, ...failure, ...(place && { place: shownPlace(place) }) }
    }
    default: {
      const { type, ...fields } = event
      return { type, time, ...fields } as JsonEvent
    }
  }
}

function shownPlace(place: Place): { file: string; line: number; column?: number } {
  return { ...mapPlace(place) }
}
