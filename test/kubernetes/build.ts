import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { Architecture } from '../../lib/bundle/index.ts'
import { QuorateError } from '../../lib/errors.ts'
import { withLock } from '../../lib/lab/lock.ts'
import { assemble } from './assemble.ts'
import { buildCommand, buildProgram, sourceOf } from './build-program.ts'
import { DEBIAN_LAYER_RECIPE, writeDebianLayer } from './debian-layer.ts'
import { DEFAULT_KUBERNETES, KUBERNETES_RELEASES, type Program, type Recipe, recipeFor } from './recipe.ts'

const CACHE = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'quorate', 'test-bundle')
/** What is built once and kept, so that an interrupted build goes on where it was. */
const PARTS = join(CACHE, 'parts')
/** Raised when images or the manifest are written in another way. */
const FORMAT = 2
const ARCHITECTURE: Architecture = process.arch === 'arm64' ? 'arm64' : 'amd64'

type Log = (line: string) => void

/**
 * The path of a bundle built from source for tests. The first time this takes 10 to 25 minutes; afterwards nothing,
 * until its recipe changes. Needs root, Go, gcc and mmdebstrap.
 *
 * @throws QuorateError for a release that is not known, and when a program does not build.
 */
export async function ensureTestBundle(log: Log, kubernetes: string = DEFAULT_KUBERNETES): Promise<string> {
  const recipe = recipeFor(kubernetes)
  if (recipe === undefined) {
    const hint = `Known: ${KUBERNETES_RELEASES.join(', ')}`
    throw new QuorateError(`there is no recipe for a test bundle of Kubernetes '${kubernetes}'`, { hint })
  }
  const bundle = join(CACHE, kubernetes)
  const programs = recipe.programs.map(hashOfProgram)
  const hash = hashOf([FORMAT, ARCHITECTURE, recipe, DEBIAN_LAYER_RECIPE, programs])
  if (isBuiltFrom(hash, bundle)) return bundle
  log(`building a test bundle of Kubernetes ${kubernetes} in ${CACHE} (10 to 25 minutes the first time)`)
  await withLock('test-bundle', async () => {
    if (!isBuiltFrom(hash, bundle)) await build(recipe, hash, bundle, log)
  })
  return bundle
}

/** A bundle names the recipe that it was made by. */
function isBuiltFrom(hash: string, bundle: string): boolean {
  const file = join(bundle, 'recipe')
  return existsSync(file) && readFileSync(file, 'utf8') === hash
}

async function build(recipe: Recipe, hash: string, bundle: string, log: Log): Promise<void> {
  mkdirSync(PARTS, { recursive: true })
  for (const folder of [CACHE, PARTS]) removeUnfinished(folder)
  const programs = new Map<string, string>()
  for (const [index, program] of recipe.programs.entries()) {
    programs.set(program.name, await ensureProgram(program, `${index + 1}/${recipe.programs.length}`, log))
  }
  const debian = await ensurePart(`debian-${hashOf(DEBIAN_LAYER_RECIPE)}.tar`, writeDebianLayer)
  const folder = join(CACHE, `.${recipe.kubernetes}`)
  const { items } = await assemble(recipe, { architecture: ARCHITECTURE, programs, debian }, folder)
  writeFileSync(join(folder, 'recipe'), hash)
  replaceFolder(bundle, folder)
  log(`${items.length} items, ${megabytes(items.reduce((sum, { size }) => sum + size, 0))}`)
}

async function ensureProgram(program: Program, progress: string, log: Log): Promise<string> {
  const title = `${progress} ${program.name} ${program.version}`
  return await ensurePart(`${program.name}-${hashOfProgram(program)}`, async (unfinished) => {
    log(title)
    const start = performance.now()
    await buildProgram(program, unfinished)
    const seconds = Math.round((performance.now() - start) / 1000)
    log(`${title}: ${seconds} s, ${megabytes(statSync(unfinished).size)}`)
  })
}

/** The path of a part, made unless it is there. */
async function ensurePart(name: string, make: (path: string) => Promise<void>): Promise<string> {
  const part = join(PARTS, name)
  if (existsSync(part)) return part
  const unfinished = join(PARTS, `.${name}`)
  await make(unfinished)
  renameSync(unfinished, part)
  return part
}

/** Of all that makes a program what it is, but for the compiler. */
function hashOfProgram(program: Program): string {
  const source = sourceOf(program)
  const names = statSync(source).isDirectory() ? readdirSync(source).sort() : ['']
  const contents = names.map((name) => [name, readFileSync(join(source, name), 'utf8')])
  const command = buildCommand(program, 'OUTPUT').filter((argument) => argument !== source)
  return hashOf([ARCHITECTURE, command, contents])
}

function hashOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 12)
}

/** Whoever made these is gone: we hold the lock. */
function removeUnfinished(folder: string): void {
  for (const name of readdirSync(folder).filter((name) => name.startsWith('.'))) {
    rmSync(join(folder, name), { recursive: true, force: true })
  }
}

function replaceFolder(folder: string, replacement: string): void {
  const old = `${replacement}-old`
  if (existsSync(folder)) renameSync(folder, old)
  renameSync(replacement, folder)
  rmSync(old, { recursive: true, force: true })
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { kubernetes: { type: 'string', default: DEFAULT_KUBERNETES } } })
  console.log(await ensureTestBundle((line) => console.error(line), values.kubernetes))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await main().catch((error: unknown) => {
    if (!(error instanceof QuorateError)) throw error
    console.error([error.message, error.hint].filter(Boolean).join('\n'))
    process.exitCode = 1
  })
}
