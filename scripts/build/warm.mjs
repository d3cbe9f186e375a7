// @ts-check
// Part of npm run build, in a process of its own: runs what many runs do, so that its compiled code is kept. Nothing is
// changed on this machine, and nothing is printed.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const { keepCompiled } = createRequire(import.meta.url)('../../dist/lib/load.cjs')
const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'quorate-warm-'))
const hosts = join(folder, 'hosts.ini')
process.env.XDG_STATE_HOME = folder
try {
  writeFileSync(hosts, '[all]\nhere ansible_connection=local\n')
  await start(
    join(root, 'playbooks', 'ha-cluster.mjs'),
    '--list-hosts',
    '-i',
    join(root, 'inventory/hosts.ini'),
  )
  await start(fileURLToPath(new URL('observe.mjs', import.meta.url)), '--check', '-i', hosts)
} finally {
  rmSync(folder, { recursive: true, force: true })
  process.exitCode = 0
}

/**
 * As if it were the program that was started.
 *
 * @param {string} playbook
 * @param {string[]} args
 */
async function start(playbook, ...args) {
  process.argv.splice(1, process.argv.length, playbook, ...args)
  await import(playbook)
  // At once: V8 soon forgets what it has compiled.
  keepCompiled()
}
