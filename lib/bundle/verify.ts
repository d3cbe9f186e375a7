import { digestOf } from '../fetch/cache.ts'
import { mapLimit } from './limit.ts'
import type { Bundle, BundleFile } from './read.ts'

/** A file of a bundle that is not what the manifest says. */
export interface Mismatch {
  readonly item: BundleFile
  /** Hex sha256 of what is there. */
  readonly found: string
}

/** Hashes every file of a bundle. Empty where all are what the manifest says. */
export async function verifyBundle({ items }: Bundle): Promise<readonly Mismatch[]> {
  const found = await mapLimit(items, 2, async (item) => ({ item, found: await digestOf(item.path) }))
  return found.filter(({ item, found }) => item.sha256 !== found)
}

/** `…/bin/kubelet: sha256 is X, the manifest says Y`. */
export function formatMismatch({ item, found }: Mismatch): string {
  return `${item.path}: sha256 is ${found}, the manifest says ${item.sha256}`
}
