import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Resource } from '../../lib/engine/resource.ts'
import type { BlockOptions } from '../../lib/resources/block.ts'
import { block, file, hostsEntries, line } from '../../lib/resources/index.ts'
import type { LineOptions } from '../../lib/resources/line.ts'
import { contentNeed } from '../../lib/resources/probes/content.ts'
import { observedPaths, planContext } from '../helpers/observed.ts'

const PATH = '/etc/x'

/** The content that a resource leaves behind, and what it says about it; undefined where it changes nothing. */
function edit(
  resource: Resource,
  before: string | Buffer | undefined,
): { after: Buffer; summary: string } | undefined {
  const [change, ...others] = resource.plan(
    observedPaths(before === undefined ? {} : { [resource.name.split(' ')[0] as string]: before }),
    planContext(),
  )
  assert.equal(others, [])
  if (change === undefined) return undefined
  const known = change.effects.known?.find(([{ probe }]) => probe === contentNeed(PATH).probe)
  return { after: known?.[1] as Buffer, summary: change.summary }
}

const LINES: [
  title: string,
  options: LineOptions,
  before: string,
  after: string | undefined,
  summary?: string,
][] = [
  ['a line is added at the end', { line: 'b' }, 'a\n', 'a\nb\n', 'add: b'],
  ['a line that is there is left alone', { line: 'a' }, 'a\nb\n', undefined],
  ['a line behind a last line without newline gets its own', { line: 'b' }, 'a', 'a\nb\n'],
  ['a line is added to an empty file', { line: 'b' }, '', 'b\n'],
  ['a matching line is replaced', { line: 'A=2', match: /^A=/ }, 'x\nA=1\ny\n', 'x\nA=2\ny\n', 'set → A=2'],
  [
    'of several matching lines one is left',
    { line: 'A=2', match: /^#?A=/ },
    '#A=0\nA=1\ny\n',
    'A=2\ny\n',
    '2 lines → A=2',
  ],
  [
    'the last of several matching lines gives the place',
    { line: 'A=2', match: /^#?A=/ },
    '#A=0\nx\nA=1\ny\n',
    'x\nA=2\ny\n',
  ],
  [
    'matching lines beside the wanted one go',
    { line: 'A=2', match: /^A=/ },
    'A=2\nA=1\n',
    'A=2\n',
    'only: A=2',
  ],
  [
    'a wanted line that does not match itself is added once',
    { line: 'B', match: /^A/ },
    'A\nA\nx\n',
    'B\nx\n',
  ],
  ['a match without a matching line adds', { line: 'A=2', match: /^A=/ }, 'x\n', 'x\nA=2\n'],
  ['insertAfter means the last match', { line: 'n', insertAfter: /^k/ }, 'k1\nk2\nz\n', 'k1\nk2\nn\nz\n'],
  ['insertAfter without a match means the end', { line: 'n', insertAfter: /^q/ }, 'k\nz\n', 'k\nz\nn\n'],
  ['insertBefore means the first match', { line: 'n', insertBefore: /^k/ }, 'a\nk1\nk2\n', 'a\nn\nk1\nk2\n'],
  ['insertBefore without a match means the end', { line: 'n', insertBefore: /^q/ }, 'k\n', 'k\nn\n'],
  ['insertBefore start means the first line', { line: 'n', insertBefore: 'start' }, 'k\n', 'n\nk\n'],
  ['a global pattern is no other pattern', { line: 'A=2', match: /A/g }, 'A\nA\nA\n', 'A=2\n'],
  [
    'an absent line is removed wherever it is',
    { line: 'a', state: 'absent' },
    'a\nb\na\n',
    'b\n',
    'remove 2 lines: a',
  ],
  ['matching lines are removed', { match: /^a/, state: 'absent' }, 'a1\nb\n', 'b\n', 'remove a line: /^a/'],
  ['an absent line that is absent is left so', { line: 'a', state: 'absent' }, 'b\n', undefined],
  ['UTF-8 is matched as text', { line: 'ü=2', match: /^ü.$/ }, 'ü1\n', 'ü=2\n'],
]

for (const [title, options, before, after, summary] of LINES) {
  test(`line: ${title}`, () => {
    const edited = edit(line(PATH, options), before)
    assert.is(edited?.after.toString(), after)
    if (summary !== undefined) assert.is(edited?.summary, summary)
  })
}

test('bytes that are no UTF-8 come through an edit untouched', () => {
  const before = Buffer.from([0x23, 0xfc, 0xff, 0x0a])
  assert.equal(edit(line(PATH, { line: 'ä' }), before)?.after, Buffer.concat([before, Buffer.from('ä\n')]))
})

test('a missing file is created only on request', () => {
  assert.throws(() => edit(line(PATH, { line: 'a' }), undefined), /\/etc\/x does not exist/)
  assert.is(edit(line(PATH, { line: 'a', create: true }), undefined)?.after.toString(), 'a\n')
  assert.is(edit(line(PATH, { line: 'a', state: 'absent' }), undefined), undefined)
})

test('several lines build upon each other', () => {
  const first = line(PATH, { line: 'a' }).plan(observedPaths({ [PATH]: '' }), planContext())
  const observed = observedPaths({ [PATH]: '' }, first[0]?.effects.known)
  const [second] = line(PATH, { line: 'b' }).plan(observed, planContext())
  assert.equal(second?.effects.known?.[1]?.[1], Buffer.from('a\nb\n'))
  assert.equal(line(PATH, { line: 'a' }).plan(observed, planContext()), [])
})

test('a line goes into a file of the same batch', () => {
  const first = file(PATH, { content: 'a\n' }).plan(observedPaths({}), planContext())
  const [second] = line(PATH, { line: 'b' }).plan(observedPaths({}, first[0]?.effects.known), planContext())
  assert.equal(second?.effects.known?.[1]?.[1], Buffer.from('a\nb\n'))
})

const block1 = { marker: 'one', content: '1\n2\n' }
const BLOCKS: [
  title: string,
  options: BlockOptions,
  before: string,
  after: string | undefined,
  summary?: string,
][] = [
  [
    'a block is added at the end',
    block1,
    'a\n',
    'a\n# BEGIN one\n1\n2\n# END one\n',
    'add the block, 2 lines',
  ],
  ['a block that is there is left alone', block1, '# BEGIN one\n1\n2\n# END one\na\n', undefined],
  [
    'a block is replaced where it is',
    block1,
    '# BEGIN one\n# END one\na\n',
    '# BEGIN one\n1\n2\n# END one\na\n',
    'content, 2 lines',
  ],
  [
    'a block is removed',
    { marker: 'one', state: 'absent' },
    'a\n# BEGIN one\n1\n# END one\nb\n',
    'a\nb\n',
    'remove the block',
  ],
  [
    'other blocks stay',
    block1,
    '# BEGIN two\n# END two\n',
    '# BEGIN two\n# END two\n# BEGIN one\n1\n2\n# END one\n',
  ],
  ['comments are those of the file', { ...block1, comment: ';' }, '', '; BEGIN one\n1\n2\n; END one\n'],
]

for (const [title, options, before, after, summary] of BLOCKS) {
  test(`block: ${title}`, () => {
    const edited = edit(block(PATH, options), before)
    assert.is(edited?.after.toString(), after)
    if (summary !== undefined) assert.is(edited?.summary, summary)
  })
}

for (const before of [
  '# BEGIN one\n',
  '# END one\n',
  '# END one\n# BEGIN one\n',
  '# BEGIN one\n# END one\n# BEGIN one\n# END one\n',
]) {
  test(`a file with the markers ${JSON.stringify(before)} is refused`, () => {
    assert.throws(() => edit(block(PATH, block1), before), /do not make one block/)
  })
}

const INVALID: [title: string, make: () => Resource, error: RegExp][] = [
  ['a line of two lines', () => line(PATH, { line: 'a\nb' }), /is not one line/],
  ['no line', () => line(PATH, {}), /'line' is missing/],
  ['an empty line', () => line(PATH, { line: '' }), /is not one line/],
  [
    'two places',
    () => line(PATH, { line: 'a', insertAfter: /b/, insertBefore: /c/ }),
    /either insertAfter or insertBefore/,
  ],
  ['an empty marker', () => block(PATH, { marker: ' ', content: '' }), /is not a name/],
  ['a block without content', () => block(PATH, { marker: 'a' }), /'content' is missing/],
  ['a block that ends itself', () => block(PATH, { marker: 'a', content: '# END a' }), /a marker of its own/],
  [
    'an address that is none',
    () => hostsEntries([{ address: '10.0.0.256', names: ['m1'] }]),
    /'10.0.0.256' is no IP address/,
  ],
  ['an entry without names', () => hostsEntries([{ address: '10.0.0.1', names: [] }]), /has no names/],
  [
    'a name that is none',
    () => hostsEntries([{ address: '10.0.0.1', names: ['m 1'] }]),
    /'m 1' is no host name/,
  ],
  [
    'another localhost',
    () => hostsEntries([{ address: '10.0.0.1', names: ['LocalHost'] }]),
    /not to be redefined/,
  ],
  [
    'a name with two addresses',
    () =>
      hostsEntries([
        { address: '10.0.0.1', names: ['m1'] },
        { address: '10.0.0.2', names: ['M1'] },
      ]),
    /M1 has two addresses, 10.0.0.1 and 10.0.0.2/,
  ],
  ['a name twice', () => hostsEntries([{ address: '10.0.0.1', names: ['m1', 'm1'] }]), /m1 is listed twice/],
]

for (const [title, make, error] of INVALID) {
  test(`refused at once: ${title}`, () => {
    assert.throws(make, error)
  })
}

const entries = [
  { address: '10.0.0.1', names: ['m1', 'm1.example'] },
  { address: '10.0.0.2', names: ['m2'] },
]
const managed = '# BEGIN quorate\n10.0.0.1\tm1 m1.example\n10.0.0.2\tm2\n# END quorate\n'

const HOSTS: [title: string, before: string, after: string | undefined, summary?: string][] = [
  ['entries are a block', '127.0.0.1 localhost\n', `127.0.0.1 localhost\n${managed}`, '2 entries'],
  ['entries that are there are left alone', `127.0.0.1 localhost\n${managed}`, undefined],
  ['another line of a name goes', '127.0.1.1 m1\n', managed, '2 entries; m1 was 127.0.1.1, now 10.0.0.1'],
  [
    'other names of that line stay',
    '127.0.1.1\tm1  box m2 # debian\n',
    `127.0.1.1\tbox # debian\n${managed}`,
  ],
  ['names are compared without case', '127.0.1.1 M1\n', managed],
  [
    'another line behind our block goes too',
    `${managed}10.9.9.9 m2\n`,
    managed,
    '2 entries; m2 was 10.9.9.9, now 10.0.0.2',
  ],
  ['the same mapping elsewhere stays', '10.0.0.2 m2\n', `10.0.0.2 m2\n${managed}`],
  ['the other family is another matter', '::1 m1\n', `::1 m1\n${managed}`],
  ['a comment is no mapping', '# 127.0.1.1 m1\n', `# 127.0.1.1 m1\n${managed}`],
]

for (const [title, before, after, summary] of HOSTS) {
  test(`hosts: ${title}`, () => {
    const edited = edit(hostsEntries(entries), before)
    assert.is(edited?.after.toString(), after)
    if (summary !== undefined) assert.is(edited?.summary, summary)
    if (after !== undefined) assert.is(edit(hostsEntries(entries), after), undefined)
  })
}

test('without entries the block goes', () => {
  assert.is(edit(hostsEntries([]), `a\n${managed}`)?.after.toString(), 'a\n')
})

test('a name may have an address of each family', () => {
  hostsEntries([
    { address: '10.0.0.1', names: ['m1'] },
    { address: 'fd00::1', names: ['m1'] },
  ])
})

// A generator with a seed: what fails once fails again.
function random(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

function randomFile(pick: (below: number) => number): string {
  const words = ['a', 'b', '#a', 'a=1', '', ' ', 'ü', '# BEGIN two', '# END two', '\r']
  const lines = Array.from({ length: pick(8) }, () => words[pick(words.length)])
  return lines.join('\n') + (lines.length > 0 && pick(2) === 0 ? '\n' : '')
}

const terminated = (text: string) => (text === '' || text.endsWith('\n') ? text : `${text}\n`)

for (let seed = 1; seed <= 300; seed++) {
  const pick = random(seed)
  const before = randomFile(pick)
  const match = [undefined, /a/, /^#?a/, /=/][pick(4)]
  const where = [{}, { insertAfter: /b/ }, { insertBefore: /a/ }, { insertBefore: 'start' as const }][pick(4)]
  const wanted = ['a=2', 'new', 'b'][pick(3)] as string
  const options: LineOptions = { line: wanted, ...(match && { match }), ...where }

  test(`seed ${seed}: a line that was set needs no second change`, () => {
    const after = edit(line(PATH, options), before)?.after ?? before
    assert.ok(after.toString().split('\n').includes(wanted))
    assert.is(edit(line(PATH, options), after), undefined)
  })

  test(`seed ${seed}: a new line and its removal restore the file`, () => {
    if (before.split('\n').includes('new')) return
    const after = edit(line(PATH, { line: 'new', ...where }), before)?.after as Buffer
    const restored = edit(line(PATH, { line: 'new', state: 'absent' }), after)?.after.toString()
    assert.is(restored, terminated(before))
  })

  test(`seed ${seed}: a block needs no second change, and its removal restores the file`, () => {
    const content = randomFile(pick)
    const after = edit(block(PATH, { marker: 'one', content }), before)?.after as Buffer
    assert.is(edit(block(PATH, { marker: 'one', content }), after), undefined)
    assert.is(
      edit(block(PATH, { marker: 'one', state: 'absent' }), after)?.after.toString(),
      terminated(before),
    )
  })
}

test.run()
