import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'

// What a start costs is mostly the modules that it reads. They are counted, since seconds say nothing on a busy machine.
const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'quorate-start-'))
const inventory = join(root, 'inventory', 'hosts.ini')

test.after(() => rmSync(folder, { recursive: true, force: true }))

test('--help reads neither a role nor a library', () => {
  const modules = modulesOf('playbooks/ha-cluster.mjs', '--help')
  assert.deepEqual(modules.filter(isLibrary), [])
  assert.deepEqual(rolesOf(modules), ['roles', 'roles/cluster'])
  assertSmall(modules, { files: 16, kilobytes: 620 })
})

test('--list-hosts reads the roles of its plays only', () => {
  const modules = modulesOf('playbooks/ha-cluster.mjs', '--list-hosts', '-i', inventory)
  assert.deepEqual(modules.filter(isLibrary), [])
  const expected = ['roles', 'roles/cluster', 'roles/etcd', 'roles/haproxy', 'roles/keepalived']
  assert.deepEqual(rolesOf(modules), expected)
  assertSmall(modules, { files: 26, kilobytes: 850 })
})

test('what --list-hosts reads was compiled by the build', () => {
  const modules = modulesOf('playbooks/ha-cluster.mjs', '--list-hosts', '-i', inventory)
  const bundled = modules.filter((path) => /^dist\/.*-[\w-]{8}\.cjs$/.test(path))
  assert.ok(bundled.length > 10, bundled.join('\n'))
  const { isCompiled } = createRequire(import.meta.url)('../../dist/lib/load.cjs')
  assert.deepEqual(
    bundled.filter((path) => !isCompiled(join(root, path))),
    [],
  )
})

test('a run on this machine reads no ssh, no YAML and no tree', () => {
  const playbook = join(folder, 'empty.mjs')
  writeFileSync(join(folder, 'hosts.ini'), '[all]\nhere ansible_connection=local\n')
  writeFileSync(
    playbook,
    `import { playbook, play, defineRole, z } from '${join(root, 'dist/lib/index.js')}'
const nothing = defineRole({ name: 'nothing', summary: '', vars: z.object({}), async converge() {} })
export default await playbook('Empty', { plays: ({ group }) => [play('p', group('all'), [nothing()])] })\n`,
  )
  const modules = modulesOf(playbook, '-i', join(folder, 'hosts.ini'))
  assert.deepEqual(modules.filter(isLibrary), [])
  assertSmall(modules, { files: 18, kilobytes: 680 })
})

/** Files that a playbook's start reads, from the package's folder on; zx itself left out. */
function modulesOf(playbook: string, ...args: string[]): string[] {
  const list = join(folder, 'modules')
  rmSync(list, { force: true })
  const hook = join(root, 'test', 'helpers', 'list-modules.mjs')
  const command = ['--import', hook, 'node_modules/.bin/zx', playbook, ...args]
  const env = { ...process.env, MODULE_LIST: list, NODE_OPTIONS: '' }
  const { status, stdout, stderr } = spawnSync(process.execPath, command, {
    cwd: root,
    env,
    encoding: 'utf8',
  })
  assert.equal(status, 0, stdout + stderr)
  const paths = new Set(readFileSync(list, 'utf8').trim().split('\n'))
  return [...paths]
    .filter((path) => !/\/node_modules\/(\.bin\/)?zx/.test(path))
    .map((path) => path.replace(root, ''))
}

function isLibrary(path: string): boolean {
  return path.includes('node_modules/')
}

function rolesOf(modules: readonly string[]): string[] {
  return modules.flatMap((path) => /^dist\/(roles.*)\/index-[\w-]+\.cjs$/.exec(path)?.[1] ?? []).sort()
}

function assertSmall(modules: readonly string[], most: { files: number; kilobytes: number }): void {
  assert.ok(modules.length <= most.files, `${modules.length} modules:\n${modules.join('\n')}`)
  const bytes = modules.map((path) => statSync(join(path.startsWith('/') ? '' : root, path)).size)
  const kilobytes = bytes.reduce((sum, size) => sum + size, 0) / 1000
  assert.ok(kilobytes <= most.kilobytes, `${kilobytes} kB in\n${modules.join('\n')}`)
}

test.run()
