import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { UsageError } from '../errors.ts'
import { cacheDirectory } from '../fetch/cache.ts'
import { MANIFEST } from './manifest.ts'
import { type Bundle, readBundle } from './read.ts'
import { formatMismatch, verifyBundle } from './verify.ts'

/**
 * A bundle whose every file has the sha256 that its manifest says. Files are hashed once: until one of them changes,
 * later runs only compare sizes and times.
 *
 * @throws UsageError with all that is wrong.
 */
export async function verifiedBundle(path: string): Promise<Bundle> {
  const bundle = await readBundle(path)
  const stamp = join(cacheDirectory(), 'verified', await stampOf(bundle))
  if (existsSync(stamp)) return bundle
  const wrong = await verifyBundle(bundle)
  if (wrong.length > 0) {
    const hint = 'was it copied whole? npm run bundle makes it anew'
    throw new UsageError(wrong.map((mismatch) => ({ message: formatMismatch(mismatch), hint })))
  }
  await mkdir(dirname(stamp), { recursive: true, mode: 0o700 })
  await writeFile(stamp, `${bundle.directory}\n`)
  return bundle
}

/** A digest that is another one as soon as a file may have another content. */
async function stampOf({ directory, items }: Bundle): Promise<string> {
  const hash = createHash('sha256').update(await readFile(join(directory, MANIFEST)))
  for (const { path } of items) {
    const { ino, size, mtimeMs, ctimeMs } = await stat(path)
    hash.update(`\n${path} ${ino} ${size} ${mtimeMs} ${ctimeMs}`)
  }
  return hash.digest('hex')
}
