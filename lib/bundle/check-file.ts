import type { Stats } from 'node:fs'
import { lstat, open, realpath } from 'node:fs/promises'
import { sep } from 'node:path'
import type { Problem } from '../errors.ts'
import type { Architecture, BundleItem } from './manifest.ts'

/** What is wrong with a file of a bundle, short of reading all of it; undefined where nothing is. */
export async function fileProblem(
  item: BundleItem & { readonly path: string },
  /** The bundle's directory, without symlinks. */
  root: string,
  architecture: Architecture | undefined,
): Promise<Problem | undefined> {
  const stats = await lstat(item.path).catch(() => undefined)
  const wrong = (await misplaced(item.path, stats, root)) ?? (await unlike(item, stats, architecture))
  if (wrong === undefined) return undefined
  const message = `${item.path} (${item.kind} ${item.name}): ${wrong}`
  const truncated = stats?.isFile() && stats.size < item.size
  return truncated ? { message, hint: 'was it copied whole?' } : { message }
}

async function misplaced(path: string, stats: Stats | undefined, root: string): Promise<string | undefined> {
  if (stats === undefined) return 'the file is missing'
  if (!stats.isFile()) return 'is no regular file'
  // A directory on the way may be a symlink.
  return (await realpath(path)).startsWith(root + sep) ? undefined : `lies outside ${root}`
}

async function unlike(
  { kind, size, path }: BundleItem & { readonly path: string },
  stats: Stats | undefined,
  architecture: Architecture | undefined,
): Promise<string | undefined> {
  if (stats?.size !== size) return `has ${stats?.size} bytes, the manifest says ${size}`
  if (kind !== 'binary' || architecture === undefined) return undefined
  const built = await elfArchitecture(path)
  if (built === undefined || built === architecture) return undefined
  return `is built for ${built}, the bundle is for ${architecture}`
}

/** e_machine of an ELF header. */
const ELF_MACHINES: ReadonlyMap<number, string> = new Map([
  [0x03, '386'],
  [0x28, 'arm'],
  [0x3e, 'amd64'],
  [0xb7, 'arm64'],
  [0xf3, 'riscv64'],
])

/** What a program is built for; undefined for what is no little-endian ELF file, such as a script. */
async function elfArchitecture(path: string): Promise<string | undefined> {
  const file = await open(path)
  try {
    const header = Buffer.alloc(20)
    await file.read(header, 0, header.length, 0)
    if (header.readUInt32BE(0) !== 0x7f454c46 || header[5] !== 1) return undefined
    const machine = header.readUInt16LE(18)
    return ELF_MACHINES.get(machine) ?? `machine ${machine}`
  } finally {
    await file.close()
  }
}
