// @ts-check
import { existsSync } from 'node:fs'

if (!existsSync(new URL('../dist/lib/bundle/index.js', import.meta.url))) {
  console.error('Quorate is not built yet. Run: npm ci')
  process.exit(1)
}

const {
  BUNDLE_USAGE,
  buildBundle,
  collectBundle,
  formatMismatch,
  parseBundleCommand,
  readBundle,
  verifyBundle,
} = await import('../dist/lib/bundle/index.js')

try {
  process.exitCode = await run(parseBundleCommand(process.argv.slice(2)))
} catch (error) {
  process.exitCode = report(error)
}

/** @param {import('../lib/bundle/index.ts').BundleCommand} command */
async function run(command) {
  switch (command.command) {
    case 'help':
      console.log(BUNDLE_USAGE)
      return 0
    case 'verify':
      return await verify(command.directory)
    case 'build':
      return await build(command)
  }
}

/** @param {Extract<import('../lib/bundle/index.ts').BundleCommand, { command: 'build' }>} command */
async function build({ from, ...options }) {
  const started = performance.now()
  const log = (/** @type {string} */ line) => console.error(line)
  const { directory, kubernetes, architecture, items } = await (from === undefined
    ? buildBundle({ ...options, log })
    : collectBundle({ ...options, from, log }))
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  console.log(
    `${directory}: Kubernetes ${kubernetes} for ${architecture}, ${items.length} items, ${megabytes(items)}, ${seconds} s`,
  )
  return 0
}

/** @param {string} path */
async function verify(path) {
  const bundle = await readBundle(path).catch((/** @type {Error} */ error) => {
    console.error(error.message)
  })
  if (bundle === undefined) return 1
  const mismatches = await verifyBundle(bundle)
  for (const mismatch of mismatches) console.error(formatMismatch(mismatch))
  if (mismatches.length > 0) return 1
  const { directory, kubernetes, architecture, items } = bundle
  console.log(
    `${directory}: Kubernetes ${kubernetes} for ${architecture}, ${items.length} items, ${megabytes(items)}: all as the manifest says`,
  )
  return 0
}

/** @param {readonly { size: number }[]} items */
function megabytes(items) {
  return `${Math.round(items.reduce((sum, { size }) => sum + size, 0) / 1e6)} MB`
}

/** @param {unknown} error */
function report(error) {
  if (!(error instanceof Error) || !('hint' in error)) throw error
  console.error(error.message)
  if (error.hint) console.error(`    ${error.hint}`)
  if (error.name !== 'UsageError') return 1
  console.error('\nnpm run bundle -- --help says what there is.')
  return 2
}
