import type { z } from 'zod'

/** `pkiDir` → `pki_dir`: keys of schemas as inventories write them. */
export function variableName(key: string, role?: string): string {
  const snake = key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
  return role === undefined ? snake : `${role.replaceAll('-', '_')}_${snake}`
}

/** The keys of an object schema; none where the schema is of another shape. */
export function keysOf(schema: z.ZodType): string[] {
  return 'shape' in schema ? Object.keys(schema.shape as object) : []
}
