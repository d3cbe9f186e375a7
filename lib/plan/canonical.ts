import { createHash } from 'node:crypto'
import { revealText, Secret } from '../secret.ts'

/** Equal text for equal values, whatever the order of their keys; contents stand by their digest, functions are left out. */
export function canonicalText(value: unknown, { reveal = false }: { reveal?: boolean } = {}): string {
  const text = (each: unknown): unknown => {
    if (each instanceof Secret) return reveal ? revealText(each) : '***'
    if (each instanceof Uint8Array) return createHash('sha256').update(each).digest('hex')
    if (each instanceof Map) return [...each].map(([key, item]) => [text(key), text(item)])
    if (each instanceof Set || Array.isArray(each)) return [...each].map(text)
    if (each instanceof Date) return each.toISOString()
    if (typeof each === 'function' || typeof each === 'symbol') return undefined
    if (typeof each === 'bigint') return String(each)
    if (typeof each !== 'object' || each === null) return each
    const entries = Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1))
    return Object.fromEntries(entries.map(([key, item]) => [key, text(item)]))
  }
  return JSON.stringify(text(value)) ?? ''
}
