import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { lstat, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { QuorateError } from '../errors.ts'
import { cacheDirectory, type LocalFile, localFile } from '../fetch/cache.ts'
import { cachedDownload } from '../fetch/cached-download.ts'
import { get, type HttpOptions, printable } from '../fetch/http.ts'

/** Where an artifact comes from, and the digest that it has to have. */
export interface ArtifactSource {
  readonly url?: string
  /** On the control machine. */
  readonly path?: string
  /** 64 hex digits, lower case. */
  readonly sha256: string
}

// One reading or unpacking for all hosts of a run; other processes are kept apart by renames.
const underway = new Map<string, Promise<LocalFile>>()

/**
 * The artifact on the control machine, fetched unless it is in the cache (`$XDG_CACHE_HOME/quorate/artifacts`). Nothing
 * is kept of what has another digest; what is interrupted goes on where it stopped.
 *
 * @throws QuorateError where it cannot be fetched or read, or has another digest.
 */
export function localArtifact(
  { path, url = '', sha256 }: ArtifactSource,
  options: HttpOptions = {},
): Promise<LocalFile> {
  return shared(JSON.stringify([path, url, sha256]), () => {
    if (path !== undefined) return givenFile(path, sha256)
    const request = (headers: Readonly<Record<string, string>>) => get(url, headers, options)
    return cachedDownload({ what: printable(url), sha256, request }, options)
  })
}

/**
 * One member of a tar.gz archive on the control machine, unpacked into the cache.
 *
 * @throws QuorateError where the archive has no such file.
 */
export function archiveMember(archive: LocalFile, member: string): Promise<LocalFile> {
  return shared(JSON.stringify([archive.path, archive.sha256, member]), async () => {
    const directory = join(cacheDirectory(), `${archive.sha256}.d`)
    const prefix = `${createHash('sha256').update(member).digest('hex').slice(0, 16)}-`
    const names = await readdir(directory).catch(() => [])
    for (const name of names.filter((candidate) => candidate.startsWith(prefix))) {
      const cached = await localFile(join(directory, name))
      // Its name holds its digest: a crash of this machine may have left it without its content.
      if (name === prefix + cached.sha256) return cached
    }
    return unpack(archive, member, join(directory, prefix))
  })
}

function shared(key: string, make: () => Promise<LocalFile>): Promise<LocalFile> {
  const known = underway.get(key)
  if (known !== undefined) return known
  const made = make()
  underway.set(key, made)
  // A failure is told to all who wait for it now; who comes later tries again.
  made.catch(() => underway.delete(key))
  return made
}

async function givenFile(path: string, sha256: string): Promise<LocalFile> {
  const found = await localFile(resolve(path)).catch((error: Error) => {
    throw new QuorateError(`cannot read ${path}: ${error.message}`, { cause: error })
  })
  requireDigest(path, sha256, found.sha256)
  return found
}

async function unpack(archive: LocalFile, member: string, prefix: string): Promise<LocalFile> {
  return inTemporaryDirectory(async (directory) => {
    await tar(archive, ['-xzf', archive.path, '-C', directory, '--no-same-owner', '--', member], member)
    const unpacked = join(directory, member)
    const stats = await lstat(unpacked)
    if (!stats.isFile()) throw new QuorateError(`${member} in the archive is not a regular file`)
    const { sha256, size } = await localFile(unpacked)
    const path = prefix + sha256
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    await rename(unpacked, path)
    return { path, sha256, size }
  })
}

async function tar(archive: LocalFile, args: string[], member: string): Promise<void> {
  try {
    await promisify(execFile)('tar', args)
  } catch (error) {
    const { stdout } = await promisify(execFile)('tar', ['-tzf', archive.path], { maxBuffer: 2 ** 28 }).catch(
      () => ({ stdout: '' }),
    )
    const files = stdout.split('\n').filter((name) => name !== '' && !name.endsWith('/'))
    const reason = String((error as { stderr?: string }).stderr || (error as Error).message)
      .trim()
      .split('\n')[0]
    throw new QuorateError(`cannot unpack ${member}: ${reason}`, {
      cause: error,
      ...(files.length > 0 && {
        hint: `it holds ${files.slice(0, 10).join(', ')}${files.length > 10 ? ', …' : ''}`,
      }),
    })
  }
}

async function inTemporaryDirectory<T>(work: (directory: string) => Promise<T>): Promise<T> {
  await mkdir(cacheDirectory(), { recursive: true, mode: 0o700 })
  const directory = await mkdtemp(join(cacheDirectory(), '.tmp-'))
  try {
    return await work(directory)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

function requireDigest(what: string, wanted: string, found: string): void {
  if (wanted === found) return
  throw new QuorateError(`${what} has the sha256 ${found}, expected ${wanted}`, {
    hint: 'nothing of it was kept; compare with the checksum that its publisher names',
  })
}
