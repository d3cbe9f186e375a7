import { createHash } from 'node:crypto'

/** sha256 in hex. */
export function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
