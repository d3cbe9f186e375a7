import { isUtf8 } from 'node:buffer'
import { createHash } from 'node:crypto'
import { closeSync, openSync, readFileSync, readSync, type Stats, statSync } from 'node:fs'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { QuorateError } from '../errors.ts'
import { Secret } from '../secret.ts'
import { type Content, HiddenBytes } from './probes/content.ts'
import { INLINE_LIMIT, sha256 } from './write.ts'

/** What a file is to hold. */
export interface Payload {
  readonly sha256: string
  /** Bytes. */
  readonly size: number
  /** Never shown, nor told to whoever prints a change. */
  readonly secret: boolean
  /** The content, where it is small enough to travel inside a script. */
  readonly inline?: () => Buffer
  /** The content as an upload takes it. */
  readonly stream: () => string | Readable
}

/** The payload of text, bytes or a secret. */
export function contentPayload(content: string | Buffer | Secret): Payload {
  const secret = content instanceof Secret
  // A secret is revealed anew each time, so that nothing that could be printed ever holds it.
  const bytes = () => (Buffer.isBuffer(content) ? content : Buffer.from(secret ? content.reveal() : content))
  return bufferPayload(bytes, secret)
}

/**
 * The payload of a file on the control machine.
 *
 * @throws QuorateError where it cannot be read.
 */
export function sourcePayload(source: string | URL): Payload {
  const path = source instanceof URL ? fileURLToPath(source) : source
  try {
    const stats = statSync(path)
    if (!stats.isFile()) throw new Error('not a file')
    if (stats.size > INLINE_LIMIT) {
      return { sha256: digestOf(path, stats), size: stats.size, secret: false, stream: () => path }
    }
    const bytes = readFileSync(path)
    return bufferPayload(() => bytes, false)
  } catch (error) {
    throw new QuorateError(`cannot read the source ${path}: ${(error as Error).message}`, { cause: error })
  }
}

/** Content as a diff shows it; what is no text only by its size, a secret not at all. */
export function diffText(content: Content): string {
  if (content === undefined) return ''
  if (content instanceof HiddenBytes) return '(secret)'
  return isUtf8(content) && !content.includes(0) ? content.toString() : `(binary, ${content.length} bytes)`
}

function bufferPayload(bytes: () => Buffer, secret: boolean): Payload {
  const content = bytes()
  return {
    sha256: sha256(content),
    size: content.length,
    secret,
    stream: () => Readable.from([bytes()]),
    ...(content.length <= INLINE_LIMIT && { inline: bytes }),
  }
}

// Every host asks for the same sources: each is read once as long as it stays the same.
const digests = new Map<string, string>()

function digestOf(path: string, { ino, size, mtimeMs, ctimeMs }: Stats): string {
  const key = [path, ino, size, mtimeMs, ctimeMs].join('\0')
  const digest = digests.get(key) ?? readDigest(path)
  digests.set(key, digest)
  return digest
}

function readDigest(path: string): string {
  const hash = createHash('sha256')
  const chunk = Buffer.alloc(1024 * 1024)
  const file = openSync(path, 'r')
  try {
    for (let length = readSync(file, chunk); length > 0; length = readSync(file, chunk)) {
      hash.update(chunk.subarray(0, length))
    }
  } finally {
    closeSync(file)
  }
  return hash.digest('hex')
}
