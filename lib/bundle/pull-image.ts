import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { QuorateError } from '../errors.ts'
import type { LocalFile } from '../fetch/cache.ts'
import { cachedDownload } from '../fetch/cached-download.ts'
import type { HttpOptions } from '../fetch/http.ts'
import { writeImageArchive } from './image-archive.ts'
import type { Architecture } from './manifest.ts'
import { parseReference } from './reference.ts'
import { type Descriptor, type ManifestDocument, Repository } from './registry.ts'

/** Which image, and for which machines. */
export interface PullOptions extends HttpOptions {
  readonly reference: string
  readonly architecture: Architecture
  /** Where the archive goes. */
  readonly path: string
}

/**
 * Fetches an image for one architecture from its registry, every blob verified by its digest, as an archive that
 * containerd imports.
 *
 * @throws QuorateError where the registry has no such image, none for the architecture, or wrong content.
 */
export async function pullImage(options: PullOptions): Promise<void> {
  const { reference, architecture, path } = options
  const parsed = parseReference(reference)
  const repository = new Repository(parsed, options)
  const named = await verifiedManifest(repository, parsed.selector, reference)
  const platform = platformOf(named.document, architecture, reference)
  const image =
    platform === undefined ? named : await verifiedManifest(repository, platform.digest, reference)
  const { config, layers = [] } = image.document
  if (config === undefined) throw new QuorateError(`${reference} is no container image`)
  const blobs: LocalFile[] = []
  for (const blob of [config, ...layers]) blobs.push(await fetchBlob(repository, blob, options))
  await requireArchitecture(blobs[0] as LocalFile, architecture, reference)
  await writeImageArchive(path, { reference, architecture, manifest: image, blobs })
}

async function verifiedManifest(repository: Repository, selector: string, reference: string) {
  const { bytes, mediaType } = await repository.manifest(selector)
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
  if (selector.startsWith('sha256:') && digest !== selector) {
    throw new QuorateError(`the manifest of ${reference} has the digest ${digest}, expected ${selector}`)
  }
  const document = JSON.parse(bytes.toString()) as ManifestDocument
  return { bytes, mediaType: document.mediaType ?? mediaType, document }
}

/** The manifest that an index has for Linux on the architecture; undefined where the document is no index. */
function platformOf(
  { manifests }: ManifestDocument,
  architecture: Architecture,
  reference: string,
): Descriptor | undefined {
  if (manifests === undefined) return undefined
  const found = manifests.find(
    ({ platform }) => platform?.os === 'linux' && platform.architecture === architecture,
  )
  if (found !== undefined) return found
  const offered = manifests.map(({ platform }) => `${platform?.os}/${platform?.architecture}`)
  throw new QuorateError(`${reference} has no image for linux/${architecture}`, {
    hint: `it has ${[...new Set(offered)].join(', ')}`,
  })
}

function fetchBlob(repository: Repository, { digest }: Descriptor, options: PullOptions): Promise<LocalFile> {
  const [, sha256] = /^sha256:([0-9a-f]{64})$/.exec(digest) ?? []
  if (sha256 === undefined) throw new QuorateError(`${options.reference}: cannot check the digest ${digest}`)
  const what = `blob ${digest} of ${options.reference}`
  return cachedDownload({ what, sha256, request: repository.blob(digest) }, options)
}

async function requireArchitecture(
  config: LocalFile,
  architecture: string,
  reference: string,
): Promise<void> {
  const built = (JSON.parse(await readFile(config.path, 'utf8')) as { architecture?: string }).architecture
  if (built === architecture) return
  throw new QuorateError(`${reference} is built for ${built}, not for ${architecture}`)
}
