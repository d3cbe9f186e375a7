import { basename } from 'node:path/posix'
import { QuorateError } from '../errors.ts'

/** The name that an official location has for its file. */
export function fileName(url: string): string {
  return basename(new URL(url).pathname)
}

/**
 * The digest of one file in what its project publishes: the digest alone, or lines of `DIGEST  NAME` as sha256sum
 * writes them. Undefined where it is not named.
 */
export function publishedDigest(text: string, name: string): string | undefined {
  const alone = /^\s*([0-9a-fA-F]{64})\s*$/.exec(text)
  if (alone !== null) return alone[1]?.toLowerCase()
  for (const line of text.split('\n')) {
    const [, digest, listed = ''] = /^([0-9a-fA-F]{64})\s+\*?(.+?)\s*$/.exec(line) ?? []
    if (digest !== undefined && basename(listed) === name) return digest.toLowerCase()
  }
  return undefined
}

/** @throws QuorateError where the digest is not published where it should be. */
export function requirePublished(text: string, name: string, where: string): string {
  const digest = publishedDigest(text, name)
  if (digest !== undefined) return digest
  throw new QuorateError(`${where} does not name a sha256 for ${name}`)
}
