import type { RunEvent } from '../engine/events.ts'
import { mask } from '../secret.ts'
import { neutralise } from './text.ts'

// The engine's own words, which no secret can be part of.
const WORDS = new Set(['type', 'mode', 'stream', 'purpose'])

/** The event with secrets and control characters removed from its texts (names too), before anything is cut or wrapped. */
export function cleanEvent(event: RunEvent): RunEvent {
  return cleanValue(event) as RunEvent
}

/** `text` without secrets and without control characters. */
export function cleanText(text: string): string {
  const masked = mask(text)
  const clean = neutralise(masked)
  // Control characters may have stood in the middle of a secret.
  return clean === masked ? clean : mask(clean)
}

function cleanValue(value: unknown): unknown {
  if (typeof value === 'string') return cleanText(value)
  if (Array.isArray(value)) return value.map(cleanValue)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, field]) => [key, WORDS.has(key) ? field : cleanValue(field)]),
  )
}
