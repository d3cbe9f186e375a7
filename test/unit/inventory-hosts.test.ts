import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { hostOf, load, problemsOf, valuesOf, warningsOf } from '../helpers/inventory-files.ts'

const RANGES: Readonly<Record<string, readonly string[]>> = {
  'h[1:3]': ['h1', 'h2', 'h3'],
  'h[01:03]': ['h01', 'h02', 'h03'],
  'h[08:11]-x': ['h08-x', 'h09-x', 'h10-x', 'h11-x'],
  'h[1:010:4]': ['h1', 'h5', 'h9'],
  'h[0:10:5]': ['h0', 'h5', 'h10'],
  'h[:2]': ['h0', 'h1', 'h2'],
  'h[5:1:-1]': ['h5', 'h4', 'h3'],
  'h[a:c]': ['ha', 'hb', 'hc'],
  'h[a:g:3]': ['ha', 'hd', 'hg'],
  'h[z:A]': ['hz', 'hA'],
  'h[1:2][a:b]': ['h1a', 'h1b', 'h2a', 'h2b'],
  '10.0.0.[9:10]': ['10.0.0.9', '10.0.0.10'],
  '2001:db8::[1:2]': ['2001:db8::1', '2001:db8::2'],
  'h[5:1]': [],
}

for (const [pattern, names] of Object.entries(RANGES)) {
  test(`${pattern} stands for ${names.join(' ') || 'no host'}`, async () => {
    assert.equal([...(await load(pattern)).hosts.keys()], names)
  })
}

test('letters run from a to z and on from A to Z', async () => {
  assert.is((await load('h[a:C]')).hosts.size, 29)
})

const BROKEN: Readonly<Record<string, string>> = {
  'h[1:]': '[1:] has no end',
  'h[001:10]': '[001:10] pads, but its ends differ in length',
  'h[e:a]': '[e:a] ends before it begins',
  'h[a:3]': '[a:3] has ends of two kinds',
  'h[1:3:0]': '[1:3:0] has a wrong step',
  'h[1]': '[1] is not a host range',
  'h[1-3]': '[1-3] is not a host range',
  'h[1,3]': '[1,3] is not a host range',
  'h[1:2:3:4]': '[1:2:3:4] is not a host range',
  'h[1:3': "unbalanced brackets in 'h[1:3'",
  'h|[1:2]': "'|' cannot be in a host range: 'h|[1:2]'",
  '2001:db8::[9:b]': '[9:b] has ends of two kinds',
  'h[0:99999999]': 'a range stands for more than 100000 hosts',
  'h[1:1000][1:1000]': "'h[1:1000][1:1000]' stands for more than 100000 hosts",
  'h:': "'h:' ends in ':' but names no port",
  '"" x=1': 'the name of the host is empty',
  '---': "'---' starts a YAML file; this is read as INI",
}

for (const [line, message] of Object.entries(BROKEN)) {
  test(`the host line ${line} is refused`, async () => {
    assert.equal(await problemsOf(line), [`hosts.ini:1:1 ${message}`])
  })
}

const PORTS: Readonly<Record<string, readonly [string, number | undefined]>> = {
  'h:22': ['h', 22],
  'h[7:7]:22': ['h7', 22],
  '10.0.0.1:2222': ['10.0.0.1', 2222],
  '[::1]:22': ['::1', 22],
  '[2001:db8::[3:3]]:22': ['2001:db8::3', 22],
  'fe80::1:22': ['fe80::1:22', undefined],
  'h:abc': ['h:abc', undefined],
  'user@h:22': ['user@h:22', undefined],
  'h[:0]:22': ['h0:22', undefined],
  'h:0': ['h', undefined],
}

for (const [line, [name, port]] of Object.entries(PORTS)) {
  test(`${line} is the host ${name} with ${port === undefined ? 'no port' : `port ${port}`}`, async () => {
    const inventory = await load(line)
    assert.equal([...inventory.hosts.keys()], [name])
    assert.equal(valuesOf(inventory, name), port === undefined ? {} : { ansible_port: port })
  })
}

test('a written ansible_port wins over the port behind the name', async () => {
  const inventory = await load('h:22 ansible_port=44')
  assert.equal(valuesOf(inventory, 'h'), { ansible_port: 44 })
})

test('only the first line that names a host gives it a port, and the others are warned about', async () => {
  assert.equal(valuesOf(await load('h:22\n[g]\nh:33'), 'h'), { ansible_port: 22 })
  assert.equal(await warningsOf('h:22\n[g]\nh:33'), ["hosts.ini:3:1 port 33 of 'h' is ignored"])
})

test('a host in several groups is one host whose later variables win', async () => {
  const inventory = await load('[a]\nh x=1 y=1\n[b]\nh x=2')
  assert.equal(hostOf(inventory, 'h').groups, ['all', 'a', 'b'])
  assert.equal(valuesOf(inventory, 'h'), { x: 2, y: 1 })
})

const ODD = ['foo=bar', 'user@h', 'h:abc', 'h*', 'h0:2x', '-h']

for (const name of ODD) {
  test(`the host name ${name} is a warning`, async () => {
    assert.equal(await warningsOf(`[g]\n${name}`), [`hosts.ini:2:1 '${name}' is an odd name for a host`])
  })
}

test('host names of every usual kind are no warning', async () => {
  assert.equal(await warningsOf('h1\nh_1.example.com\n10.0.0.1\nfe80::1\nmünchen\n1'), [])
})

test('an empty range is a warning', async () => {
  assert.equal(await warningsOf('h[5:1]'), [
    "hosts.ini:1:1 the range in 'h[5:1]' is empty: it stands for no host",
  ])
})

test('a host named like a group is a warning', async () => {
  assert.equal(await warningsOf('[web]\nweb'), [
    "hosts.ini:2:1 'web' names a host and a group: variables on the host's line can land on the group",
  ])
})

test('the variables of a host named like an earlier group land on the group, as in Ansible', async () => {
  const inventory = await load('[web]\nweb x=1\nother')
  assert.equal(valuesOf(inventory, 'other'), { x: 1 })
})

test('the rest of a password with a space in it is not shown', async () => {
  assert.equal(await problemsOf('h ansible_ssh_pass=correct horse'), [
    'hosts.ini:1:28 expected key=value, but what follows ansible_ssh_pass= is not',
  ])
})

test.run()
