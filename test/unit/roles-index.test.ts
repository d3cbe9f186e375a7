import { existsSync, readdirSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { AppliedRole } from '../../lib/index.ts'
import * as roles from '../../roles/index.ts'

// cluster is what a playbook needs beside the roles.
const folders = readdirSync(new URL('../../roles', import.meta.url)).filter(
  (name) => name !== 'cluster' && existsSync(new URL(`../../roles/${name}/index.ts`, import.meta.url)),
)
const functions = Object.entries(roles) as [string, () => AppliedRole][]
const lazy = functions.filter(([name]) => name !== 'kubeVipStart')

for (const [name, role] of lazy) {
  test(`${name} is read when it is loaded, and is what its folder exports`, async () => {
    const applied = role()
    assert.throws(() => applied.definition, 'not loaded yet')
    await applied.load?.()
    const folder = `../../roles/${applied.definition.name}/index.ts`
    assert.is(applied.definition, (await import(folder))[name].definition)
  })
}

test('every role folder is there', async () => {
  for (const [, role] of lazy) await role().load?.()
  assert.equal([...new Set(lazy.map(([, role]) => role().definition.name))].sort(), folders.sort())
})

test('a lazy role knows the line that it was called on', () => {
  assert.match(roles.etcd().place?.file ?? '', 'roles-index.test.ts')
})

test.run()
