// @ts-check
// Becomes dist/lib/load.cjs: loads the bundled files beside it. Their compiled code is kept by the build
// (warm.mjs), since compiling is most of what a start costs; another Node than the build's compiles anew.
const { createHash } = require('node:crypto')
const { existsSync, readFileSync, renameSync, writeFileSync } = require('node:fs')
const { dirname, join } = require('node:path')
const { Script } = require('node:vm')

/** @typedef {{ exports: Record<string, unknown>, script: Script | undefined }} Loaded */
/** @type {Map<string, Loaded>} */
const modules = new Map()
// What was compiled names its files in stacks as they were: it serves no copy of the package elsewhere.
const PLACE = createHash('sha256').update(__dirname).digest('hex').slice(0, 8)
const SUFFIX = `.${process.version}-${process.arch}-${PLACE}.cache`

module.exports = { load, loadedFiles: () => [...modules.keys()], keepCompiled, isCompiled: compiledBefore }

/**
 * @param {string} file Has a hash of what it holds in its name: what was compiled for it can be of no other content.
 * @returns {Record<string, unknown>} What it exports.
 */
function load(file) {
  const known = modules.get(file)
  if (known !== undefined) return known.exports
  /** @type {Loaded} */
  const module = { exports: {}, script: undefined }
  modules.set(file, module)
  module.script = compile(file)
  const folder = dirname(file)
  const requireFrom = (/** @type {string} */ id) =>
    id.startsWith('.') ? load(join(folder, id)) : require(id)
  module.script.runInThisContext()(module.exports, requireFrom, module, file, Import)
  return module.exports
}

/** @param {string} specifier */
function Import(specifier) {
  return import(specifier)
}

/** @param {string} file */
function compile(file) {
  const cachedData = compiledBefore(file)
  return new Script(readFileSync(file, 'latin1'), {
    filename: file,
    // The function around it, which the build has put there (see build.mjs).
    lineOffset: -1,
    ...(cachedData && { cachedData }),
  })
}

/** @param {string} file */
function compiledBefore(file) {
  try {
    return readFileSync(`${file}${SUFFIX}`)
  } catch {
    return undefined
  }
}

/** Writes what has been compiled until now, for the next start; what was kept before stays. */
function keepCompiled() {
  for (const [file, { script }] of modules) {
    const path = `${file}${SUFFIX}`
    if (existsSync(path)) continue
    writeFileSync(`${path}.${process.pid}`, /** @type {Script} */ (script).createCachedData())
    renameSync(`${path}.${process.pid}`, path)
  }
}
