// Builds dist/ after `npm ci` and after an install from a git tag.
// Without the compilers (npm ci --omit=dev) there is nothing to build with: say so instead of failing obscurely.
import { createRequire } from 'node:module'

const { resolve } = createRequire(import.meta.url)

function isInstalled(name) {
  try {
    return Boolean(resolve(`${name}/package.json`))
  } catch {
    return false
  }
}

if (['typescript', 'rolldown'].every(isInstalled)) await import('./build.mjs')
else {
  console.error(
    'quorate: dist/ was not built, because TypeScript and rolldown are not installed (dev dependencies were omitted).',
  )
}
