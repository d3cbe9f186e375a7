// @ts-check
import { existsSync } from 'node:fs'

if (!existsSync(new URL('../dist/lib/vault/index.js', import.meta.url))) {
  console.error('Quorate is not built yet. Run: npm ci')
  process.exit(1)
}

const { askSecret, parseSecretsCommand, runSecretsCommand } = await import('../dist/lib/vault/index.js')

try {
  process.stdout.write(await runSecretsCommand(parseSecretsCommand(process.argv.slice(2)), askSecret))
} catch (error) {
  if (!(error instanceof Error) || !('hint' in error)) throw error
  console.error(error.message)
  if (error.hint) console.error(`    ${error.hint}`)
  process.exitCode = error.name === 'UsageError' ? 2 : 1
}
