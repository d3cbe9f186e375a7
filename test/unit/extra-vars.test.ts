import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { UsageError } from '../../lib/errors.ts'
import { z } from '../../lib/index.ts'
import { readKeyValues } from '../../lib/inventory/extra-words.ts'
import { readExtraVars, withExtraVars } from '../../lib/inventory/index.ts'
import { defineRole } from '../../lib/role.ts'
import { port } from '../../lib/schemas.ts'
import { unknownVariables } from '../../lib/unknown-variables.ts'
import { resolveCluster, resolveRole } from '../../lib/variables.ts'
import { load, valuesOf } from '../helpers/inventory-files.ts'

const folder = mkdtempSync(join(tmpdir(), 'quorate-extra-'))
test.after(() => rmSync(folder, { recursive: true }))

const web = defineRole({
  name: 'web',
  summary: '',
  vars: z.object({
    port: port().default(80),
    tls: z.boolean().default(false),
    name: z.string().default('web'),
    peers: z.array(z.string()).default([]),
  }),
  async converge() {},
})

// What ansible-core 2.19's parse_kv makes of each, all as text.
for (const [text, expected] of [
  ['a=1 b=two', { a: '1', b: 'two' }],
  [`a='one two' b="x y"`, { a: 'one two', b: 'x y' }],
  ['a=b=c', { a: 'b=c' }],
  [`a='it''s'`, { a: "it''s" }],
  ['a=x\\ny', { a: 'x\ny' }],
  ['a={{ b }} c=1', { a: '{{ b }}', c: '1' }],
  [`a={{ b | default('x y') }}`, { a: `{{ b | default('x y') }}` }],
  ['a=', { a: '' }],
  ['a="q\\"r"', { a: 'q"r' }],
  ['a=b"c d"e', { a: 'b"c d"e' }],
  ['a=\\x41\\u0042', { a: 'AB' }],
  ['a=yes', { a: 'yes' }],
  ['a=""', { a: '' }],
] as const) {
  test(`-e ${JSON.stringify(text)} is read as Ansible reads it`, () => {
    assert.equal(Object.fromEntries(readKeyValues(text)), expected)
  })
}

test('words, JSON and files can be mixed, the later winning', async () => {
  const file = join(folder, 'extra.yml')
  writeFileSync(file, 'b: from file\nc: yes\n')
  const extra = await readExtraVars(['a=1 b=1', `@${file}`, '{"a": 2, "d": [1, {"e": null}]}'])
  const values = Object.fromEntries([...extra].map(([name, { value }]) => [name, value]))
  assert.equal(values, { a: 2, b: 'from file', c: true, d: [1, { e: null }] })
  assert.equal(extra.get('b')?.place, { file, line: 1, column: 1 })
  assert.equal(extra.get('a')?.place, { file: '--extra-vars', line: 3 })
})

test('all that is wrong is told at once, and no value is shown', async () => {
  const texts = ['password="hunter2', 'hunter2', '@/no/such/file', '{a: [}', './vars.yml']
  const error = await readExtraVars(texts).catch((reason: unknown) => reason)
  assert.instance(error, UsageError)
  const { message } = error as UsageError
  for (const [index, pattern] of [
    /^--extra-vars:1: a quote is not closed/m,
    /^--extra-vars:2: expected name=value/m,
    /^--extra-vars @\/no\/such\/file: the file cannot be read: ENOENT/m,
    /^--extra-vars:4: /m,
    /^--extra-vars:5: .*\n.*-e @\.\/vars\.yml/m,
  ].entries()) {
    assert.match(message, pattern, `problem ${index + 1}`)
  }
  assert.not.match(message, 'hunter2')
})

test('they win over host_vars, over the cluster and over what the playbook passes', async () => {
  const extra = await readExtraVars(['web_port=8443 web_tls=yes vip=10.0.0.9 ansible_user=me'])
  const plain = await load('[all]\nm1 web_port=1\n', {
    'host_vars/m1.yml': 'web_port: 2\n',
    'group_vars/all.yml': 'vip: 10.0.0.1\n',
  })
  const inventory = withExtraVars(plain, extra)
  const host = inventory.hosts.get('m1')
  if (host === undefined) throw new Error('no m1')
  assert.is(valuesOf(inventory, 'm1').ansible_user, 'me')
  const target = { name: 'm1', address: '', groups: [], vars: {} }
  assert.equal(resolveRole(web({ port: 3, name: 'x' }), target, host), {
    values: { port: 8443, tls: true, name: 'x', peers: [] },
    problems: [],
  })
  assert.equal(resolveCluster(z.object({ vip: z.string() }), inventory).values, { vip: '10.0.0.9' })
})

test('text becomes a number or a yes only where the schema wants one, lists are JSON', async () => {
  const extra = await readExtraVars(['web_port=many web_name=8443 web_peers=a,b'])
  const inventory = withExtraVars(await load('[all]\nm1\n'), extra)
  const host = inventory.hosts.get('m1')
  if (host === undefined) throw new Error('no m1')
  const { values, problems } = resolveRole(web(), { name: 'm1', address: '', groups: [], vars: {} }, host)
  assert.equal(values, { name: '8443' })
  assert.match(problems[0]?.message ?? '', /^web_port = "many": expected a port/)
  assert.match(problems[1]?.hint ?? '', `-e '{"web_peers": ...}'`)
})

test('one that nothing reads is refused with a suggestion, unlike the same in an inventory', async () => {
  const extra = await readExtraVars(['clustr=1 vipp=2 own=3 ansible_port=23 web_prt=5 vip=6'])
  const inventory = withExtraVars(await load('[all:vars]\nown=1\nstranger=1\n[all]\nm1\n'), extra)
  const problems = unknownVariables(inventory, ['vip'], [web()])
  assert.equal(
    problems.map(({ message, hint }) => `${message}: ${hint}`),
    [
      'nothing reads the variable clustr: known: vip, web_port, web_tls, web_name, web_peers',
      'nothing reads the variable vipp: did you mean vip?',
      'role web has no variable web_prt: did you mean web_port?',
    ],
  )
})

test('one that a template uses is known', async () => {
  const extra = await readExtraVars(['rack=7'])
  const inventory = withExtraVars(await load('[all]\nm1 name="m-{{ rack }}"\n'), extra)
  assert.equal(unknownVariables(inventory, [], [web()]), [])
})

test.run()
