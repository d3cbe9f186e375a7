import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { UsageError } from '../../lib/errors.ts'
import { Deferred } from '../../lib/inventory/deferred.ts'
import { loadInventory } from '../../lib/inventory/index.ts'
import type { Inventory, InventoryHost, Value } from '../../lib/inventory/types.ts'
import { Secret } from '../../lib/secret.ts'

/** Files beside `hosts.ini`, by path: `group_vars/all.yml`. */
export type Files = Readonly<Record<string, string>>

/** Loads an inventory from a directory of its own, which is gone afterwards. */
export async function load(ini: string | Buffer, files: Files = {}): Promise<Inventory> {
  const directory = mkdtempSync(join(tmpdir(), 'quorate-inventory-'))
  try {
    writeFileSync(join(directory, 'hosts.ini'), ini)
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(directory, path)), { recursive: true })
      writeFileSync(join(directory, path), text)
    }
    return await loadInventory(join(directory, 'hosts.ini'))
  } finally {
    rmSync(directory, { recursive: true })
  }
}

/** Loads inventories from files in a directory of their own; `names` are what follows `-i` there. */
export async function loadFiles(
  files: Files,
  names: readonly string[],
  playbook?: string,
): Promise<Inventory> {
  const directory = mkdtempSync(join(tmpdir(), 'quorate-inventory-'))
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(directory, path)), { recursive: true })
      writeFileSync(join(directory, path), text, { mode: text.startsWith('#!') ? 0o755 : 0o644 })
    }
    const given = names.map((name) => (name.includes(',') ? name : join(directory, name)))
    return await loadInventory(given, {
      playbookDirectory: playbook === undefined ? undefined : join(directory, playbook),
    })
  } finally {
    rmSync(directory, { recursive: true })
  }
}

/** The problems that an inventory is refused for, as `file:line:column message`, files without their directory. */
export function problemsOf(ini: string | Buffer, files: Files = {}): Promise<string[]> {
  return problemsIn(() => load(ini, files))
}

/** The problems that a load ends with, in the form of {@link problemsOf}. */
export async function problemsIn(loading: () => Promise<Inventory>): Promise<string[]> {
  try {
    await loading()
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    return error.problems.map(({ message, place }) => withPlace(message, place))
  }
  return []
}

/** The warnings of an inventory, in the form of {@link problemsOf}. */
export async function warningsOf(ini: string, files: Files = {}): Promise<string[]> {
  return warningsIn(await load(ini, files))
}

/** An inventory's warnings, in the form of {@link problemsOf}. */
export function warningsIn({ warnings }: Inventory): string[] {
  return warnings.map(({ message, place }) => withPlace(message, place))
}

/** A host's merged variables as they are written: secrets open, templates not evaluated. */
export function valuesOf(inventory: Inventory, host: string): Record<string, Value> {
  return Object.fromEntries(
    [...hostOf(inventory, host).vars].map(([name, { value }]) => [name, written(value)]),
  )
}

function written(value: unknown): Value {
  if (value instanceof Secret) return value.reveal()
  if (value instanceof Deferred) return value.open()
  if (Array.isArray(value)) return value.map(written)
  if (typeof value !== 'object' || value === null) return value as Value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, written(item)]))
}

/** A host that must be there. */
export function hostOf(inventory: Inventory, name: string): InventoryHost {
  const host = inventory.hosts.get(name)
  if (host === undefined) throw new Error(`no host ${name}`)
  return host
}

function withPlace(
  message: string,
  place: { file: string; line: number; column?: number } | undefined,
): string {
  const text = message.replaceAll(/\S*quorate-inventory-[^/]*\//g, '')
  if (place === undefined) return text
  const file = place.file.replace(/.*quorate-inventory-[^/]*\//, '')
  return `${[file, place.line, place.column].filter((part) => part !== undefined).join(':')} ${text}`
}
