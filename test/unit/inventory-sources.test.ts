import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { defineInventory } from '../../lib/inventory/define.ts'
import { evaluateInventory } from '../../lib/inventory/index.ts'
import type { Inventory } from '../../lib/inventory/types.ts'
import {
  type Files,
  hostOf,
  loadFiles,
  problemsIn,
  valuesOf,
  warningsIn,
} from '../helpers/inventory-files.ts'

const groupsOf = (inventory: Inventory) =>
  [...inventory.groups.values()].map(({ name, hosts }) => `${name}: ${hosts.join(' ')}`.trim())

const YAML = `
all:
  vars: { a: 1 }
  children:
    web:
      hosts:
        web[1:2]:2222: { x: yes }
        web3:
      vars: &shared
        list: [1, 0o7, 07]
    db:
      hosts: db1
      vars:
        <<: *shared
        own: ~
    back:
      children: { web, db: }
`

test('YAML: groups, ranges with ports, single names, merges, YAML 1.1 values', async () => {
  const inventory = await loadFiles({ 'hosts.yml': YAML }, ['hosts.yml'])
  assert.equal(groupsOf(inventory), [
    'all: web1 web2 web3 db1',
    'ungrouped:',
    'web: web1 web2 web3',
    'db: db1',
    'back: web1 web2 web3 db1',
  ])
  assert.equal(valuesOf(inventory, 'web2'), { a: 1, list: [1, '0o7', 7], ansible_port: 2222, x: true })
  assert.equal(valuesOf(inventory, 'db1'), { a: 1, list: [1, '0o7', 7], own: null })
  assert.equal(inventory.hosts.get('web1')?.vars.get('x')?.place.line, 7)
})

test('a file without extension is YAML if it is a mapping, else INI', async () => {
  const yaml = await loadFiles({ hosts: 'web:\n  hosts:\n    h1:\n' }, ['hosts'])
  assert.equal(groupsOf(yaml), ['all: h1', 'ungrouped:', 'web: h1'])
  const ini = await loadFiles({ hosts: '[web]\nh1\n[web:vars]\nx=a: b\n' }, ['hosts'])
  assert.equal(valuesOf(ini, 'h1'), { x: 'a: b' })
})

const WRONG_YAML: readonly (readonly [string, readonly string[]])[] = [
  ['', ['hosts.yml:1:1 the inventory is empty']],
  ['- a\n', ['hosts.yml:1:1 expected groups with their hosts']],
  ['plugin: aws_ec2\n', ['hosts.yml:1:1 this is the configuration of an inventory plugin']],
  ['all:\n  hosts:\n    - a\n', ['hosts.yml:2:3 hosts of all must be a mapping']],
  [
    'all:\n  hosts:\n    1.5:\n    no:\n    a: 7\n  children:\n    8:\n',
    [
      'hosts.yml:3:5 the name of a host must be text, but 1.5 is not',
      'hosts.yml:4:5 the name of a host must be text, but false is not',
      'hosts.yml:5:5 a must have its variables as a mapping, or nothing',
      'hosts.yml:7:5 the name of a group must be text, but 8 is not',
    ],
  ],
  ['web: [a]\n', ['hosts.yml:1:1 web must be a mapping']],
  ['web:\n  hosts: {"]a[1:2]":}\n', ["hosts.yml:2:11 unbalanced brackets in ']a[1:2]'"]],
  ['a:\n  children: {b: {children: {a: }}}\n', ['hosts.yml:2:29 groups contain each other: a > b > a']],
  ['a: &a\n  children:\n    b: *a\n', ['hosts.yml:3:5 groups contain each other: b > b']],
]

for (const [text, problems] of WRONG_YAML) {
  test(`YAML that is refused: ${JSON.stringify(text)}`, async () => {
    assert.equal(await problemsIn(() => loadFiles({ 'hosts.yml': text }, ['hosts.yml'])), problems)
  })
}

test('a key of a group that means nothing is a warning', async () => {
  const inventory = await loadFiles({ 'hosts.yml': 'web:\n  host: {a: }\n' }, ['hosts.yml'])
  assert.equal(warningsIn(inventory), ["hosts.yml:2:3 'host' of web is ignored"])
  assert.match(inventory.warnings[0]?.hint ?? '', /did you mean hosts\?/)
})

const SCRIPT_JSON = JSON.stringify({
  web: { hosts: ['w1', 'w2'], vars: { g: 1 }, children: ['deep'] },
  deep: ['d1'],
  _meta: { hostvars: { w1: { x: { __ansible_unsafe: '{{ 1 }}' } }, stranger: { y: 1 } } },
})
const script = (list: string, host = 'exit 1') =>
  `#!/bin/sh\ncase "$1" in --list) cat <<'END'\n${list}\nEND\n;; --host) ${host} ;; esac\n`

test('a script with _meta, a script without it, and the JSON that a script prints are read alike', async () => {
  const withoutMeta = JSON.stringify({ ...JSON.parse(SCRIPT_JSON), _meta: undefined })
  const answer = `[ "$2" = w1 ] && echo '{"x": "{{ 1 }}"}'; true`
  for (const [name, text] of [
    ['inventory', script(SCRIPT_JSON)],
    ['inventory.sh', script(withoutMeta, answer)],
    ['hosts.json', SCRIPT_JSON],
  ] as const) {
    const inventory = await loadFiles({ [name]: text }, [name])
    assert.equal(groupsOf(inventory), ['all: w1 w2 d1', 'ungrouped:', 'web: w1 w2 d1', 'deep: d1'])
    assert.equal(valuesOf(inventory, 'w1'), { g: 1, x: '{{ 1 }}' })
  }
})

test('a script that fails, or prints something else, is an error with what it said', async () => {
  const failing = '#!/bin/sh\necho no such cloud >&2\nexit 3\n'
  assert.equal(await problemsIn(() => loadFiles({ a: failing }, ['a'])), [
    'the inventory script a --list ended with 3',
  ])
  assert.equal(await problemsIn(() => loadFiles({ a: script('hunter2') }, ['a'])), [
    'the inventory script a --list printed no JSON',
  ])
  const shapes = script('{"web": {"hosts": "w1", "vars": []}, "_meta": {"hostvars": 1}}')
  assert.equal(await problemsIn(() => loadFiles({ a: shapes }, ['a'])), [
    'a:1 web.hosts must be a list of names',
    'a:1 web.vars must be an object',
    'a:1 _meta.hostvars must be an object',
  ])
})

test('a list of hosts', async () => {
  const inventory = await loadFiles({}, ['b:2222, a ,b,fe80::1,'])
  assert.equal([...inventory.hosts.keys()], ['b', 'a', 'fe80::1'])
  assert.equal(valuesOf(inventory, 'b'), { ansible_port: 2222 })
})

test('a module: a value or a function, and what is wrong with it', async () => {
  const value = `{ hosts: { 'm[1:2]': { x: 1 }, n: {} }, groups: { etcd: ['m1'], all2: { children: ['etcd'], hosts: ['n'], vars: { y: [2] } } }, vars: { z: null } }`
  for (const text of [`export default ${value}`, `export default async () => (${value})`]) {
    const inventory = await loadFiles({ 'hosts.mjs': text }, ['hosts.mjs'])
    assert.equal(groupsOf(inventory), ['all: m2 n m1', 'ungrouped: m2', 'etcd: m1', 'all2: n m1'])
    assert.equal(valuesOf(inventory, 'm1'), { z: null, x: 1, y: [2] })
  }
  const wrong = `export default { hosts: { m1: {} }, groups: { etcd: ['m2'], k: { children: ['etdc'] } } }`
  assert.equal(await problemsIn(() => loadFiles({ 'hosts.mjs': wrong }, ['hosts.mjs'])), [
    'hosts.mjs:1 etcd names the host m2, which is not there',
    'hosts.mjs:1 k names the group etdc, which is not there',
  ])
  const [shape] = await problemsIn(() =>
    loadFiles({ 'hosts.mjs': 'export default { host: {} }' }, ['hosts.mjs']),
  )
  assert.match(shape ?? '', /^hosts\.mjs:1 (hosts|the default export): /)
  const [thrown] = await problemsIn(() =>
    loadFiles({ 'hosts.mjs': 'throw new Error("my fault")' }, ['hosts.mjs']),
  )
  assert.is(thrown, 'hosts.mjs:1 the inventory cannot be loaded: my fault')
})

test('defineInventory types the names of hosts and groups', () => {
  const inventory = defineInventory({
    hosts: { m1: {} },
    groups: { etcd: ['m1'], top: { children: ['etcd'] } },
  })
  assert.equal(Object.keys(inventory.hosts), ['m1'])
  // @ts-expect-error: no host has this name
  defineInventory({ hosts: { m1: {} }, groups: { etcd: ['m2'] } })
})

const DIRECTORY: Files = {
  'inv/01-web.ini': '[web]\nw1 x=web\n[web:vars]\ng=first\n',
  'inv/02-db.yml': 'db: {hosts: {d1: , w1: {x: db}}}\nweb: {vars: {g: second}}\n',
  'inv/sub/more': 'm1\n',
  'inv/.hidden': '[',
  'inv/notes.txt': '[',
  'inv/old.ini~': '[',
  'inv/ansible.cfg': '[',
  'inv/vars_plugins/x': '[',
  'inv/group_vars/web.yml': 'f: inventory\nonly: inventory',
  'play/group_vars/web.yml': 'f: playbook',
  'play/group_vars/all.yml': 'f: playbook all',
  'play/host_vars/w1.yml': 'h: playbook',
  'inv/host_vars/w1.yml': 'h: inventory',
}

test('a directory of sources, with group_vars beside it and beside the playbook', async () => {
  const inventory = await loadFiles(DIRECTORY, ['inv'], 'play')
  assert.equal(groupsOf(inventory), ['all: m1 w1 d1', 'ungrouped: m1', 'web: w1', 'db: d1 w1'])
  assert.equal(valuesOf(inventory, 'w1'), {
    g: 'second',
    f: 'playbook',
    only: 'inventory',
    x: 'db',
    h: 'playbook',
  })
})

test('of several sources the later wins, and a later one may use the groups of an earlier one', async () => {
  const files = {
    'a/hosts.ini': '[web]\nh1 x=1\n',
    'b/hosts.ini': '[web:vars]\ny=2\n[top:children]\nweb\n[web]\nh2\nh1 x=3',
    'a/group_vars/top.yml': 'f: a top',
    'a/group_vars/web.yml': 'f: a web',
    'b/group_vars/top.yml': 'f: b top',
  }
  const inventory = await loadFiles(files, ['a/hosts.ini', 'b/hosts.ini', 'h3,'])
  assert.equal(groupsOf(inventory), ['all: h3 h1 h2', 'ungrouped: h3', 'web: h1 h2', 'top: h1 h2'])
  // All files beside the first source are weaker than all files beside the second.
  assert.equal(valuesOf(inventory, 'h1'), { y: 2, f: 'b top', x: 3 })
  const backwards = await problemsIn(() => loadFiles(files, ['b/hosts.ini', 'a/hosts.ini', 'nope']))
  assert.equal(backwards, ['the inventory nope does not exist'])
})

test('inventory_file is the file that names the host first; a list of hosts is none', async () => {
  const files = { 'a/one.ini': 'm1', 'b.ini': 'm1\nm2', 'group_vars/all.yml': 'x: "{{ inventory_file }}"' }
  const inventory = await loadFiles(files, ['a/one.ini', 'b.ini', 'm3,'])
  const sources = [...inventory.hosts.values()].map(({ source }) => source?.split('/').slice(-2).join('/'))
  assert.is(sources[0], 'a/one.ini')
  assert.match(sources[1] ?? '', /b\.ini$/)
  assert.is(sources[2], undefined)
  const evaluated = await evaluateInventory(inventory)
  const [m1, m2, m3] = ['m1', 'm2', 'm3'].map((name) => hostOf(evaluated, name).vars.get('x')?.value)
  assert.match(String(m1), /\/a\/one\.ini$/)
  assert.match(String(m2), /\/b\.ini$/)
  assert.is(m3, null)
})

test.run()
