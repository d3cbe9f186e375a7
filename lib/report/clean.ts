import type { RunEvent } from '../engine/events.ts'
import { mask } from '../secret.ts'
import { neutralise } from './text.ts'

// What tells events, hosts and plays apart stays as it is: a secret that happens to be a host's name must not merge two
// hosts into one. Written text is masked once more as a whole, and there names are masked too.
const NAMES = new Set(['type', 'mode', 'host', 'hosts', 'play', 'role'])

/** The event with secrets and control characters removed from its texts, before anything is cut or wrapped. */
export function cleanEvent(event: RunEvent): RunEvent {
  return cleanValue(event) as RunEvent
}

/** `text` without secrets and without control characters. */
export function cleanText(text: string): string {
  return neutralise(mask(text))
}

function cleanValue(value: unknown): unknown {
  if (typeof value === 'string') return cleanText(value)
  if (Array.isArray(value)) return value.map(cleanValue)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, field]) => [key, NAMES.has(key) ? field : cleanValue(field)]),
  )
}
