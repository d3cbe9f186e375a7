// @ts-check
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/**
 * Writes what has changed, each file whole, then removes code that is no longer there, and what was compiled of it: a playbook that runs during a
 * build of the same sources notices nothing.
 *
 * @param {string} folder
 * @param {ReadonlyMap<string, string | Uint8Array>} files By their paths within it.
 */
export function replaceFiles(folder, files) {
  const made = new Set([...files.keys()].map((name) => join(folder, name)))
  for (const [name, text] of files) {
    const path = join(folder, name)
    const contents = Buffer.from(text)
    if (existsSync(path) && readFileSync(path).equals(contents)) continue
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(`${path}.${process.pid}`, contents)
    renameSync(`${path}.${process.pid}`, path)
  }
  const present = readdirSync(folder, { recursive: true }).map((name) => join(folder, String(name)))
  for (const path of present) {
    const code = /^(.*?\.c?js)(\.map)?$/.exec(path)?.[1]
    const isOld = code === undefined ? path.endsWith('.cache') : !made.has(code)
    if (isOld) rmSync(path, { force: true })
  }
}
