import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { toAnsibleGraph, toAnsibleHost, toAnsibleList } from '../../lib/inventory/ansible-shape.ts'
import { toDot, toMermaid } from '../../lib/inventory/diagrams.ts'
import { hostOf, load } from '../helpers/inventory-files.ts'

const INVENTORY = `
lonely
[web]
w[1:2] n=1 ansible_password=hunter2
[db]
[site:children]
web
db
[site:vars]
__proto__=x
`

test('--list has the shape of ansible-inventory, with secrets masked', async () => {
  const vars = JSON.parse('{"__proto__":"x","n":1,"ansible_password":"***"}')
  assert.equal(JSON.parse(JSON.stringify(toAnsibleList(await load(INVENTORY)))), {
    _meta: { hostvars: { w1: vars, w2: vars }, profile: 'inventory_legacy' },
    all: { children: ['ungrouped', 'site'] },
    ungrouped: { hosts: ['lonely'] },
    web: { hosts: ['w1', 'w2'] },
    site: { children: ['web', 'db'] },
  })
})

test('--list --limit leaves other hosts out', async () => {
  const list = toAnsibleList(await load(INVENTORY), new Set(['lonely']))
  assert.equal(JSON.parse(JSON.stringify(list)), {
    _meta: { hostvars: {}, profile: 'inventory_legacy' },
    all: { children: ['ungrouped', 'site'] },
    ungrouped: { hosts: ['lonely'] },
    site: { children: ['web', 'db'] },
  })
})

test('--host has the merged variables', async () => {
  const host = toAnsibleHost(hostOf(await load('h a=[1] token_x=""'), 'h'))
  assert.equal(host, { a: [1], token_x: '' })
})

test('--graph is the tree of ansible-inventory', async () => {
  assert.equal(toAnsibleGraph(await load(INVENTORY)), [
    '@all:',
    '  |--@ungrouped:',
    '  |  |--lonely',
    '  |--@site:',
    '  |  |--@web:',
    '  |  |  |--w1',
    '  |  |  |--w2',
    '  |  |--@db:',
  ])
  assert.equal(toAnsibleGraph(await load(INVENTORY), 'db'), ['@db:'])
})

test('--mermaid draws an arrow to each child group and host', async () => {
  assert.is(
    toMermaid(await load('[a]\nx\n[b:children]\na\n')),
    'flowchart LR\n  g0[["a"]]\n  g1[["b"]]\n  h0("x")\n  g0 --> h0\n  g1 --> g0\n',
  )
})

test('--dot draws the same for Graphviz; a group may have the name of a host', async () => {
  assert.is(
    toDot(await load('[x]\nx\n[b:children]\nx\n')),
    'digraph inventory {\n  rankdir=LR\n  "@x" [shape=box]\n  "@b" [shape=box]\n  "x"\n  "@x" -> "x"\n  "@b" -> "@x"\n}\n',
  )
})

test.run()
