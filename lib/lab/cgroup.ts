import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/**
 * Creates a cgroup in every hierarchy of this machine (one on cgroup2, about ten on cgroup v1) and returns their
 * folders. A host's processes are found by its cgroup, which cannot name a stranger as a recycled pid can.
 */
export function createCgroups(name: string): string[] {
  const folders = cgroupFolders(name)
  for (const folder of folders) {
    mkdirSync(folder, { recursive: true })
    for (const file of ['cpuset.cpus', 'cpuset.mems']) inheritCpuset(folder, file)
  }
  return folders
}

/** The processes in a cgroup and in those below it. */
export function cgroupProcesses(name: string): number[] {
  const files = cgroupFolders(name)
    .flatMap(descendants)
    .map((folder) => join(folder, 'cgroup.procs'))
  const pids = files.flatMap((file) => readLines(file).map(Number))
  return [...new Set(pids)].filter((pid) => pid > 0)
}

/** Removes a cgroup and those below it; false while a process that is just ending holds one. */
export function removeCgroups(name: string): boolean {
  const folders = cgroupFolders(name).flatMap(descendants).reverse()
  return folders.map(remove).every(Boolean)
}

function cgroupFolders(name: string): string[] {
  const mounts = readLines('/proc/mounts').map((line) => line.split(' '))
  const hierarchies = mounts.filter(
    ([, path = '', type = '', options = '']) =>
      path.startsWith('/sys/fs/cgroup') && /^cgroup2?$/.test(type) && options.split(',').includes('rw'),
  )
  return [...new Set(hierarchies.map(([, path = '']) => join(path, name)))]
}

/** A new cpuset of cgroup v1 is empty, and refuses processes until it is filled. */
function inheritCpuset(folder: string, file: string): void {
  const isVersion1 = !existsSync(join(folder, 'cgroup.controllers')) && existsSync(join(folder, file))
  if (isVersion1) writeFileSync(join(folder, file), readFileSync(join(dirname(folder), file)))
}

/** A folder and all below it, parents first. */
function descendants(folder: string): string[] {
  if (!existsSync(folder)) return []
  try {
    const children = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory())
    return [folder, ...children.flatMap((child) => descendants(join(folder, child.name)))]
  } catch {
    return [folder] // gone while we looked
  }
}

function remove(folder: string): boolean {
  try {
    rmdirSync(folder)
    return true
  } catch {
    return !existsSync(folder)
  }
}

function readLines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n').filter(Boolean)
  } catch {
    return [] // gone while we looked
  }
}
