// @ts-check
// npm run build: dist/ from lib/ and roles/. esbuild makes a few files of some three hundred (the libraries that every
// run needs included), because looking for and reading modules is most of what a start costs; tsc makes the types.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
// Heavy and rarely used (certificates), or with native parts, or the program that starts us.
const external = ['@peculiar/x509', 'age-encryption', 'reflect-metadata', 'ssh2', 'zx']
// Its CommonJS form has no named exports once it is bundled.
const alias = { yaml: join(packageFolder('yaml'), 'browser', 'index.js') }

const compiler = join(packageFolder('typescript'), 'bin', 'tsc')
const types = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
})
process.exitCode = types.status ?? 1

const roleFolders = readdirSync(join(root, 'roles')).filter((name) =>
  existsSync(join(root, 'roles', name, 'index.ts')),
)
const inputs = [
  ...(await bundle(
    'lib',
    [
      'lib/index.ts',
      'lib/inventory-command.ts',
      'lib/lab/index.ts',
      'lib/bundle/index.ts',
      'lib/vault/index.ts',
    ],
    [onlyEnglish()],
  )),
  ...(await bundle(
    'roles',
    ['roles/index.ts', ...roleFolders.map((name) => `roles/${name}/index.ts`)],
    [libFromOutside()],
  )),
]
writeFileSync(join(root, 'dist', 'THIRD-PARTY-LICENSES.txt'), licenses(inputs))

/**
 * The files that went in.
 *
 * @param {string} folder Everything lands in it: a line of lib/ is told from one of a role by its folder.
 * @param {string[]} entryPoints
 * @param {import('esbuild').Plugin[]} plugins
 */
async function bundle(folder, entryPoints, plugins) {
  const { metafile, outputFiles } = await build({
    ...{ absWorkingDir: root, entryPoints, outbase: '.', outdir: 'dist', plugins, external, alias },
    ...{ bundle: true, splitting: true, format: 'esm', platform: 'node', target: 'node20' },
    ...{ sourcemap: true, sourcesContent: false, minifyWhitespace: true, minifySyntax: true },
    ...{ chunkNames: `${folder}/chunks/[name]-[hash]`, metafile: true, write: false, logLevel: 'warning' },
  })
  replaceFiles(join(root, 'dist', folder), outputFiles)
  return Object.keys(metafile.inputs)
}

/**
 * Writes what has changed, each file whole, then removes what is no longer there: a playbook that runs during a build
 * of the same sources notices nothing.
 *
 * @param {string} folder
 * @param {import('esbuild').OutputFile[]} files
 */
function replaceFiles(folder, files) {
  for (const { path, contents } of files) {
    if (existsSync(path) && readFileSync(path).equals(contents)) continue
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(`${path}.${process.pid}`, contents)
    renameSync(`${path}.${process.pid}`, path)
  }
  const made = new Set(files.map(({ path }) => path))
  const present = readdirSync(folder, { recursive: true }).map((name) => join(folder, String(name)))
  for (const path of present) if (/\.js(\.map)?$/.test(path) && !made.has(path)) rmSync(path, { force: true })
}

/** zod's messages in fifty languages are half of it; who wants another one imports it: `zod/locales`. */
function onlyEnglish() {
  return {
    name: 'only-english',
    setup(/** @type {import('esbuild').PluginBuild} */ { onLoad }) {
      onLoad({ filter: /\/zod\/v4\/locales\/index\.js$/ }, ({ path }) => ({
        contents: "export { default as en } from './en.js'",
        resolveDir: dirname(path),
      }))
    },
  }
}

/** Roles import lib as everybody else does: there must be one of it. */
function libFromOutside() {
  return {
    name: 'lib-from-outside',
    setup(/** @type {import('esbuild').PluginBuild} */ { onResolve }) {
      onResolve({ filter: /^\.\.?\/.*\/?lib\/index\.ts$/ }, () => ({ path: 'quorate', external: true }))
    },
  }
}

/** @param {string[]} files */
function licenses(files) {
  const folders = files.flatMap((file) => /^node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? [])
  return [...new Set(folders)]
    .sort()
    .map((folder) => {
      const { name, version } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'))
      const file = readdirSync(join(root, folder)).find((entry) => /^licen[cs]e/i.test(entry))
      return `${name} ${version}\n\n${file === undefined ? '' : readFileSync(join(root, folder, file), 'utf8')}`
    })
    .join('\n\n')
}

/** @param {string} name */
function packageFolder(name) {
  return dirname(createRequire(import.meta.url).resolve(`${name}/package.json`))
}
