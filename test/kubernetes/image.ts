import { linkSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { writeImageArchive } from '../../lib/bundle/index.ts'
import { digestOf } from '../../lib/fetch/cache.ts'
import { run } from '../../lib/lab/run.ts'

const CONFIG_TYPE = 'application/vnd.oci.image.config.v1+json'
const LAYER_TYPE = 'application/vnd.oci.image.layer.v1.tar'
const MANIFEST_TYPE = 'application/vnd.oci.image.manifest.v1+json'

export interface Image {
  readonly reference: string
  readonly entrypoint: readonly string[]
  /** Paths of uncompressed tar files, lowest first. */
  readonly layers: readonly string[]
  /** As Go names it: amd64. */
  readonly architecture: string
}

interface Blob {
  readonly path: string
  readonly sha256: string
  readonly size: number
}

/** Writes an image that `ctr images import` stores under its reference; the same layers make the same bytes. */
export async function writeImage(image: Image, archive: string): Promise<void> {
  const configPath = `${archive}.config`
  const layers = await Promise.all(image.layers.map(blobOf))
  writeFileSync(configPath, JSON.stringify(configOf(image, layers)))
  try {
    const config = await blobOf(configPath)
    const manifest = {
      schemaVersion: 2,
      mediaType: MANIFEST_TYPE,
      config: descriptorOf(config, CONFIG_TYPE),
      layers: layers.map((layer) => descriptorOf(layer, LAYER_TYPE)),
    }
    await writeImageArchive(archive, {
      reference: image.reference,
      architecture: image.architecture,
      manifest: { bytes: Buffer.from(JSON.stringify(manifest)), mediaType: MANIFEST_TYPE },
      blobs: [config, ...layers],
    })
  } finally {
    rmSync(configPath)
  }
}

/**
 * Writes a layer of files (path in the image → file here, on the layer's file system) that everybody may run, and of a
 * /tmp. The files here become executable as well.
 */
export async function writeLayer(files: Readonly<Record<string, string>>, layer: string): Promise<void> {
  const folder = mkdtempSync(join(dirname(layer), '.layer-'))
  try {
    for (const [path, file] of Object.entries(files)) {
      mkdirSync(join(folder, dirname(path)), { recursive: true })
      linkSync(file, join(folder, path))
    }
    mkdirSync(join(folder, 'tmp'))
    await run('chmod', ['-R', '0755', folder])
    await run('chmod', ['1777', join(folder, 'tmp')])
    await writeTar(folder, layer)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Packs a folder as a layer; the same names, contents and modes make the same bytes. */
export async function writeTar(folder: string, layer: string): Promise<void> {
  const owner = ['--numeric-owner', '--owner=0', '--group=0']
  await run('tar', ['--format=gnu', '--sort=name', '--mtime=@0', ...owner, '-C', folder, '-cf', layer, '.'])
}

function configOf({ entrypoint, architecture }: Image, layers: readonly Blob[]): object {
  return {
    architecture,
    os: 'linux',
    created: new Date(0).toISOString(),
    config: {
      Entrypoint: entrypoint,
      Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
      WorkingDir: '/',
    },
    rootfs: { type: 'layers', diff_ids: layers.map(({ sha256 }) => `sha256:${sha256}`) },
  }
}

async function blobOf(path: string): Promise<Blob> {
  return { path, sha256: await digestOf(path), size: statSync(path).size }
}

function descriptorOf({ sha256, size }: Blob, mediaType: string): object {
  return { mediaType, digest: `sha256:${sha256}`, size }
}
