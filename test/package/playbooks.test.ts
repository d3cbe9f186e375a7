// The small playbooks that come with the package, on this machine.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { parse } from 'yaml'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'quorate-playbooks-'))
const inventory = join(folder, 'hosts.ini')
const test = suite('playbooks')

test.before(() => writeFileSync(inventory, 'here ansible_connection=local\nthere ansible_host=127.1.0.12\n'))
test.after(() => rmSync(folder, { recursive: true, force: true }))

test('facts.mjs shows what a host is', () => {
  const { status, stdout, stderr } = run('facts.mjs', 'here')
  assert.is(status, 0, stderr)
  const facts = parse(stdout) as Record<string, { architecture: string; cpus: number }>
  assert.equal(Object.keys(facts), ['here'])
  assert.match(facts.here?.architecture ?? '', /^(x86_64|aarch64)$/)
})

test('role.mjs runs one role, whose variables come from the inventory', () => {
  const { status, stdout, stderr } = run('role.mjs', 'containerd', 'there', '--list-tasks')
  assert.is(status, 0, stderr)
  assert.match(stdout, /^play containerd \(1 host\)\n {2}containerd {2}/)
  const missing = run('role.mjs', 'haproxy')
  assert.is(missing.status, 2)
  assert.match(missing.stderr, /role haproxy: backends is missing\n {4}set haproxy_backends in group_vars/)
})

test('an unknown role is told with a suggestion, and a missing one with what is taken', () => {
  assert.match(run('role.mjs', 'keepalifed').stderr, /no role keepalifed\n {4}did you mean keepalived\?/)
  assert.match(run('role.mjs').stderr, /ROLE is missing: this playbook takes ROLE \[PATTERN\]/)
})

test('--list-tags names what chooses each role, and --step wants a terminal', () => {
  assert.is(run('role.mjs', 'base', '--list-tags').stdout, 'play base (2 hosts)\n  base: base\n')
  const { status, stderr } = run('role.mjs', 'base', '--step')
  assert.is(status, 2)
  assert.match(stderr, /--step asks before each role, but there is no terminal/)
})

test('tags that leave nothing to run are worth a warning', () => {
  const { status, stderr } = run('role.mjs', 'base', '--skip-tags', 'base')
  assert.is(status, 0, stderr)
  assert.match(stderr, /^warning: nothing is left to run/m)
})

function run(playbook: string, ...args: readonly string[]) {
  return spawnSync('node_modules/.bin/zx', [`playbooks/${playbook}`, ...args, '-i', inventory], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1', XDG_STATE_HOME: folder },
  })
}

test.run()
