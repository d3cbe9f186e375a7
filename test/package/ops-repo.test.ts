// The package as an ops repo uses it: installed from a git tag, with a role and a playbook of its own.
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'quorate-ops-'))
const ops = join(folder, 'ops')
const test = suite('ops repo')

const ROLE = `import { defineRole, file, z } from 'quorate'

export const motd = defineRole({
  name: 'motd',
  summary: 'a message',
  vars: z.object({ path: z.string(), text: z.string() }),
  async converge({ vars, apply }) {
    if (vars.text === 'boom') throw new TypeError('boom')
    await apply(file(vars.path, { content: \`\${vars.text}\\n\` }))
  },
})
`

const PLAYBOOK = `#!/usr/bin/env zx
// @ts-check
import { play, playbook } from 'quorate'
import { motd } from '../roles/motd.mjs'

export default await playbook('Motd', {
  plays: ({ group }) => [play('motd', group('all'), [motd({ path: ${JSON.stringify(join(folder, 'motd'))} })])],
})
`

test.before(() => {
  const remote = join(folder, 'quorate')
  for (const name of git(root, 'ls-files', '--cached', '--others', '--exclude-standard').trim().split('\n')) {
    mkdirSync(dirname(join(remote, name)), { recursive: true })
    cpSync(join(root, name), join(remote, name))
  }
  git(remote, 'init', '-q')
  git(remote, 'add', '-A')
  git(remote, '-c', 'user.name=test', '-c', 'user.email=test@example.org', 'commit', '-qm', 'release')
  git(remote, 'tag', 'v9.9.9')
  write('package.json', '{ "name": "ops", "private": true, "type": "module" }')
  write('roles/motd.mjs', ROLE)
  write('playbooks/motd.mjs', PLAYBOOK)
  write('hosts.ini', '[all]\nhere ansible_connection=local motd_text=hello\n')
  execFileSync('npm', ['install', '--no-audit', '--no-fund', `git+file://${remote}#v9.9.9`], {
    cwd: ops,
    stdio: 'pipe',
  })
})

test.after(() => rmSync(folder, { recursive: true, force: true }))

test('the playbook runs, and a second run changes nothing', () => {
  const first = zx('-i', 'hosts.ini')
  assert.is(first.status, 0, first.stdout + first.stderr)
  assert.is(readFileSync(join(folder, 'motd'), 'utf8'), 'hello\n')
  assert.match(first.stdout, /motd.*create/)
  const second = zx('-i', 'hosts.ini')
  assert.is(second.status, 0)
  assert.not.match(second.stdout, 'create')
})

test('the editor checks a playbook: a wrong value of a role variable is a type error', () => {
  execFileSync('cp', [
    '-r',
    join(root, 'node_modules', 'typescript'),
    join(root, 'node_modules', '@typescript'),
    join(ops, 'node_modules'),
  ])
  write('tsconfig.json', '{ "extends": "quorate/tsconfig/ops.json", "include": ["playbooks", "roles"] }')
  assert.is(tsc().status, 0, tsc().stdout)
  write('playbooks/wrong.mjs', PLAYBOOK.replace('motd({', 'motd({ text: 5,'))
  const wrong = tsc()
  rmSync(join(ops, 'playbooks/wrong.mjs'))
  assert.match(wrong.stdout, /playbooks\/wrong\.mjs.*number.*string/s)
})

test('a fault in a role is told with its own line', () => {
  const { status, stdout } = zx('-i', 'hosts.ini', '-l', 'here', '--no-color', ...[])
  assert.is(status, 0)
  write('hosts.ini', '[all]\nhere ansible_connection=local motd_text=boom\n')
  const failed = zx('-i', 'hosts.ini')
  assert.is(failed.status, 3, stdout)
  assert.match(failed.stdout, /roles\/motd\.mjs:8/)
})

test('a wrong value is refused with the line of the inventory', () => {
  write('hosts.ini', '[all]\nhere ansible_connection=local motd_text=5\n')
  const { status, stderr } = zx('-i', 'hosts.ini')
  assert.is(status, 2)
  assert.match(stderr, /hosts\.ini:2.*motd_text = 5/)
})

function zx(...args: string[]) {
  return spawnSync('node_modules/.bin/zx', ['playbooks/motd.mjs', ...args], { cwd: ops, encoding: 'utf8' })
}

function tsc() {
  return spawnSync('node', ['node_modules/typescript/bin/tsc', '-p', '.'], { cwd: ops, encoding: 'utf8' })
}

function write(name: string, text: string): void {
  mkdirSync(dirname(join(ops, name)), { recursive: true })
  writeFileSync(join(ops, name), text)
}

function git(cwd: string, ...args: string[]): string {
  return execFileSync('git', args, { cwd, encoding: 'utf8' })
}

test.run()
