import { createWriteStream, existsSync, statSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream } from 'node:stream/web'
import { QuorateError } from '../errors.ts'
import { cacheDirectory, digestOf, type LocalFile } from './cache.ts'
import { HttpError, type HttpOptions, type Request, reasonOf, withRetries } from './http.ts'

/** Something to fetch, whose digest is known beforehand. */
export interface Download {
  /** As errors name it. */
  readonly what: string
  /** 64 hex digits, lower case. */
  readonly sha256: string
  readonly request: Request
}

/**
 * A file by its digest: from the artifact cache, else fetched into it. What is interrupted goes on where it stopped,
 * in this run or a later one. Nothing is kept of what has another digest.
 *
 * @throws QuorateError where it cannot be fetched, or has another digest.
 */
export function cachedDownload(download: Download, options: HttpOptions): Promise<LocalFile> {
  // Images share layers.
  const known = underway.get(download.sha256)
  if (known !== undefined) return known
  const made = fetchWhole(download, options).finally(() => underway.delete(download.sha256))
  underway.set(download.sha256, made)
  return made
}

const underway = new Map<string, Promise<LocalFile>>()

async function fetchWhole(download: Download, options: HttpOptions): Promise<LocalFile> {
  const path = join(cacheDirectory(), download.sha256)
  // Anything else under that name is a damaged disk or a hand in the cache.
  if (existsSync(path) && (await digestOf(path)) === download.sha256) return localFile(path, download.sha256)
  const part = await claimPart(download.sha256)
  const data = join(part, 'data')
  const resumed = sizeOf(data) > 0
  await withRetries(options, () => fetchRest(download, part)).catch(async (error) => {
    if (sizeOf(data) === 0) await rm(part, { recursive: true })
    throw error
  })
  const found = await digestOf(data)
  if (found === download.sha256) {
    await rename(data, path)
    await rm(part, { recursive: true })
    return localFile(path, download.sha256)
  }
  await rm(part, { recursive: true })
  // The beginning may have been another release's: the whole may still be right.
  if (resumed) return fetchWhole(download, options)
  throw new QuorateError(`${download.what} has the sha256 ${found}, expected ${download.sha256}`, {
    hint: 'nothing of it was kept; compare with the checksum that its publisher names',
  })
}

function localFile(path: string, sha256: string): LocalFile {
  return { path, sha256, size: sizeOf(path) }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}

/**
 * A directory `DIGEST.PID.part` with what has arrived (`data`) and the validator that it came with (`etag`). One that a
 * dead process has left behind is taken over: renaming it succeeds for one process only.
 */
async function claimPart(sha256: string): Promise<string> {
  await mkdir(cacheDirectory(), { recursive: true, mode: 0o700 })
  const own = join(cacheDirectory(), `${sha256}.${process.pid}.part`)
  for (const name of await readdir(cacheDirectory())) {
    const [, digest, pid] = /^([0-9a-f]{64})\.(\d+)\.part$/.exec(name) ?? []
    if (digest !== sha256 || (Number(pid) !== process.pid && isAlive(Number(pid)))) continue
    const claimed = await rename(join(cacheDirectory(), name), own).then(
      () => true,
      () => false,
    )
    if (claimed) return own
  }
  await mkdir(own, { recursive: true })
  return own
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Fetches what is missing of a part; a break in the middle leaves what has arrived. */
async function fetchRest({ what, request }: Download, part: string): Promise<void> {
  const data = join(part, 'data')
  const offset = sizeOf(data)
  const response = await answer(request, offset, await readFile(join(part, 'etag'), 'utf8').catch(() => ''))
  if (response === undefined) return
  const continues = response.status === 206 && rangeStart(response) === offset
  if (response.status === 206 && !continues) throw new QuorateError(`${what}: the server sent another range`)
  await writeFile(join(part, 'etag'), response.headers.get('etag') ?? '')
  try {
    if (response.body === null) throw new Error('the answer is empty')
    const chunks = Readable.fromWeb(response.body as ReadableStream)
    await pipeline(chunks, createWriteStream(data, { flags: continues ? 'a' : 'w' }))
  } catch (error) {
    throw new QuorateError(`cannot fetch ${what}: ${reasonOf(error as Error)}`, { cause: error })
  }
}

/** The answer with what is missing; undefined where nothing is. */
async function answer(request: Request, offset: number, etag: string): Promise<Response | undefined> {
  // What is compressed on the way has another length, and no ranges.
  const plain = { 'accept-encoding': 'identity' }
  if (offset === 0) return request(plain)
  // Weak validators may not stand in If-Range; the digest tells in the end.
  const condition = etag.startsWith('"') ? { 'if-range': etag } : {}
  try {
    return await request({ ...plain, range: `bytes=${offset}-`, ...condition })
  } catch (error) {
    if (error instanceof HttpError && error.status === 416) return undefined
    throw error
  }
}

function rangeStart(response: Response): number {
  return Number(/^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '')?.[1] ?? -1)
}
