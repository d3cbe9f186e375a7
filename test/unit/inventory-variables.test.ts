import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Value, Variable } from '../../lib/inventory/types.ts'
import { hostOf, load, problemsOf, valuesOf, warningsOf } from '../helpers/inventory-files.ts'

// From the weakest layer to the strongest, each with a way to set x there.
const INI = (lines: ReadonlySet<string>) => `
[g]
h ${lines.has('host line') ? 'x="host line"' : ''}
[p:children]
g
${lines.has('all line') ? '[all:vars]\nx=all line' : ''}
${lines.has('parent line') ? '[p:vars]\nx=parent line' : ''}
${lines.has('group line') ? '[g:vars]\nx=group line' : ''}
`
const LAYERS: readonly (readonly [string, string | undefined])[] = [
  ['all line', undefined],
  ['parent line', undefined],
  ['group line', undefined],
  ['all file', 'group_vars/all.yml'],
  ['parent file', 'group_vars/p.yml'],
  ['group file', 'group_vars/g.yml'],
  ['host line', undefined],
  ['host file', 'host_vars/h.yml'],
]

function loadLayers(layers: readonly (readonly [string, string | undefined])[]) {
  const files = layers.flatMap(([name, file]) => (file === undefined ? [] : [[file, `x: ${name}`] as const]))
  return load(INI(new Set(layers.map(([name]) => name))), Object.fromEntries(files))
}

for (const [index, [name]] of LAYERS.entries()) {
  test(`x of the layer '${name}' wins over all layers below it`, async () => {
    assert.equal(valuesOf(await loadLayers(LAYERS.slice(0, index + 1)), 'h'), { x: name })
  })
}

test('a variable knows every layer that it overrides, with its place', async () => {
  const chain: string[] = []
  let variable: Variable | undefined = hostOf(await loadLayers(LAYERS), 'h').vars.get('x')
  for (; variable !== undefined; variable = variable.overrides) {
    const { layer, value, place } = variable
    const file = place.file.replace(/.*quorate-inventory-[^/]*\//, '')
    chain.push(`${layer} ${value} ${file}:${place.line}:${place.column}`)
  }
  assert.equal(chain, [
    'host h host file host_vars/h.yml:1:1',
    'host h host line hosts.ini:3:3',
    'group g group file group_vars/g.yml:1:1',
    'group p parent file group_vars/p.yml:1:1',
    'group all all file group_vars/all.yml:1:1',
    'group g group line hosts.ini:11:1',
    'group p parent line hosts.ini:9:1',
    'group all all line hosts.ini:7:1',
  ])
})

test('groups of the same depth merge by priority, then by name', async () => {
  const groups = '[a]\nh\n[b]\nh\n[a:vars]\nx=a\n[b:vars]\nx=b\n'
  assert.equal(valuesOf(await load(groups), 'h'), { x: 'b' })
  assert.equal(valuesOf(await load(`${groups}[a:vars]\nansible_group_priority=2`), 'h'), { x: 'a' })
})

test('the depth of a group is the longest way down from all', async () => {
  const ini =
    '[p:children]\nm\n[m:children]\nz\n[a:children]\nz\n[z]\nh\n[m:vars]\nx=m\n[a:vars]\nx=a\n[z:vars]\nx=z'
  assert.equal(valuesOf(await load(ini), 'h'), { x: 'z' })
  assert.equal(valuesOf(await load(ini.replace('x=z', 'y=z')), 'h'), { x: 'm', y: 'z' })
})

test('a priority that is no number is refused', async () => {
  assert.equal(await problemsOf('[g]\n[g:vars]\nansible_group_priority=high'), [
    'hosts.ini:3:1 ansible_group_priority must be a whole number, not "high"',
  ])
})

test('a dictionary replaces the one below it', async () => {
  const inventory = await load('[g]\nh', { 'group_vars/g': 'x: {a: 1}', 'host_vars/h': 'x: {b: 2}' })
  assert.equal(valuesOf(inventory, 'h'), { x: { b: 2 } })
})

test('the first of name, name.yml, name.yaml and name.json is read, and the rest is warned about', async () => {
  const files = { 'group_vars/g.json': '{"x": 3}', 'group_vars/g.yaml': 'x: 2', 'group_vars/g.yml': 'x: 1' }
  assert.equal(valuesOf(await load('[g]\nh', files), 'h'), { x: 1 })
  assert.equal(await warningsOf('[g]\nh', files), [
    'group_vars/g.yaml is ignored because group_vars/g.yml exists',
    'group_vars/g.json is ignored because group_vars/g.yml exists',
  ])
})

test('the files of a directory merge in the order of their names, without hidden ones, backups and other kinds', async () => {
  const files = {
    'group_vars/all/b.yml': 'x: b',
    'group_vars/all/a.yml': 'x: a\ny: a',
    'group_vars/all/c/d.yml': 'z: d',
    'group_vars/all/.e.yml': 'hidden: e',
    'group_vars/all/f~': 'backup: f',
    'group_vars/all/g.txt': 'x: g',
    'group_vars/all/h.d/i.yml': 'x: i',
  }
  assert.equal(valuesOf(await load('h', files), 'h'), { x: 'b', y: 'a', z: 'd' })
})

const SCALARS: readonly (readonly [string, Value])[] = [
  ['yes', true],
  ['Off', false],
  ['y', 'y'],
  ['tRue', 'tRue'],
  ['~', null],
  ['', null],
  ['0755', 493],
  ['0o755', '0o755'],
  ['08', '08'],
  ['0x1F', 31],
  ['0b11', 3],
  ['1_000', 1000],
  ['-5', -5],
  ['1:30', 90],
  ['01:30', '01:30'],
  ['1:30.5', 90.5],
  ['1.10', 1.1],
  ['1e3', '1e3'],
  ['1.0e+3', 1000],
  ['.inf', Number.POSITIVE_INFINITY],
  ['9007199254740993', '9007199254740993'],
  ['2001-12-14', '2001-12-14'],
  ['1.2.3', '1.2.3'],
  ['"01"', '01'],
  ['!unsafe "{{ x }}"', '{{ x }}'],
  ['[yes, {a: 010}]', [true, { a: 8 }]],
]

for (const [text, value] of SCALARS) {
  test(`x: ${text} in YAML is ${JSON.stringify(value)}`, async () => {
    assert.equal(valuesOf(await load('h', { 'host_vars/h': `x: ${text}` }), 'h'), { x: value })
  })
}

test('JSON means what JSON means', async () => {
  const inventory = await load('h', { 'host_vars/h.json': '{"a": 1e3, "b": [true, null], "c": "yes"}' })
  assert.equal(valuesOf(inventory, 'h'), { a: 1000, b: [true, null], c: 'yes' })
})

test('a file with nothing in it sets nothing', async () => {
  for (const text of ['', '---\n', '# comment\n', 'null\n']) {
    assert.equal(valuesOf(await load('h', { 'host_vars/h': text }), 'h'), {})
  }
})

const BROKEN: Readonly<Record<string, string>> = {
  '- a': 'host_vars/h:1:1 expected variables with names',
  text: 'host_vars/h:1:1 expected variables with names',
  '$ANSIBLE_VAULT;1.1;AES256\n6161':
    'host_vars/h:1 this is no Ansible Vault of the versions 1.1 and 1.2 with AES256, or it is damaged',
  'a: !!set {x, y}': 'host_vars/h:1:4 Unresolved tag: tag:yaml.org,2002:set',
}

for (const [text, problem] of Object.entries(BROKEN)) {
  test(`refused: ${problem}`, async () => {
    assert.equal(await problemsOf('h', { 'host_vars/h': text }), [problem])
  })
}

test('a secret in a broken file is not shown', async () => {
  const problems = await problemsOf('h', { 'host_vars/h': 'ansible_password: "hunter2\n' })
  assert.is(problems.length, 1)
  assert.not.match(problems[0] ?? '', 'hunter2')
})

test('more documents than one, and aliases that multiply, are refused', async () => {
  assert.is((await problemsOf('h', { 'host_vars/h': 'a: 1\n---\nb: 1\n' })).length, 1)
  const bomb = Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i},`.repeat(9)}]`).join(
    '\n',
  )
  assert.is((await problemsOf('h', { 'host_vars/h': `a0: &a0 x\n${bomb}\n` })).length, 1)
})

test('merge keys work, and have the place of the file where the key has none', async () => {
  const inventory = await load('h', { 'host_vars/h': 'x: &x {a: 1}\n<<: *x\nz:\n  <<: *x\n  b: 2\n' })
  assert.equal(valuesOf(inventory, 'h'), { x: { a: 1 }, a: 1, z: { a: 1, b: 2 } })
})

test('a key that is twice there is a warning, and the last counts', async () => {
  const files = { 'host_vars/h': 'a: 1\na: 2\n' }
  assert.equal(valuesOf(await load('h', files), 'h'), { a: 2 })
  assert.equal(await warningsOf('h', files), ['host_vars/h:2:1 the same key twice: the last one counts'])
})

test('a file whose name is almost that of a group is a warning; one of another group is not', async () => {
  const files = { 'group_vars/kube_master.yml': 'a: 1', 'group_vars/other.yml': 'a: 1' }
  assert.equal(await warningsOf('[kube-master]\nh', files), [
    "group_vars/kube_master.yml is used by nothing: the inventory has no 'kube_master'",
  ])
})

test.run()
