import { constants, copyFileSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Architecture, BundleItem, BundleManifest } from '../../lib/bundle/index.ts'
import { digestOf } from '../../lib/fetch/cache.ts'
import { writeImage, writeLayer } from './image.ts'
import type { Recipe } from './recipe.ts'

/** What a bundle is put together from; on one file system with it. */
export interface Parts {
  readonly architecture: Architecture
  /** Name of a program → its file. */
  readonly programs: ReadonlyMap<string, string>
  /** The layer under images that call programs of Debian. */
  readonly debian: string
}

/** Puts a bundle into a folder, which is made. It shares no file with the parts: tests may damage a bundle. */
export async function assemble(recipe: Recipe, parts: Parts, folder: string): Promise<BundleManifest> {
  mkdirSync(join(folder, 'bin'), { recursive: true })
  mkdirSync(join(folder, 'images'))
  const items = [...(await addBinaries(recipe, parts, folder)), ...(await addImages(recipe, parts, folder))]
  const { architecture } = parts
  const manifest: BundleManifest = { version: 1, kubernetes: recipe.kubernetes, architecture, items }
  writeFileSync(join(folder, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`)
  return manifest
}

async function addBinaries(
  { binaries, programs }: Recipe,
  parts: Parts,
  folder: string,
): Promise<BundleItem[]> {
  const wanted = programs.filter(({ name }) => binaries.includes(name))
  return await Promise.all(
    wanted.map(async ({ name, version }): Promise<BundleItem> => {
      const file = `bin/${name}`
      copyFileSync(programOf(parts, name), join(folder, file), constants.COPYFILE_FICLONE)
      return { kind: 'binary', name, version, ...(await describe(folder, file)) }
    }),
  )
}

async function addImages({ images }: Recipe, parts: Parts, folder: string): Promise<BundleItem[]> {
  const { architecture, debian } = parts
  const items: BundleItem[] = []
  for (const { name, reference, base, programs, entrypoint } of images) {
    const contents = Object.entries(programs).map(([path, program]) => [path, programOf(parts, program)])
    const layer = join(folder, 'layer.tar')
    await writeLayer(Object.fromEntries(contents), layer)
    const layers = base === 'debian' ? [debian, layer] : [layer]
    const file = `images/${basename(name)}.tar`
    await writeImage({ reference, entrypoint, layers, architecture }, join(folder, file))
    rmSync(layer)
    const version = reference.slice(reference.lastIndexOf(':') + 1)
    items.push({ kind: 'image', name, version, reference, ...(await describe(folder, file)) })
  }
  return items
}

async function describe(
  folder: string,
  file: string,
): Promise<{ file: string; sha256: string; size: number }> {
  const path = join(folder, file)
  return { file, sha256: await digestOf(path), size: statSync(path).size }
}

function programOf({ programs }: Parts, name: string): string {
  const path = programs.get(name)
  if (path === undefined) throw new Error(`the recipe has no program ${name}`)
  return path
}
