import { readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { UsageError } from '../errors.ts'
import type { HttpOptions } from '../fetch/http.ts'
import { mapLimit } from './limit.ts'
import { type Architecture, type BundleItem, type BundleManifest, MANIFEST } from './manifest.ts'
import { FOLDERS, placeDownload, placeImage } from './place.ts'
import { type Bundle, readBundle } from './read.ts'
import { resolveSources, type Source } from './resolve.ts'

export interface BuildOptions extends HttpOptions {
  /** `v1.36.2`. */
  readonly kubernetes: string
  readonly architecture: Architecture
  /** The bundle's directory; a bundle that is there is replaced. */
  readonly out: string
  /** How many items are fetched at a time. @default 4 */
  readonly concurrency?: number
  /** Told what begins and each item that is done. @default nobody */
  readonly log?: (line: string) => void
}

/** Brings one source into the directory of a bundle. */
export type Place = (source: Source, directory: string) => Promise<readonly BundleItem[]>

/**
 * Makes a bundle from the official download locations, each file checked against the checksum that is published with it.
 *
 * @throws QuorateError where something cannot be fetched or has another checksum; what is complete stays in the cache.
 */
export function buildBundle(options: BuildOptions): Promise<Bundle> {
  return assembleBundle(options, (source, directory) => {
    options.log?.(`fetching ${source.name} ${source.version}`)
    return source.kind === 'image'
      ? placeImage(source, directory, options)
      : placeDownload(source, directory, options)
  })
}

/** Fills a directory item by item, and writes its manifest when all are there. */
export async function assembleBundle(options: BuildOptions, place: Place): Promise<Bundle> {
  const { kubernetes, architecture, concurrency = 4, log = () => undefined } = options
  const sources = resolveSources(kubernetes, architecture)
  const directory = resolve(options.out)
  await requireOwnDirectory(directory)
  // From here on until it is complete it is no bundle.
  await rm(join(directory, MANIFEST), { force: true })
  const items = await mapLimit(sources, concurrency, async (source) => {
    const placed = await place(source, directory)
    for (const { kind, name, version, size } of placed) {
      log(`${kind} ${name} ${version} (${(size / 1e6).toFixed(1)} MB)`)
    }
    return placed
  })
  await writeManifest(directory, { version: 1, kubernetes, architecture, items: items.flat() })
  return readBundle(directory)
}

/** @throws UsageError where the directory holds something that no bundle has. */
async function requireOwnDirectory(directory: string): Promise<void> {
  const known: string[] = [MANIFEST, `${MANIFEST}.part`, ...Object.values(FOLDERS)]
  const present = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw new UsageError([{ message: `cannot use ${directory}: ${error.message}` }])
  })
  const strange = present.filter((name) => !known.includes(name))
  if (strange.length === 0) return
  throw new UsageError([
    {
      message: `${directory} holds something else: ${strange.slice(0, 3).join(', ')}`,
      hint: 'name a directory that is empty, does not exist yet, or holds a bundle',
    },
  ])
}

/** Writes the manifest, and removes what an earlier bundle has left in its folders. */
async function writeManifest(directory: string, manifest: BundleManifest): Promise<void> {
  const kept = new Set(manifest.items.map(({ file }) => file))
  for (const folder of Object.values(FOLDERS)) {
    const names = await readdir(join(directory, folder)).catch(() => [])
    const stale = names.map((name) => `${folder}/${name}`).filter((file) => !kept.has(file))
    for (const file of stale) await rm(join(directory, file), { recursive: true })
  }
  const path = join(directory, MANIFEST)
  await writeFile(`${path}.part`, `${JSON.stringify(manifest, null, 2)}\n`)
  await rename(`${path}.part`, path)
}
