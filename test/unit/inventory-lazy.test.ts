// Plain lines of hosts are read when somebody asks for the host, and mean what they mean when they are read at once.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { newDraft } from '../../lib/inventory/draft.ts'
import { groupGraph } from '../../lib/inventory/group-graph.ts'
import { checkLoops } from '../../lib/inventory/group-loops.ts'
import { readIni } from '../../lib/inventory/ini.ts'
import { plainName } from '../../lib/inventory/plain-line.ts'
import { hostOf, load } from '../helpers/inventory-files.ts'

function isPlain(text: string): boolean {
  return plainName({ text, indent: 0, place: { file: 'f', line: 1 } }) !== undefined
}

for (const text of [
  'm1',
  'm1 a=1',
  '10.0.0.1\ta=[1,2]  b==x',
  'a.b-c d_e/f=g:h,i;j',
  'm1 ansible_password=x',
]) {
  test(`plain: ${text}`, () => assert.ok(isPlain(text)))
}

for (const text of [
  ...['m[1:3] a=1', 'm1:22', '::1', '-m a=1', 'm..1', 'm1 a', 'm1 =1', 'm1 a=1 b', 'm1 a = 1', 'ü a=1'],
  ...[
    'm1 a="b c"',
    "m1 a='b'",
    'm1 a=b#c',
    'm1 # c',
    'm1 a=b\\ c',
    'm1 a={{b}}',
    'm1 a=ü',
    'm1 a=1\u00a0b=2',
  ],
]) {
  test(`not plain: ${text}`, () => assert.not.ok(isPlain(text)))
}

const word = fc.oneof(
  fc.string({ unit: fc.constantFrom(...'ab1.-_=[],;:(){}\t #"\'\\'), maxLength: 8 }),
  fc.constantFrom(
    'a=1',
    'b=None',
    'c=[1,2]',
    'a=0x1f',
    'x_pass=12',
    'ansible_group_priority=5',
    'd=1.50',
    'e=(1,)',
  ),
)
const line = fc
  .tuple(fc.constantFrom('m1', 'm2', 'g', '10.0.0.1', '[g]', '[g:vars]'), fc.array(word, { maxLength: 4 }))
  .map(([first, words]) => (first.startsWith('[') ? first : [first, ...words].join(' ')))

test('a line read later means what it means when it is read at once', () => {
  const property = fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
    assert.equal(readBack(lines, false), readBack(lines, true))
  })
  fc.assert(property, { numRuns: 500, seed: 1 })
})

/** Everything that the lines say. */
function readBack(lines: readonly string[], atOnce: boolean): unknown {
  const draft = newDraft('f')
  // Nothing of an encrypted source is put off.
  if (atOnce) draft.hide = (value) => value
  readIni(draft, Buffer.from(lines.join('\n')), 'f')
  const { problems, warnings, groups, hosts } = draft
  const ofHosts = [...hosts.values()].map(({ name, place, vars }) => ({ name, place, vars: [...vars] }))
  return JSON.parse(
    JSON.stringify({
      problems,
      warnings,
      ofHosts,
      ofGroups: [...groups.values()].map(({ name, hosts, vars, priority }) => [
        name,
        [...hosts],
        [...vars],
        priority,
      ]),
    }),
  )
}

test('what is wrong in plain and other lines is told at once', async () => {
  const error = await load('m1 a=1\nm2 b\nm3 c=3\nm4 "d\n').catch(({ problems }) => problems)
  assert.equal(
    error.map(({ place }: { place: { line: number } }) => place.line),
    [2, 4],
  )
})

test('the place of a value on a plain line is that of its word', async () => {
  const inventory = await load('  m1 a=1\tbb=[2]')
  const { place, value, layer } = hostOf(inventory, 'm1').vars.get('bb') ?? {}
  assert.equal([place?.line, place?.column, value, layer], [1, 10, [2], 'host m1'])
})

test('groups nested deeper than function calls can be', async () => {
  const depth = 15_000
  const draft = newDraft('f')
  const chain = Array.from({ length: depth }, (_, at) => `[g${at}:children]\ng${at + 1}`)
  readIni(draft, Buffer.from([...chain, `[g${depth}]`, 'm1'].join('\n')), 'f')
  checkLoops(draft)
  assert.equal(draft.problems, [])
  const graph = groupGraph(draft)
  assert.is(graph.groupsOf([`g${depth}`]).length, depth + 2)
  assert.equal(graph.hosts('g0'), ['m1'])
})

test('a loop through thousands of groups', () => {
  const draft = newDraft('f')
  const chain = Array.from({ length: 5000 }, (_, at) => `[g${at}:children]\ng${(at + 1) % 5000}`)
  readIni(draft, Buffer.from(chain.join('\n')), 'f')
  checkLoops(draft)
  assert.is(draft.problems.length, 1)
  assert.match(draft.problems[0]?.message ?? '', /^groups contain each other: g0 > g1 > .* > g4999 > g0$/)
})

test('a variable that is set thousands of times', async () => {
  const inventory = await load(`${'[g]\nm1 a=1\n'.repeat(20_000)}[g:vars]\na=0`)
  let [count, at] = [0, hostOf(inventory, 'm1').vars.get('a')]
  for (; at !== undefined; at = at.overrides) count++
  assert.is(count, 20_001)
})

test.run()
