// @ts-check
// npm run build: dist/ from lib/ and roles/. Some three hundred files become a few (the libraries that every run needs
// included), because looking for, reading and compiling modules is most of what a start costs; tsc makes the types.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'
import { licenses } from './build/licenses.mjs'
import { replaceFiles } from './build/replace-files.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const dist = join(root, 'dist')
const TIMEOUT_MS = 120_000
// Heavy and rarely used (certificates), or with native parts, or the program that starts us.
const external = ['@peculiar/x509', 'reflect-metadata', 'ssh2', 'zx']
// Its CommonJS form has no named exports once it is bundled.
const alias = { yaml: join(packageFolder('yaml'), 'browser', 'index.js') }

const types = node([join(packageFolder('typescript'), 'bin', 'tsc'), '-p', 'tsconfig.build.json'], 'inherit')
process.exitCode = types ?? 1

const roleFolders = readdirSync(join(root, 'roles')).filter((name) =>
  existsSync(join(root, 'roles', name, 'index.ts')),
)
const libEntries = ['index', 'inventory-command', 'lab/index', 'bundle/index', 'vault/index']
const lib = await bundle('lib', libEntries, [onlyEnglish()])
const roleEntries = ['index', ...roleFolders.map((name) => `${name}/index`)]
const roles = await bundle('roles', roleEntries, [libFromOutside(lib.entries.get('index') ?? '')])
lib.files.set('load.cjs', readFileSync(join(root, 'scripts', 'build', 'load.cjs')))
replaceFiles(join(dist, 'lib'), lib.files)
replaceFiles(join(dist, 'roles'), roles.files)
writeFileSync(join(dist, 'THIRD-PARTY-LICENSES.txt'), licenses([...lib.sources, ...roles.sources]))
if (node([join(root, 'scripts', 'build', 'warm.mjs')], 'ignore') !== 0)
  console.error('quorate: compiled code could not be kept; playbooks start a little slower')

/**
 * CommonJS, as that can be compiled ahead (see load.cjs), and for each entry a module that gives what it exports.
 *
 * @param {string} folder Everything lands in it: a line of lib/ is told from one of a role by its folder.
 * @param {string[]} entries
 * @param {import('rolldown').Plugin[]} plugins
 */
async function bundle(folder, entries, plugins) {
  const input = Object.fromEntries(entries.map((name) => [name, join(root, folder, `${name}.ts`)]))
  const options = { external, resolve: { alias }, plugins, platform: /** @type {const} */ ('node') }
  const { output } = await (
    await rolldown({ cwd: root, input, makeAbsoluteExternalsRelative: true, ...options })
  ).generate({
    ...{ dir: join(dist, folder), format: 'cjs', sourcemap: true, charset: 'ascii' },
    ...{ entryFileNames: '[name]-[hash].cjs', chunkFileNames: 'chunks/[name]-[hash].cjs' },
    // One file for what every start reads.
    codeSplitting: { groups: [{ name: 'start', test: /\/lib\/(index|cli)\.ts$/ }] },
    minify: { compress: true, mangle: false, codegen: true },
  })
  /** @type {Map<string, string | Uint8Array>} */
  const files = new Map()
  const named = new Map()
  for (const file of output) {
    files.set(file.fileName, file.type === 'chunk' ? loadable(file.code) : file.source)
    if (file.type !== 'chunk' || !file.isEntry) continue
    named.set(file.name, file.fileName)
    files.set(`${file.name}.js`, facade(folder, file.name, file))
  }
  const sources = output.flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []))
  return { files, entries: named, sources }
}

/**
 * @param {string} folder
 * @param {string} name Of the entry.
 * @param {import('rolldown').OutputChunk} chunk
 */
function facade(folder, name, { fileName, exports }) {
  const from = (/** @type {string} */ path) => posix.relative(posix.dirname(`${folder}/${name}`), path)
  const relative = (/** @type {string} */ path) => JSON.stringify(from(path).replace(/^(?!\.)/, './'))
  return `import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
const { load } = createRequire(import.meta.url)(${relative('lib/load.cjs')})
export const { ${exports.join(', ')} } = load(fileURLToPath(new URL(${relative(`${folder}/${fileName}`)}, import.meta.url)))
`
}

/**
 * Code as load.cjs wants it: in a function, on a line before it, and with its own word for import(), which code that
 * was compiled before cannot call. The word is as long, so that source maps stay right.
 *
 * @param {string} code
 */
function loadable(code) {
  const own = code
    .replace(/(?<![\w$.])import\(/g, 'Import(')
    // In tagged templates; the rest was told to be ASCII, which is read as one byte a character.
    .replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
  return `(function (exports, require, module, __filename, Import) {\n${own}\n})`
}

/** zod's messages in fifty languages are half of it; who wants another one imports it: `zod/locales`. */
function onlyEnglish() {
  return {
    name: 'only-english',
    load: {
      filter: { id: /\/zod\/v4\/locales\/index\.js$/ },
      handler: () => "export { default as en } from './en.js'",
    },
  }
}

/**
 * Roles import lib as everybody else does: there must be one of it.
 *
 * @param {string} entry
 */
function libFromOutside(entry) {
  return {
    name: 'lib-from-outside',
    resolveId: {
      filter: { id: /^\.\.?\/.*\/?lib\/index\.ts$/ },
      handler: () => ({ id: join(root, 'lib', entry), external: /** @type {const} */ (true) }),
    },
  }
}

/**
 * @param {string[]} args
 * @param {'inherit' | 'ignore'} stdio
 */
function node(args, stdio) {
  return spawnSync(process.execPath, args, { cwd: root, stdio, timeout: TIMEOUT_MS }).status
}

/** @param {string} name */
function packageFolder(name) {
  return dirname(createRequire(import.meta.url).resolve(`${name}/package.json`))
}
