import { existsSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { type Problem, UsageError } from '../errors.ts'
import type { LocalFile } from '../fetch/cache.ts'
import { digestOf } from '../fetch/cache.ts'
import { assembleBundle, type BuildOptions } from './build.ts'
import { fileName, publishedDigest } from './checksums.ts'
import { archiveReferences } from './image-names.ts'
import { mapLimit } from './limit.ts'
import { imageFile, placeCopy, placeFile } from './place.ts'
import type { Bundle } from './read.ts'
import { resolveSources, type Source } from './resolve.ts'

/** List of `DIGEST  NAME` lines in a directory that the user brings. */
export const CHECKSUMS = 'SHA256SUMS'

export interface CollectOptions extends Omit<BuildOptions, 'mirrors' | 'attempts' | 'delay' | 'concurrency'> {
  /** Directory with files under their official names, and their checksums. */
  readonly from: string
}

/**
 * Makes a bundle from files that the user brings: releases under the names of their downloads, images as archives
 * (`kube-apiserver.tar`), each named in SHA256SUMS or beside it (`kubeadm.sha256`). What distributions package
 * (containerd, runc, the CNI plugins) may be left out.
 *
 * @throws UsageError with all that is missing, unlisted or different, before anything is written.
 */
export async function collectBundle(options: CollectOptions): Promise<Bundle> {
  const { from, kubernetes, architecture } = options
  const sources = resolveSources(kubernetes, architecture)
  const list = await readFile(join(from, CHECKSUMS), 'utf8').catch(() => '')
  const checked = await mapLimit(sources, 2, (source) => check(source, from, list))
  const problems = checked.flatMap(({ problem }) => (problem === undefined ? [] : [problem]))
  if (problems.length > 0) throw new UsageError(problems)
  const files = new Map(
    checked.flatMap(({ source, file }) => (file === undefined ? [] : [[source.name + source.kind, file]])),
  )
  return assembleBundle(options, async (source, directory) => {
    const local = files.get(source.name + source.kind)
    if (local === undefined) return []
    if (source.kind !== 'image') return placeFile(source, local, directory)
    return [await placeCopy({ ...source, file: imageFile(source) }, local, directory)]
  })
}

interface Checked {
  readonly source: Source
  readonly file?: LocalFile
  readonly problem?: Problem
}

async function check(source: Source, directory: string, list: string): Promise<Checked> {
  const name = broughtName(source)
  const path = join(directory, name)
  const problem = (message: string, hint?: string): Checked => ({
    source,
    problem:
      hint === undefined ? { message: `${path}: ${message}` } : { message: `${path}: ${message}`, hint },
  })
  if (!existsSync(path)) {
    if (source.kind !== 'image' && source.optional === true) return { source }
    return problem('is missing', `from ${source.kind === 'image' ? source.reference : source.url}`)
  }
  const sha256 = publishedDigest(list, name) ?? (await digestBeside(source, directory))
  if (sha256 === undefined) {
    return problem('its sha256 is not known', `name it in ${CHECKSUMS}, or put ${name}.sha256 beside it`)
  }
  const found = await digestOf(path)
  if (found !== sha256) return problem(`has the sha256 ${found}, expected ${sha256}`)
  if (source.kind === 'image') {
    const names = await archiveReferences(path)
    if (!names.includes(source.reference)) {
      return problem(
        `holds ${names.join(', ') || 'no named image'}, not ${source.reference}`,
        'tag the image with that name before it is saved',
      )
    }
  }
  return { source, file: { path, sha256, size: statSync(path).size } }
}

function broughtName(source: Source): string {
  return source.kind === 'image' ? basename(imageFile(source)) : fileName(source.url)
}

/** The digest that the project publishes, where its file was brought along under its own name. */
async function digestBeside(source: Source, directory: string): Promise<string | undefined> {
  const name = broughtName(source)
  const beside = source.kind === 'image' ? `${name}.sha256` : fileName(source.checksum)
  const text = await readFile(join(directory, beside), 'utf8').catch(() => '')
  return publishedDigest(text, name)
}
