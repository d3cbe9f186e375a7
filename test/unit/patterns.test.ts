import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { UsageError } from '../../lib/errors.ts'
import { limitHosts, selectHosts } from '../../lib/inventory/index.ts'
import { load } from '../helpers/inventory-files.ts'

const INVENTORY = `
lonely
[web]
web1
web2
web10
[db]
db-a
db-b
db-c
[both]
db-a
web1
[v6]
fe80::1
2001:db8::5
[back:children]
web
db
[empty]
`
// Ansible runs `all` in this order.
const ALL = 'lonely db-a web1 fe80::1 2001:db8::5 web2 web10 db-b db-c'

const PATTERNS: Readonly<Record<string, string>> = {
  all: ALL,
  '*': ALL,
  web: 'web1 web2 web10',
  web2: 'web2',
  'web*': 'web1 web2 web10',
  'web?': 'web1 web2',
  '*1': 'web1 fe80::1',
  'db-[ab]': 'db-a db-b',
  'db-[!ab]': 'db-c',
  '[wd][eb]*': 'web1 web2 web10 db-a db-b db-c',
  'web:lonely': 'web1 web2 web10 lonely',
  'web,lonely': 'web1 web2 web10 lonely',
  ' web , lonely ': 'web1 web2 web10 lonely',
  'web:&both': 'web1',
  '&both:web': 'web1',
  'back:!db': 'web1 web2 web10',
  '!db:back': 'web1 web2 web10',
  'all:!back:!v6': 'lonely',
  '!back': 'lonely fe80::1 2001:db8::5',
  '&both': 'db-a web1',
  'web:&db': '',
  empty: '',
  ungrouped: 'lonely',
  'web[0]': 'web1',
  'web[-1]': 'web10',
  'web[1:2]': 'web2 web10',
  'web[1:]': 'web2 web10',
  'web[0-1]': 'web1 web2',
  'web[2:9]': 'web10',
  'back:!web[0]': 'web2 web10 db-a db-b db-c',
  '~web\\d$': 'web1 web2',
  '~l|web$': 'web1 web2 web10 lonely',
  '~db-[ab]': 'db-a db-b',
  '~(?i)WEB1': 'web1 web10',
  '~(?P<x>web)2': 'web2',
  '~\\Aweb\\d\\Z': 'web1 web2',
  '~db\\-a': 'db-a',
  'db-a,web': 'db-a web1 web2 web10',
  '~web.*:!web2': 'web1 web10',
  'fe80::1': 'fe80::1',
  '!fe80::1': 'lonely db-a web1 2001:db8::5 web2 web10 db-b db-c',
  '2001:db8::5,web2': '2001:db8::5 web2',
  'web2:[fe80::1]': 'web2 fe80::1',
}

for (const [pattern, hosts] of Object.entries(PATTERNS)) {
  test(`${pattern} selects ${hosts || 'nothing'}`, async () => {
    assert.is(selectHosts(pattern, await load(INVENTORY)).join(' '), hosts)
  })
}

const REFUSED: Readonly<Record<string, RegExp>> = {
  Web: /'Web' matches no host and no group\n.*did you mean web\?/,
  'web:!lonley': /'!lonley' matches no host and no group\n.*did you mean lonely\?/,
  'nope*': /'nope\*' matches no host/,
  'web[abc]': /'web\[abc\]' matches no host/,
  'lonely,web:db': /'web:db' matches no host and no group\n.*a colon separates nothing/,
  'web[3]': /'web\[3\]' is out of range: web has 3 hosts/,
  'web[2:1]': /'web\[2:1\]' counts backwards\n.*\[1:2\]/,
  '~[': /'~\[' has a bracket without its partner/,
  'web[': /'web\[' has a bracket without its partner/,
  '~(': /'~\(' is not a regular expression/,
  '': /the host pattern is empty/,
  ' , ': /the host pattern is empty/,
}

for (const [pattern, message] of Object.entries(REFUSED)) {
  test(`the pattern '${pattern}' is refused`, async () => {
    const inventory = await load(INVENTORY)
    assert.throws(
      () => selectHosts(pattern, inventory),
      (error: unknown) => error instanceof UsageError && message.test(error.message),
    )
  })
}

test('the name of a host means the host, though a group has the same name', async () => {
  assert.equal(selectHosts('web', await load('[web]\nweb\nother')), ['web'])
})

test('a limit reads @FILE, line by line', async () => {
  const inventory = await load(INVENTORY)
  const file = join(mkdtempSync(join(tmpdir(), 'quorate-limit-')), 'hosts.retry')
  writeFileSync(file, 'web2\n\n  db-c\nfe80::1\n!web2\n')
  assert.equal(limitHosts(`@${file}`, inventory), ['db-c', 'fe80::1'])
  assert.equal(limitHosts(`web1,@${file}`, inventory), ['web1', 'db-c', 'fe80::1'])
  writeFileSync(file, '\n')
  assert.equal(limitHosts(`@${file}`, inventory), [])
  rmSync(dirname(file), { recursive: true })
  assert.throws(() => limitHosts(`@${file}`, inventory), /--limit @.*hosts\.retry: .* ENOENT/)
  assert.throws(() => selectHosts('@x', inventory), /'@x' matches no host/)
})

test('everything that is wrong with a pattern is reported at once', async () => {
  const inventory = await load(INVENTORY)
  assert.throws(
    () => selectHosts('nope:web[7]:!neither', inventory),
    (error: unknown) => error instanceof UsageError && error.problems.length === 3,
  )
})

test('a glob of many stars takes no long time', async () => {
  const inventory = await load('a'.repeat(200))
  assert.throws(() => selectHosts(`${'*'.repeat(60)}b`, inventory), /matches no host/)
})

test.run()
