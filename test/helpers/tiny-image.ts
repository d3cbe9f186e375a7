import * as fs from 'node:fs'
import { join } from 'node:path'
import { writeImageArchive } from '../../lib/bundle/image-archive.ts'
import { writeTar } from '../../lib/bundle/tar-writer.ts'
import { sha256 } from './release-server.ts'

/** The parts of an image with one file, as a registry has them. */
export interface TinyImage {
  readonly config: Buffer
  readonly layer: Buffer
  readonly manifest: Buffer
}

export const MANIFEST_TYPE = 'application/vnd.oci.image.manifest.v1+json'

/** An image whose only file is /content. */
export async function tinyImage(
  directory: string,
  content: string,
  architecture = 'amd64',
): Promise<TinyImage> {
  const path = join(directory, `layer-${sha256(content)}.tar`)
  await writeTar(path, [{ name: 'content', content: Buffer.from(content) }])
  const layer = fs.readFileSync(path)
  const config = json({
    architecture,
    os: 'linux',
    config: {},
    rootfs: { type: 'layers', diff_ids: [`sha256:${sha256(layer)}`] },
  })
  const manifest = json({
    schemaVersion: 2,
    mediaType: MANIFEST_TYPE,
    config: descriptor('application/vnd.oci.image.config.v1+json', config),
    layers: [descriptor('application/vnd.oci.image.layer.v1.tar', layer)],
  })
  return { config, layer, manifest }
}

/** An archive of an image whose only file is /content. */
export async function tinyArchive(
  directory: string,
  reference: string,
  content: string,
): Promise<{ path: string; sha256: string }> {
  const { config, layer, manifest } = await tinyImage(directory, content)
  const blobs = [config, layer].map((blob) => {
    const path = join(directory, sha256(blob))
    fs.writeFileSync(path, blob)
    return { path, sha256: sha256(blob), size: blob.length }
  })
  const path = join(directory, `${sha256(reference + content)}.tar`)
  await writeImageArchive(path, {
    reference,
    architecture: 'amd64',
    manifest: { bytes: manifest, mediaType: MANIFEST_TYPE },
    blobs,
  })
  return { path, sha256: sha256(fs.readFileSync(path)) }
}

export function descriptor(mediaType: string, content: Buffer) {
  return { mediaType, digest: `sha256:${sha256(content)}`, size: content.length }
}

export const json = (value: unknown) => Buffer.from(JSON.stringify(value))
