import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream } from 'node:stream/web'
import { QuorateError } from '../errors.ts'

/**
 * Streams what a URL leads to into a file.
 *
 * @returns The sha256 of what was written, in hex.
 * @throws QuorateError with the status or the reason; what had arrived is left for the caller to remove.
 */
export async function download(url: string, path: string): Promise<string> {
  const hash = createHash('sha256')
  async function* digest(chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      hash.update(chunk)
      yield chunk
    }
  }
  try {
    const { ok, status, statusText, body } = await request(url)
    if (!ok || body === null) throw new Error(`HTTP ${status} ${statusText}`)
    await pipeline(Readable.fromWeb(body as ReadableStream), digest, createWriteStream(path))
  } catch (error) {
    throw new QuorateError(`cannot fetch ${printable(url)}: ${reasonOf(error as Error)}`, { cause: error })
  }
  return hash.digest('hex')
}

/** fetch refuses credentials in a URL; they go into a header, which it does not take along to another server. */
function request(url: string): Promise<Response> {
  const target = new URL(url)
  const { username, password } = target
  target.username = target.password = ''
  if (username === '') return fetch(target)
  const credentials = [username, password].map(decodeURIComponent).join(':')
  return fetch(target, { headers: { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` } })
}

/** A URL without what may be a secret. */
export function printable(url: string): string {
  const { origin, pathname } = new URL(url)
  return origin + pathname
}

function reasonOf(error: Error): string {
  return error.cause instanceof Error
    ? error.cause.message || String((error.cause as NodeJS.ErrnoException).code)
    : error.message
}
