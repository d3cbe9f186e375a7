import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { UsageError } from '../../lib/errors.ts'
import { evaluateInventory, readExtraVars, withExtraVars } from '../../lib/inventory/index.ts'
import type { Inventory, Value } from '../../lib/inventory/types.ts'
import { Secret } from '../../lib/secret.ts'
import { type Files, hostOf, load } from '../helpers/inventory-files.ts'
import {
  TEMPLATE_ANSWERS,
  TEMPLATE_DIFFERENCES,
  TEMPLATE_HOSTS,
  TEMPLATE_VARS,
} from '../helpers/template-cases.ts'

const ERROR = { error: true }

async function evaluate(ini: string, files: Files = {}): Promise<Inventory> {
  return evaluateInventory(await load(ini, files))
}

async function xOf(yaml: string, name = 'x'): Promise<Value | undefined> {
  return hostOf(await evaluate(TEMPLATE_HOSTS, { 'group_vars/all.yml': yaml }), 'm1').vars.get(name)?.value
}

/** The text of the error that reading a variable gives, files without their directory. */
async function errorOf(yaml: string, name = 'x'): Promise<string> {
  try {
    await xOf(yaml, name)
  } catch (error) {
    assert.instance(error, UsageError)
    return (error as Error).message.replaceAll(/\S*quorate-inventory-[^/]*\//g, '')
  }
  throw new Error('it was evaluated')
}

const HOME = process.env.HOME
process.env.HOME = '/root'
const cases = hostOf(await evaluate(TEMPLATE_HOSTS, { 'group_vars/all.yml': TEMPLATE_VARS }), 'm1').vars
for (const [name, expected] of Object.entries(TEMPLATE_ANSWERS)) {
  const text = TEMPLATE_VARS.split('\n').find((line) => line.startsWith(`${name}:`))
  const variable = cases.get(name)
  if (variable === undefined) continue
  const answer = attempt(() => variable.value)
  test(`as ansible-core: ${text}`, () => {
    if (name in TEMPLATE_DIFFERENCES) assert.not.equal(answer, expected, 'no longer a difference')
    else assert.equal(answer, expected)
  })
}
process.env.HOME = HOME

function attempt(read: () => unknown): unknown {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    return ERROR
  }
}

test('the table holds what it should', () => {
  assert.ok(Object.keys(TEMPLATE_ANSWERS).length > 200)
})

for (const [what, yaml, pattern] of [
  [
    'an unknown variable',
    'vipp: 1\nx: "{{ vip }}"',
    /^group_vars\/all\.yml:2:1: x: vip is undefined\n.*did you mean vipp\?$/,
  ],
  [
    'one in another variable',
    'y: "{{ vip.a }}"\nx: "{{ y }}-"',
    /^group_vars\/all\.yml:2:1: x: vip is undefined \(in y, .*all\.yml:1:1\), in \{\{ y \}\}-/,
  ],
  ['a fact', 'x: "{{ ansible_default_ipv4.address }}"', /ansible_default_ipv4 is undefined\n.*Facts/],
  [
    'a filter',
    'x: "{{ 1 | ipaddr }}"',
    /all\.yml:1:1: x: the filter ipaddr is not supported, in \{\{ 1 \| ipaddr \}\}/,
  ],
  [
    'a misspelt filter',
    'x: "{{ 1 | defalt(2) }}"',
    /the filter defalt is not supported.*\n.*did you mean default\?/,
  ],
  ['a test', 'x: "{{ 1 is ood }}"', /the test ood is not supported.*\n.*did you mean odd\?/],
  ['a lookup', `x: "{{ lookup('file', '/etc/passwd') }}"`, /lookup\("file"\) is not supported/],
  ['a function', 'x: "{{ now() }}"', /there is no function now/],
  ['a tag', 'x: "{% include \'a\' %}"', /this is no Jinja that can be read here/],
  ['an open expression', 'x: "{{ a"', /this is no Jinja that can be read here/],
  ['an open block', 'x: "{% if true %}a"', /this is no Jinja that can be read here/],
  ['a value deep within', 'x: {a: [1, {b: "{{ zz }}"}]}', /x: zz is undefined \(in x\.a\.1\.b/],
  [
    'a circle',
    'x: "{{ y }}"\ny: "{{ z }}"\nz: "{{ x }}"',
    /all\.yml:1:1: variables refer to each other in a circle: x → y → z → x/,
  ],
  ['a circle through a dict', 'x: {a: "{{ x.a }}"}', /in a circle: x\.a → x\.a/],
  [
    'a circle through a host',
    `x: "{{ hostvars['m2'].y }}"\ny: "{{ hostvars['m1'].x }}"`,
    /in a circle: x of m1 → y of m2 → x of m1/,
  ],
  ['an unknown host', `x: "{{ hostvars['m3'].ip }}"`, /there is no host m3/],
  ['a number that is text', `x: "{{ '1' + 1 }}"`, /\+ does not work on text and a number/],
  ['a huge text', `x: "{{ 'aaaaaaaaaaa' * 1000000 }}"`, /a whole number that is not too large/],
] as const) {
  test(`${what} is an error that says where`, async () => {
    assert.match(await errorOf(yaml), pattern)
  })
}

// Whatever is written, nothing of JavaScript's own is reached: no constructor, no prototype, no process.
for (const expression of [
  "''.constructor",
  "''['constructor']['constructor']('return process')()",
  '[].constructor.constructor',
  '{}.constructor',
  '{}.__proto__',
  "{}['__proto__']",
  'range.constructor',
  "range.constructor('return process')()",
  'groups.constructor',
  'groups.__proto__.constructor',
  'hostvars.constructor',
  'hostvars.get.constructor',
  'hostvars.m1.constructor',
  'hostvars.m1.keys.constructor',
  "(1).constructor.constructor('return 1')()",
  'true.constructor',
  "'a'.split.constructor",
  "'a' | map('constructor') | list",
  "'a' | constructor",
  "'a' | __proto__",
  "'a' is constructor",
  "'a' | hasOwnProperty('b')",
  "'a'.toString()",
  "'a'.xOf()",
  "'a'.__defineGetter__('x', range)",
  'constructor',
  '__proto__',
  'toString',
  'process.env',
  'globalThis',
  "lookup('pipe', 'id')",
  "lookup('constructor', 'id')",
  'loop.constructor',
  'dict(a=1).constructor',
  'dict(__proto__=dict(a=1)).a',
  "namespace(a=1).hasOwnProperty('a')",
  "[1] | map(attribute='constructor') | list",
  "'x' | extract(dict(), 'constructor')",
  'secret.constructor',
  'secret.reveal()',
  "secret['reveal']",
]) {
  test(`{{ ${expression} }} reaches nothing`, async () => {
    const yaml = `secret: s3cret-value\nx: ${JSON.stringify(`{{ ${expression} }}`)}`
    assert.match(
      await errorOf(yaml),
      /(?:is undefined|has no|there is no|not supported|is no Jinja|can be called)/,
    )
  })
}

test('a key that is called __proto__ is a key', async () => {
  assert.equal(await xOf(`x: "{{ {'__proto__': 1}['__proto__'] }}"`), 1)
  assert.is(({} as Record<string, unknown>).polluted, undefined)
  await xOf(`x: "{% set n = namespace() %}{% set n.__proto__ = {'polluted': 1} %}{{ n | length }}"`)
  assert.is(({} as Record<string, unknown>).polluted, undefined)
})

test('what a secret goes into is secret, and what it does not go into is not', async () => {
  const yaml = `
db_password: hunter22
x: "postgres://me:{{ db_password }}@{{ ip }}/"
whole: "{{ db_password }}"
list: ["{{ db_password }}", "{{ ip }}"]
length: "{{ db_password | length }}"
either: "{{ nope | default(db_password) }}"
upper: "{{ db_password | upper }}"
loop: "{% for c in [db_password] %}{{ c }}!{% endfor %}"
if: "{{ 'set' if db_password else 'not set' }}"
`
  const texts = (value: unknown) => (value instanceof Secret ? `secret ${value.reveal()}` : value)
  const inventory = await evaluate(TEMPLATE_HOSTS, { 'group_vars/all.yml': yaml })
  const { vars } = hostOf(inventory, 'm1')
  const get = (name: string) => vars.get(name)?.value
  assert.is(texts(get('x')), 'secret postgres://me:hunter22@10.0.0.1/')
  assert.is(texts(get('whole')), 'secret hunter22')
  assert.equal((get('list') as unknown[]).map(texts), ['secret hunter22', '10.0.0.1'])
  assert.is(get('length'), 8)
  assert.is(texts(get('either')), 'secret hunter22')
  assert.is(texts(get('upper')), 'secret HUNTER22')
  assert.is(texts(get('loop')), 'secret hunter22!')
  assert.is(get('if'), 'set')
})

test('only what is read is evaluated', async () => {
  const { vars } = hostOf(await evaluate('[all]\nm1 a="{{ b }}" c="{{ d }}"\n[all:vars]\nb=1\n'), 'm1')
  assert.is(vars.get('a')?.value, 1)
  assert.throws(() => vars.get('c')?.value, /c: d is undefined/)
})

test('the cluster has no host, and says so', async () => {
  const files = { 'group_vars/all.yml': 'a: "{{ groups[\'etcd\'] | join }}"\nb: "{{ inventory_hostname }}"' }
  const vars = (await evaluate(TEMPLATE_HOSTS, files)).groups.get('all')?.vars
  assert.is(vars?.get('a')?.value, 'm1m2')
  assert.throws(() => vars?.get('b')?.value, /inventory_hostname differs between hosts/)
})

test('connection variables and -e are templates too', async () => {
  const plain = await load('[all]\nm1 ansible_host="{{ net }}.1"\n[all:vars]\nnet=10.0.0\n')
  const { vars } = hostOf(await evaluateInventory(plain), 'm1')
  assert.is(vars.get('ansible_host')?.value, '10.0.0.1')
  const extra = await readExtraVars(['net={{ base }}.9 base=192.0'])
  const with_ = await evaluateInventory(withExtraVars(plain, extra))
  assert.is(hostOf(with_, 'm1').vars.get('ansible_host')?.value, '192.0.9.1')
})

test('an inventory without templates is left as it is', async () => {
  const plain = await load('[all]\nm1 a=b\n')
  assert.is(await evaluateInventory(plain), plain)
})

test.run()
