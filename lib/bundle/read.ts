import { existsSync, statSync } from 'node:fs'
import { readFile, realpath } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { type Problem, QuorateError, UsageError } from '../errors.ts'
import { fileProblem } from './check-file.ts'
import { type Architecture, type BundleItem, MANIFEST, parseManifest } from './manifest.ts'
import { unpackBundle } from './unpack.ts'

/** An item whose file is there. */
export interface BundleFile extends BundleItem {
  /** Absolute, on the control machine. */
  readonly path: string
}

/** An archive that containerd imports. */
export interface BundleImage extends BundleFile {
  readonly reference: string
}

/** Everything that hosts need for one Kubernetes version, on the control machine. */
export interface Bundle {
  /** Absolute. */
  readonly directory: string
  /** `v1.36.2`. */
  readonly kubernetes: string
  readonly architecture: Architecture
  readonly items: readonly BundleFile[]
}

/**
 * Reads a bundle: its directory, or a tar (.tar, .tar.gz, .tgz) of one, which is unpacked into the cache. Contents are
 * compared by `verifyBundle`, and again with each push to a host.
 *
 * @throws UsageError with all that is wrong: the manifest, files that are missing, of another size or outside the
 * directory, binaries for another architecture.
 */
export async function readBundle(path: string): Promise<Bundle> {
  const directory = await directoryOf(resolve(path))
  const file = join(directory, MANIFEST)
  const { manifest, items, problems } = parseManifest(await readJson(file))
  const files = items.map((item) => ({ ...item, path: join(directory, item.file) }))
  const root = await realpath(directory)
  const wrongFiles = await Promise.all(files.map((each) => fileProblem(each, root, manifest.architecture)))
  const { kubernetes, architecture } = manifest
  const all = [
    ...problems.map((message): Problem => ({ message: `${file}: ${message}` })),
    ...wrongFiles.filter((problem) => problem !== undefined),
  ]
  if (all.length > 0 || kubernetes === undefined || architecture === undefined) throw new UsageError(all)
  return { directory, kubernetes, architecture, items: files }
}

/** @throws QuorateError where the bundle has no such binary. */
export function binaryOf(bundle: Bundle, name: string): BundleFile {
  const found = bundle.items.find((item) => item.kind === 'binary' && item.name === name)
  if (found !== undefined) return found
  const binaries = bundle.items.filter(({ kind }) => kind === 'binary').map((item) => item.name)
  throw new QuorateError(`the bundle ${bundle.directory} has no binary ${name}`, {
    hint: `it has ${binaries.join(', ') || 'none'}; npm run bundle makes a complete one`,
  })
}

/** All images of a bundle, in the order of its manifest. */
export function imagesOf(bundle: Bundle): readonly BundleImage[] {
  return bundle.items.filter((item): item is BundleImage => item.kind === 'image')
}

async function directoryOf(path: string): Promise<string> {
  const stats = statSync(path, { throwIfNoEntry: false })
  if (stats?.isDirectory()) return path
  if (stats?.isFile()) return unpackBundle(path)
  throw new UsageError([{ message: `there is no bundle ${path}`, hint: HOW_TO_GET }])
}

const HOW_TO_GET = 'npm run bundle -- --kubernetes v1.36.2 --out DIR makes one'

async function readJson(file: string): Promise<unknown> {
  if (!existsSync(file)) {
    throw new UsageError([
      { message: `${file} is missing: its directory is no bundle, or only a part of one`, hint: HOW_TO_GET },
    ])
  }
  const text = await readFile(file, 'utf8')
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new UsageError([{ message: `${file} is no JSON: ${(error as Error).message}` }])
  }
}
