import { createHash, createHmac, scryptSync } from 'node:crypto'
import { type Contents, digestIn } from '../engine/knowledge.ts'
import type { Change, Effects } from '../engine/resource.ts'
import type { ReadyPlay } from '../engine/run.ts'
import { mask } from '../secret.ts'
import { canonicalText } from './canonical.ts'

/** One guess at a secret costs about as much as a login does. */
const SCRYPT = { N: 2 ** 14, r: 8, p: 1 }

/** Digests that only whoever knows all variables can compare with anything: a short secret cannot be guessed from them. */
export type Digest = (text: string) => string

/**
 * The digests of one plan, keyed by all that its run is given, secrets included.
 *
 * @param salt Kept in the plan, another one for each.
 */
export function planDigest(salt: string, plays: readonly ReadyPlay[]): Digest {
  const given = createHash('sha256')
  for (const { roles } of plays)
    for (const { vars } of roles)
      for (const [host, values] of vars) given.update(`${host}\n${canonicalText(values, { reveal: true })}\n`)
  const key = scryptSync(given.digest(), salt, 32, SCRYPT)
  return (text) => createHmac('sha256', key).update(text).digest('hex').slice(0, 32)
}

/** Digest of a role's variables without what is secret: tells whose have changed. */
export function variablesDigest(salt: string, values: unknown): string {
  const text = mask(canonicalText(values))
  return createHash('sha256').update(`${salt}\n${text}`).digest('hex').slice(0, 32)
}

/**
 * What a change brings to a host, and what it replaces there. Content that another change of the same run has made there stands by its path: what
 * follows from a key that is made anew (the record of a restart) is the same whatever the key.
 *
 * @param made Paths by the sha256 of what changes of this run put there so far; the change's own are added.
 */
export function changeDigest(
  { action, effects }: Change,
  before: Contents,
  made: Map<string, string>,
  digest: Digest,
): string {
  const contents = contentsOf(effects)
  const own = new Set(contents.map(([path]) => path))
  const known = (effects.known ?? []).map(([{ probe, arg }, value]) => [probe.name, arg, value])
  let text = canonicalText([typeof action === 'string' ? action : known, before])
  for (const [sha256, path] of made) if (!own.has(path)) text = text.replaceAll(sha256, `content of ${path}`)
  for (const [path, sha256] of contents) if (!made.has(sha256)) made.set(sha256, path)
  return digest(text)
}

function contentsOf({ known = [] }: Effects): [path: string, sha256: string][] {
  return known.flatMap(([{ arg }, value]): [string, string][] => {
    const sha256 = digestIn(value)
    return sha256 === undefined ? [] : [[arg, sha256]]
  })
}
