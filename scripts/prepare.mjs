// Builds dist/ after `npm ci` and after an install from a git tag.
// Without TypeScript (npm ci --omit=dev) there is nothing to build with: say so instead of failing obscurely.
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

function findCompiler() {
  try {
    return join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc')
  } catch {
    return undefined
  }
}

const compiler = findCompiler()
if (compiler === undefined) {
  console.error(
    'quorate: dist/ was not built, because TypeScript is not installed (dev dependencies were omitted).',
  )
} else {
  const built = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.build.json'], {
    cwd: root,
    stdio: 'inherit',
  })
  process.exitCode = built.status ?? 1
}
