import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Value } from '../../lib/inventory/types.ts'
import { load, problemsOf, valuesOf, warningsOf } from '../helpers/inventory-files.ts'

const ERROR = Symbol('refused')
type Expected = Value | typeof ERROR

/** Text behind the name, its value on the line of a host, and its value below [group:vars]. */
const TEXTS: readonly (readonly [string, Expected, Expected])[] = [
  ['="1"', 1, '1'],
  [`='"1"'`, '1', '"1"'],
  ['=True', true, true],
  ['=False', false, false],
  ['=true', 'true', 'true'],
  ['=yes', 'yes', 'yes'],
  ['=None', null, null],
  ['=01', '01', '01'],
  ['=0755', '0755', '0755'],
  ['=00', 0, 0],
  ['=1_000', 1000, 1000],
  ['=1__0', '1__0', '1__0'],
  ['=0x1f', 31, 31],
  ['=0o17', 15, 15],
  ['=0b11', 3, 3],
  ['=0b12', '0b12', '0b12'],
  ['=-5', -5, -5],
  ['=+5', 5, 5],
  ['=--5', '--5', '--5'],
  ['=1.10', 1.1, 1.1],
  ['=.5', 0.5, 0.5],
  ['=1e3', 1000, 1000],
  ['=1.2.3', '1.2.3', '1.2.3'],
  ['=192.168.0.1', '192.168.0.1', '192.168.0.1'],
  ['=99999999999999999999', '99999999999999999999', '99999999999999999999'],
  ['=1,2', [1, 2], [1, 2]],
  ['=1,', [1], [1]],
  ['="02,06"', '02,06', '02,06'],
  ['="10,12"', [10, 12], '10,12'],
  ['=(1)', 1, 1],
  ['=()', [], []],
  ['=[1,2]', [1, 2], [1, 2]],
  ['=[1, 2]', ERROR, [1, 2]],
  ['="[1, 2,]"', [1, 2], '[1, 2,]'],
  ['=[x]', '[x]', '[x]'],
  ['=[true]', '[true]', '[true]'],
  ["={'k':1}", '{k:1}', { k: 1 }],
  [`="{'k': [1, {'n': None}]}"`, { k: [1, { n: null }] }, "{'k': [1, {'n': None}]}"],
  ['={"k": true}', ERROR, '{"k": true}'],
  ['={1,1}', [1], [1]],
  ["='a' 'b'", ERROR, 'ab'],
  ['=x # c', 'x', 'x # c'],
  ['=1 # c', 1, 1],
  ['="x" # c', 'x', 'x'],
  ['="x" ; c', ERROR, '"x" ; c'],
  ['=a#b', 'a', 'a#b'],
  ['="a#b"', 'a#b', 'a#b'],
  ['=', '', ''],
  ['=""', '', ''],
  ['=a=b', 'a=b', 'a=b'],
  ['=x\\ny', 'xny', 'x\\ny'],
  ['="x\\ny"', 'x\\ny', 'x\ny'],
  ['="x\\\\y"', 'x\\y', 'x\\y'],
  [`="'\\\\x41\\\\u00e9'"`, 'Aé', `'\\x41\\u00e9'`],
  [`="'\\\\x4'"`, `'\\x4'`, `'\\x4'`],
  ["='it''s'", 'its', 'its'],
  ['="two words"', 'two words', 'two words'],
  ['="never closed', ERROR, '"never closed'],
  ['={{ x }}', ERROR, '{{ x }}'],
  [' = 1', ERROR, 1],
]

for (const [text, onHost, belowVars] of TEXTS) {
  test(`v${text} on the line of a host means ${describe(onHost)}`, async () => {
    if (onHost === ERROR) assert.is((await problemsOf(`h v${text}`)).length, 1)
    else assert.equal(valuesOf(await load(`h v${text}`), 'h'), { v: onHost })
  })

  test(`v${text} below :vars means ${describe(belowVars)}`, async () => {
    const inventory = await load(`[g]\nh\n[g:vars]\nv${text}`)
    assert.equal(valuesOf(inventory, 'h'), { v: belowVars as Value })
  })
}

test('a hostile nest of brackets is text, read in no time', async () => {
  for (const text of ['['.repeat(50_000), '{'.repeat(50_000), `${'('.repeat(150)}1${')'.repeat(149)}`]) {
    assert.equal(valuesOf(await load(`h v=${text}`), 'h'), { v: text })
  }
})

test('what a # takes away without a word in Ansible is a warning', async () => {
  const cut = "hosts.ini:1:3 '#' starts a comment: the value of v ends there"
  assert.equal(await warningsOf('h v=a#b'), [cut])
  assert.equal(await warningsOf('h v="a"#b'), [cut])
  assert.equal(await warningsOf('h#old'), ["hosts.ini:1:1 '#' starts a comment: 'h' ends there"])
  assert.equal(await warningsOf('h v="12#34"'), [
    "hosts.ini:1:3 the value of v ends before its '#', which starts a comment",
  ])
  assert.equal(await warningsOf('[g]\nh\n[g:vars]\nv = 12#34'), [
    "hosts.ini:4:5 the value of v ends before its '#', which starts a comment",
  ])
  assert.equal(await warningsOf('[g]\nh\n[g:vars]\nv=a # b'), [
    "hosts.ini:4:1 the '#' in v is part of its value: a line of :vars has no comment behind the value",
  ])
})

test('a # that Ansible keeps, or that plainly starts a comment, is no warning', async () => {
  assert.equal(await warningsOf('h v="a#b" w=1 # c\n# c\n[g] # c\nh\n[g:vars]\nv=a#b\nw=1 # c'), [])
})

function describe(expected: Expected): string {
  return expected === ERROR ? 'an error' : JSON.stringify(expected)
}

test.run()
