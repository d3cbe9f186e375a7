import { createRequire } from 'node:module'

/** Of this package: `0.1.0`. */
export function version(): string {
  return (createRequire(import.meta.url)('quorate/package.json') as { version: string }).version
}
