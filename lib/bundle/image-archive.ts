import { createHash } from 'node:crypto'
import type { LocalFile } from '../fetch/cache.ts'
import { parseReference } from './reference.ts'
import { type TarEntry, writeTar } from './tar-writer.ts'

/** An image of one platform, as its registry has it. */
export interface ImageContent {
  readonly reference: string
  readonly architecture: string
  readonly manifest: { readonly bytes: Buffer; readonly mediaType: string }
  /** Config and layers. */
  readonly blobs: readonly LocalFile[]
}

/** Writes an image as a tar with an OCI layout, which `ctr images import` stores under the image's reference. */
export async function writeImageArchive(path: string, image: ImageContent): Promise<void> {
  const { bytes, mediaType } = image.manifest
  const digest = createHash('sha256').update(bytes).digest('hex')
  const { tag } = parseReference(image.reference)
  const descriptor = {
    mediaType,
    digest: `sha256:${digest}`,
    size: bytes.length,
    platform: { architecture: image.architecture, os: 'linux' },
    annotations: {
      'io.containerd.image.name': image.reference,
      ...(tag !== undefined && { 'org.opencontainers.image.ref.name': tag }),
    },
  }
  const index = {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: [descriptor],
  }
  const blobs = [...new Map(image.blobs.map((blob) => [blob.sha256, blob])).values()]
  await writeTar(path, [
    { name: 'oci-layout', content: json({ imageLayoutVersion: '1.0.0' }) },
    { name: 'index.json', content: json(index) },
    { name: blobName(digest), content: bytes },
    ...blobs.map((blob): TarEntry => ({ name: blobName(blob.sha256), content: blob })),
  ])
}

const blobName = (digest: string) => `blobs/sha256/${digest}`

const json = (value: unknown) => Buffer.from(JSON.stringify(value))
