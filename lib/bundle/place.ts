import { chmod, copyFile, mkdir, rename, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { QuorateError } from '../errors.ts'
import type { LocalFile } from '../fetch/cache.ts'
import { digestOf } from '../fetch/cache.ts'
import { cachedDownload } from '../fetch/cached-download.ts'
import { get, getText, HttpError, type HttpOptions } from '../fetch/http.ts'
import { archiveMember } from '../resources/artifact-cache.ts'
import { fileName, requirePublished } from './checksums.ts'
import type { Architecture, BundleItem } from './manifest.ts'
import { pullImage } from './pull-image.ts'
import type { FileSource, ImageSource } from './resolve.ts'

/** Where a bundle keeps items of each kind. */
export const FOLDERS = { binary: 'bin', archive: 'archives', image: 'images' } as const

export interface PlaceOptions extends HttpOptions {
  readonly architecture: Architecture
}

/** Fetches a released file into a bundle, checked against its published checksum. */
export async function placeDownload(
  source: FileSource,
  directory: string,
  options: PlaceOptions,
): Promise<readonly BundleItem[]> {
  const { url, checksum, name, version } = source
  const local = await explain404(`${name} ${version}`, async () => {
    const sha256 = requirePublished(await getText(checksum, options), fileName(url), checksum)
    return cachedDownload({ what: url, sha256, request: (headers) => get(url, headers, options) }, options)
  })
  return placeFile(source, local, directory)
}

/** A verified file as items of the bundle: itself, or the binaries that it holds. */
export async function placeFile(
  { kind, name, version, url, members }: FileSource,
  local: LocalFile,
  directory: string,
): Promise<readonly BundleItem[]> {
  if (members === undefined) {
    const file = `${FOLDERS[kind]}/${kind === 'binary' ? name : fileName(url)}`
    return [await placeCopy({ kind, name, version, file }, local, directory)]
  }
  const items: BundleItem[] = []
  for (const [binary, member] of Object.entries(members)) {
    const unpacked = await archiveMember(local, member)
    const file = `${FOLDERS.binary}/${binary}`
    items.push(await placeCopy({ kind: 'binary', name: binary, version, file }, unpacked, directory))
  }
  return items
}

/** Where an image's archive lies in a bundle. */
export function imageFile({ name }: ImageSource): string {
  return `${FOLDERS.image}/${name.split('/').at(-1)}.tar`
}

/** Fetches an image from its registry into a bundle. */
export async function placeImage(
  source: ImageSource,
  directory: string,
  options: PlaceOptions,
): Promise<readonly BundleItem[]> {
  const { kind, name, version, reference } = source
  const file = imageFile(source)
  const path = join(directory, file)
  await mkdir(dirname(path), { recursive: true })
  await explain404(`${name} ${version}`, () => pullImage({ ...options, reference, path: `${path}.part` }))
  await rename(`${path}.part`, path)
  const { size } = await stat(path)
  return [{ kind, name, version, file, sha256: await digestOf(path), size, reference }]
}

/** Copies a verified file into a bundle. */
export async function placeCopy(
  item: Omit<BundleItem, 'sha256' | 'size'>,
  { path: from, sha256, size }: LocalFile,
  directory: string,
): Promise<BundleItem> {
  const path = join(directory, item.file)
  await mkdir(dirname(path), { recursive: true })
  await copyFile(from, `${path}.part`)
  await chmod(`${path}.part`, item.kind === 'binary' ? 0o755 : 0o644)
  await rename(`${path}.part`, path)
  return { ...item, sha256, size }
}

async function explain404<T>(what: string, work: () => Promise<T>): Promise<T> {
  return await work().catch((error: unknown) => {
    if (!(error instanceof HttpError) || error.status !== 404) throw error
    throw new QuorateError(error.message, { cause: error, hint: `is ${what} a released version?` })
  })
}
