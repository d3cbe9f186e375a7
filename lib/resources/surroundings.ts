import { posix } from 'node:path'
import type { Observed } from '../engine/resource.ts'
import { QuorateError } from '../errors.ts'
import type { Facts, Mount } from '../transport/connection.ts'
import { type PathState, pathProbe } from './probes/path.ts'

// Room for the directory entry, and for the rest of the host to go on living.
const SPARE_KB = 64

/** @throws QuorateError where the directory that is to hold `path` is missing or no directory. */
export function requireParent(observed: Observed, path: string): void {
  const parent = posix.dirname(path)
  const { type, target, targetType = 'directory' } = observed.get(pathProbe, parent)
  if (type === 'absent') {
    throw new QuorateError(`the directory ${parent} does not exist`, {
      hint: `put directory('${parent}') before it`,
    })
  }
  if (type === 'symlink' && targetType !== 'directory') {
    throw new QuorateError(
      `${parent} is a symlink to ${target}, which is ${targetType === 'absent' ? 'missing' : 'no directory'}`,
    )
  }
  if (type === 'file' || type === 'other') throw new QuorateError(`${parent} is not a directory`)
}

/** @throws QuorateError where something else than a file stands in the way of one. */
export function requireReplaceable(path: string, { type, target }: PathState, replaceSymlink: boolean): void {
  if (type === 'directory') {
    throw new QuorateError(`${path} is a directory, not a file`, { hint: `put absent('${path}') before it` })
  }
  if (type === 'other') throw new QuorateError(`${path} is a device, socket or pipe, not a file`)
  if (type !== 'symlink' || replaceSymlink) return
  throw new QuorateError(`${path} is a symlink to ${target}`, {
    hint: 'name the file that it points to, or put absent(...) before it',
  })
}

/** @throws QuorateError where the filesystem that holds `path` has no room for `bytes` more. */
export function requireSpace(facts: Facts, path: string, bytes: number): void {
  const mount = mountOf(facts.mounts, path)
  const neededKb = Math.ceil(bytes / 1024)
  if (mount === undefined || mount.availableKb >= neededKb + SPARE_KB) return
  throw new QuorateError(
    `no space on ${mount.path}: ${mount.availableKb} kB free, file ${path} needs ${neededKb} kB and ${SPARE_KB} kB to spare`,
  )
}

/** The mounted filesystem that holds a path. */
function mountOf(mounts: readonly Mount[], path: string): Mount | undefined {
  const holding = mounts.filter((mount) => isWithin(path, mount.path))
  return holding.sort((a, b) => b.path.length - a.path.length)[0]
}

/** Whether `path` is `directory` or below it. */
export function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory === '/' ? '/' : `${directory}/`)
}
