import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { UsageError } from '../../lib/errors.ts'
import { loadInventory } from '../../lib/inventory/index.ts'
import { hostOf, load, problemsOf, valuesOf } from '../helpers/inventory-files.ts'

const KUBESPHERE = `
[all]
master1 ansible_connection=local ip=192.168.0.1
master2 ansible_host=192.168.0.2 ip=192.168.0.2 ansible_ssh_pass=PASSWORD
node1   ansible_host=192.168.0.4 ip=192.168.0.4 ansible_ssh_pass=PASSWORD
[kube-master]
master1
master2
[kube-node]
node1
[etcd]
master1
master2
[k8s-cluster:children]
kube-node
kube-master
`

test('the KubeSphere example means what it means to Ansible', async () => {
  const inventory = await load(KUBESPHERE)
  const groups = Object.fromEntries([...inventory.groups].map(([name, { hosts }]) => [name, hosts]))
  assert.equal(groups, {
    all: ['master1', 'master2', 'node1'],
    ungrouped: [],
    'kube-master': ['master1', 'master2'],
    'kube-node': ['node1'],
    etcd: ['master1', 'master2'],
    'k8s-cluster': ['node1', 'master1', 'master2'],
  })
  assert.equal(valuesOf(inventory, 'master1'), { ansible_connection: 'local', ip: '192.168.0.1' })
  assert.equal(valuesOf(inventory, 'master2'), {
    ansible_host: '192.168.0.2',
    ip: '192.168.0.2',
    ansible_ssh_pass: 'PASSWORD',
  })
  assert.equal(hostOf(inventory, 'node1').groups, ['all', 'k8s-cluster', 'kube-node'])
  assert.equal(inventory.warnings, [])
})

const HEADERS: Readonly<Record<string, string | undefined>> = {
  '[g]': undefined,
  '  [g]  ': undefined,
  '[g] # comment': undefined,
  '[g:hosts]': undefined,
  '[kube-master.1]': undefined,
  '[g] ; comment': "hosts.ini:1:1 ';' starts no comment behind a header: [g] ; comment",
  '[g:foo]': "hosts.ini:1:1 section [g:foo] has an unknown type 'foo'",
  '[g h]': 'hosts.ini:1:1 [g h] is not a section header',
  '[]': 'hosts.ini:1:1 [] is not a section header',
  '[:vars]': 'hosts.ini:1:1 [:vars] is not a section header',
  '[fe80::1]': 'hosts.ini:1:1 [fe80::1] is not a section header',
  '[g] x # [h]': 'hosts.ini:1:1 [g] x # [h] is not a section header',
}

for (const [header, problem] of Object.entries(HEADERS)) {
  test(`the header ${header} is ${problem === undefined ? 'accepted' : 'refused'}`, async () => {
    assert.equal(await problemsOf(`${header}\nh`), problem === undefined ? [] : [problem])
  })
}

test('lines end where Python ends them, and comments and blank lines hold nothing', async () => {
  for (const end of ['\n', '\r\n', '\r', '\v', '\f', '\x1c', '\x85', '\u2028']) {
    const inventory = await load(['# c', '; c', '', '  # c', '[a]', '  h x=1', '[a:vars]', 'y=2'].join(end))
    assert.equal(valuesOf(inventory, 'h'), { y: 2, x: 1 })
  }
})

test('bytes that are not UTF-8 are allowed in comments only', async () => {
  assert.equal(await problemsOf(Buffer.from('# caf\xe9\nh x=é\n', 'latin1')), ['hosts.ini:2 not UTF-8 text'])
  assert.equal(await problemsOf(Buffer.from('# caf\xe9\n  # \xe9\nh\n', 'latin1')), [])
})

test('a child may be declared later, and a comment needs a space before it', async () => {
  const inventory = await load('[p:children]\nc # comment\nd#e\n[c]\nh\n[d#e]\ni')
  assert.equal(inventory.groups.get('p')?.hosts, ['h', 'i'])
})

test('hosts of a group come breadth first: its own, then those of its children in the order of declaration', async () => {
  const inventory = await load('[c]\nh3\n[p:children]\nb\nc\n[b:children]\na\n[a]\nh1\n[b]\nh2\n[p]\nh4')
  assert.equal(inventory.groups.get('p')?.hosts, ['h4', 'h3', 'h2', 'h1'])
})

test('what is in no other group is ungrouped', async () => {
  const inventory = await load('h1\nh2\n[all]\nh3\n[g]\nh2')
  assert.equal(inventory.groups.get('ungrouped')?.hosts, ['h1', 'h3'])
  assert.equal(hostOf(inventory, 'h1').groups, ['all', 'ungrouped'])
  assert.equal(hostOf(inventory, 'h2').groups, ['all', 'g'])
})

test('every problem of every file is reported at once', async () => {
  const ini = '[web]\nh x="1\ni j\n[db:vars]\nx=1\n[p:children]\nwbe\n[q:foo]\nignored ignored\n'
  assert.equal(await problemsOf(ini, { 'group_vars/web.yml': 'a: 1\nb: [1\n', 'host_vars/h': '- x\n' }), [
    'hosts.ini:2:5 quote " is never closed',
    "hosts.ini:3:3 expected key=value, but 'j' is not",
    "hosts.ini:8:1 section [q:foo] has an unknown type 'foo'",
    'hosts.ini:4:1 [db:vars] is for a group that does not exist',
    "hosts.ini:7:1 [p:children] names 'wbe', a group that does not exist",
    'group_vars/web.yml:3:1 Flow sequence in block collection must be sufficiently indented and end with a ]',
  ])
})

test('each undeclared child is reported, with what may have been meant', async () => {
  try {
    await load('[web]\nh\n[p:children]\nwbe\nh')
    assert.unreachable()
  } catch (error) {
    assert.match((error as Error).message, /'wbe', a group that does not exist\n.*did you mean web\?/)
    assert.match((error as Error).message, /h is a host: list it under \[p\]/)
  }
})

const LOOPS: Readonly<Record<string, string>> = {
  '[a:children]\na': 'hosts.ini:2:1 groups contain each other: a > a',
  '[a:children]\nb\n[b:children]\nc\n[c:children]\na':
    'hosts.ini:6:1 groups contain each other: a > b > c > a',
  '[a:children]\nall': "hosts.ini:2:1 [a:children] names 'all', which itself contains every group",
}

for (const [ini, problem] of Object.entries(LOOPS)) {
  test(`a loop of groups is refused: ${problem}`, async () => {
    assert.equal(await problemsOf(ini), [problem])
  })
}

test('lines of :vars and :children that are neither are refused', async () => {
  assert.equal(await problemsOf('[g]\n[g:vars]\nnovalue\n[g:children]\na b'), [
    'hosts.ini:3:1 expected key=value in [g:vars], got: novalue',
    'hosts.ini:5:1 expected the name of a group, got: a b',
  ])
})

test('an inventory that is not there, or is TOML, is a clear error', async () => {
  for (const [path, message] of [
    ['/nonexistent/hosts.ini', /inventory \/nonexistent\/hosts.ini does not exist/],
  ] as const) {
    const error = await loadInventory(path).catch((reason) => reason)
    assert.instance(error, UsageError)
    assert.match(error.message, message)
  }
})

test('ten thousand hosts in two hundred groups load with shared group variables', async () => {
  const groups = Array.from({ length: 200 }, (_, g) => `[g${g}]\nh${g}-[1:50]\n[g${g}:vars]\nx=${g}`)
  const inventory = await load(`${groups.join('\n')}\n[all:vars]\ny=1`)
  assert.is(inventory.hosts.size, 10_000)
  assert.equal(valuesOf(inventory, 'h199-50'), { y: 1, x: 199 })
  assert.is(hostOf(inventory, 'h7-1').vars, hostOf(inventory, 'h7-2').vars)
})

test.run()
