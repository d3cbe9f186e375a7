// @ts-check
// npm run inventory -- --list|--host NAME|--graph|--mermaid|--dot [-i SOURCE]: what an inventory means
import { existsSync } from 'node:fs'

if (!existsSync(new URL('../dist/lib/inventory-command.js', import.meta.url))) {
  console.error('Quorate is not built yet. Run: npm ci')
  process.exit(1)
}

const { inventoryCommand } = await import('../dist/lib/inventory-command.js')
await inventoryCommand(process.argv.slice(2))
