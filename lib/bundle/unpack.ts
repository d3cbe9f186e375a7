import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { QuorateError } from '../errors.ts'
import { cacheDirectory, digestOf } from '../fetch/cache.ts'
import { MANIFEST } from './manifest.ts'

/**
 * The directory that a tar of a bundle holds, unpacked into the cache under the tar's digest; once, however often it
 * is asked for. The manifest lies at the top of the tar, or in the only directory there.
 *
 * @throws QuorateError where it is no tar, or holds no bundle.
 */
export async function unpackBundle(archive: string): Promise<string> {
  const unpacked = join(cacheDirectory(), `${await digestOf(archive)}.bundle`)
  if (!existsSync(unpacked)) await unpack(archive, unpacked)
  return bundleIn(unpacked)
}

async function unpack(archive: string, destination: string): Promise<void> {
  await mkdir(cacheDirectory(), { recursive: true, mode: 0o700 })
  const temporary = await mkdtemp(join(cacheDirectory(), '.tmp-'))
  try {
    // tar itself finds out how the archive is compressed.
    await promisify(execFile)('tar', ['-xf', archive, '-C', temporary, '--no-same-owner'])
    await bundleIn(temporary)
    // Another process may have been faster; what it has unpacked is the same.
    await rename(temporary, destination).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
    })
  } catch (error) {
    if (error instanceof QuorateError)
      throw new QuorateError(`${archive}: ${error.message}`, { cause: error })
    const reason = String((error as { stderr?: string }).stderr || (error as Error).message).trim()
    throw new QuorateError(`cannot unpack the bundle ${archive}: ${reason.split('\n')[0]}`, { cause: error })
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
}

async function bundleIn(directory: string): Promise<string> {
  if (existsSync(join(directory, MANIFEST))) return directory
  const [only, ...others] = await readdir(directory)
  if (only !== undefined && others.length === 0 && existsSync(join(directory, only, MANIFEST))) {
    return join(directory, only)
  }
  throw new QuorateError(`holds no bundle: ${MANIFEST} is missing`)
}
