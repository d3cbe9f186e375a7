// Loaded with --import: writes the path of every module that a program loads to the file that MODULE_LIST names.
import { appendFileSync } from 'node:fs'
import Module, { register } from 'node:module'

const hook = `
import { appendFileSync } from 'node:fs'
export async function load(url, context, next) {
  if (url.startsWith('file:')) appendFileSync(process.env.MODULE_LIST, new URL(url).pathname + '\\n')
  return next(url, context)
}`
register(`data:text/javascript,${encodeURIComponent(hook)}`)
process.on('exit', () => {
  const cached = /** @type {Record<string, import('node:module')>} */ (/** @type {any} */ (Module)._cache)
  const loader = Object.keys(cached).find((path) => path.endsWith('/dist/lib/load.cjs'))
  const bundled = loader === undefined ? [] : cached[loader].exports.loadedFiles()
  const required = [...Object.keys(cached), ...bundled]
  if (required.length > 0) appendFileSync(process.env.MODULE_LIST ?? '', `${required.join('\n')}\n`)
})
