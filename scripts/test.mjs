// npm test: the unit, inventory and package suites, then the suites that need lab hosts, one process each; ends with the sum of what they counted.
//   npm test -- PATTERN             only the files whose path contains PATTERN
//   npm test -- --all               whole Kubernetes clusters too, as CI does
//   npm test -- --long PATTERN      test/lab/long too: a hundred faults instead of a dozen
//   npm run test:cluster            only these: test/cluster, with a bundle that is built from source the first time
//   npm run test:cluster -- --long  and test/cluster/long
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const flags = process.argv.slice(2).filter((argument) => argument.startsWith('--'))
const pattern = process.argv.slice(2).find((argument) => !argument.startsWith('--')) ?? ''
const unknown = flags.filter((flag) => !['--all', '--cluster', '--long'].includes(flag))
if (unknown.length > 0) {
  console.error(`unknown: ${unknown.join(', ')}; there are --all, --cluster and --long`)
  process.exit(2)
}
const isCluster = flags.includes('--cluster')
const plain = isCluster ? [] : ['unit', 'inventory', 'package']
const onHosts = isCluster ? [] : ['lab', ...(flags.includes('--long') ? ['lab/long'] : [])]
const withClusters = isCluster || flags.includes('--all')
const onClusters = [
  ...(withClusters ? ['cluster'] : []),
  ...(withClusters && flags.includes('--long') ? ['cluster/long'] : []),
]

if (!existsSync(join(root, 'node_modules', 'uvu'))) await run('npm', ['ci'])
// Suites that start playbooks use dist/: it must not be that of yesterday.
const built = await run('npm', ['run', '--silent', 'build'])
if (built.code !== 0) process.exit(1)
const { missingTools } = await import('../dist/lib/lab/index.js')

const total = { passed: 0, failed: 0, skipped: 0 }
const [hostSuites, clusterSuites] = [onHosts.flatMap(testFiles), onClusters.flatMap(testFiles)]
// The bundle is built with the lowest priority, while the other suites run.
const forClusters = clusterSuites.length === 0 ? undefined : clusterObstacle()
for (const file of plain.flatMap(testFiles)) await runSuite(file)
await runUnless(labObstacle([]), hostSuites)
await runUnless(await forClusters, clusterSuites)

if (total.passed + total.failed === 0) {
  console.error(`no test matches ${pattern}`)
  total.failed += 1
}
console.log(
  `\n${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`,
)
process.exitCode = total.failed > 0 ? 1 : 0

/** @param {string} folder */
function testFiles(folder) {
  const path = join(root, 'test', folder)
  const files = readdirSync(path).filter((name) => name.endsWith('.test.ts'))
  return files
    .sort()
    .map((name) => relative(root, join(path, name)))
    .filter((name) => name.includes(pattern))
}

/**
 * @param {string | undefined} obstacle
 * @param {string[]} files
 */
async function runUnless(obstacle, files) {
  if (obstacle === undefined) for (const file of files) await runSuite(file)
  else if (files.length > 0) console.log(`\nskipped: ${files.join(', ')} (${obstacle})`)
}

/**
 * Why lab hosts cannot be had here, if they cannot.
 *
 * @param {string[]} others further programs that are needed
 */
function labObstacle(others) {
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    return 'they boot systemd-nspawn hosts, which needs Linux and root'
  const missing = [...missingTools(), ...others.filter((name) => spawnSync(name, ['--help']).error)]
  if (missing.length === 0) return undefined
  // In CI nothing that the machine can run may be skipped silently: fail instead.
  if (process.env.CI) total.failed += 1
  return `missing: ${missing.join(', ')}; install them with apt-get install ${missing.join(' ')}`
}

/** Why whole clusters cannot be had here, if they cannot: they are made from a bundle that is built once. */
async function clusterObstacle() {
  const obstacle = labObstacle(['go', 'gcc'])
  if (obstacle !== undefined) return obstacle
  const { code } = await run(process.execPath, ['--import', 'tsx', 'test/kubernetes/build.ts'])
  if (code === 0) return undefined
  total.failed += 1
  return 'the test bundle could not be built'
}

/** @param {string} file */
async function runSuite(file) {
  console.log(`\n${file}`)
  const { output, code } = await run(process.execPath, ['--import', 'tsx', file], { NO_COLOR: '1' })
  const counted =
    /Total:\s+(\d+)\s+Passed:\s+(\d+)\s+Skipped:\s+(\d+)/.exec(output)?.slice(1).map(Number) ?? []
  const [all = 0, passed = 0, skipped = 0] = counted
  total.passed += passed
  total.skipped += skipped
  total.failed += Math.max(all - passed - skipped, code === 0 ? 0 : 1)
  if (all + skipped > 0) return
  console.log(`${file}: no test was counted`)
  total.failed += code === 0 ? 1 : 0
}

/**
 * @param {string} program
 * @param {string[]} args
 * @param {Record<string, string>} env
 * @returns {Promise<{ output: string, code: number | null }>}
 */
function run(program, args, env = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let output = ''
    child.stdout.on('data', (chunk) => {
      output += chunk
      process.stdout.write(chunk)
    })
    child.on('error', reject)
    child.on('close', (code) => resolve({ output, code }))
  })
}
