import { createHash } from 'node:crypto'
import { createReadStream, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'

/** A file of the control machine, ready to be pushed. */
export interface LocalFile {
  readonly path: string
  readonly sha256: string
  /** Bytes. */
  readonly size: number
}

/** Where artifacts are kept on the control machine. */
export function cacheDirectory(): string {
  const base = process.env.XDG_CACHE_HOME || join(homedir(), '.cache')
  return join(base, 'quorate', 'artifacts')
}

/** What is in a file, read as a stream. */
export async function localFile(path: string): Promise<LocalFile> {
  return { path, sha256: await digestOf(path), size: statSync(path).size }
}

/** Hex sha256 of a file, read as a stream. */
export async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}
