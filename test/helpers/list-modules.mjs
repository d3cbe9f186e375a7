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
  const required = Object.keys(/** @type {any} */ (Module)._cache)
  if (required.length > 0) appendFileSync(process.env.MODULE_LIST ?? '', `${required.join('\n')}\n`)
})
