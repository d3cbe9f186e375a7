import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
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
  assert.deepEqual(modules.filter(isRole).sort(), ['dist/roles/cluster/index.js', 'dist/roles/index.js'])
  assertSmall(modules, { files: 40, kilobytes: 700 })
})

test('--list-hosts reads the roles of its plays only', () => {
  const modules = modulesOf('playbooks/ha-cluster.mjs', '--list-hosts', '-i', inventory)
  assert.deepEqual(modules.filter(isLibrary), [])
  assert.deepEqual(modules.filter(isRole).sort(), [
    'dist/roles/cluster/index.js',
    'dist/roles/etcd/index.js',
    'dist/roles/haproxy/index.js',
    'dist/roles/index.js',
    'dist/roles/keepalived/index.js',
  ])
  assertSmall(modules, { files: 50, kilobytes: 950 })
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
  assertSmall(modules, { files: 45, kilobytes: 720 })
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

function isRole(path: string): boolean {
  return path.startsWith('dist/roles/') && path.endsWith('index.js')
}

function assertSmall(modules: readonly string[], most: { files: number; kilobytes: number }): void {
  assert.ok(modules.length <= most.files, `${modules.length} modules:\n${modules.join('\n')}`)
  const bytes = modules.map((path) => statSync(join(path.startsWith('/') ? '' : root, path)).size)
  const kilobytes = bytes.reduce((sum, size) => sum + size, 0) / 1000
  assert.ok(kilobytes <= most.kilobytes, `${kilobytes} kB in\n${modules.join('\n')}`)
}

test.run()
