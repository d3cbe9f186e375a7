import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { QuorateError, UsageError } from '../../lib/errors.ts'
import { createPalette } from '../../lib/report/color.ts'
import { diffLines } from '../../lib/report/diff.ts'
import { failureLines } from '../../lib/report/failure.ts'
import { mapPlace, mapStack, printError } from '../../lib/report/index.ts'
import { warningLines } from '../../lib/report/print.ts'
import { Secret } from '../../lib/secret.ts'

const palette = createPalette(false)
const failure = { host: 'm2', play: 'etcd', message: 'could not be started', unreachable: false }

test('a failure names host, role, resource, play, place, exit code, stderr and what to try', () => {
  const lines = failureLines(
    {
      ...failure,
      role: 'etcd',
      resource: 'service etcd',
      place: { file: join(process.cwd(), 'roles/etcd/index.ts'), line: 42, column: 7 },
      rc: 1,
      stderr: 'Job for etcd.service failed.\nSee "journalctl -xeu etcd.service".\n',
      hint: 'journalctl -u etcd',
    },
    palette,
  )
  assert.equal(lines, [
    'm2  etcd  failed  service etcd: could not be started',
    '    play:    etcd',
    '    at:      roles/etcd/index.ts:42:7',
    '    rc:      1',
    '    stderr:  Job for etcd.service failed.',
    '             See "journalctl -xeu etcd.service".',
    '    try:     journalctl -u etcd',
  ])
})

test('further lines of a failure message are indented below the first', () => {
  assert.equal(failureLines({ ...failure, message: 'one\ntwo' }, palette).slice(0, 2), [
    'm2  failed  one',
    '    two',
  ])
})

test('an unreachable host is called unreachable', () => {
  assert.is(
    failureLines({ ...failure, unreachable: true }, palette)[0],
    'm2  unreachable  could not be started',
  )
})

test('only the end of a long stderr is shown', () => {
  const stderr = Array.from({ length: 100 }, (_, index) => `line ${index + 1}`).join('\n')
  const lines = failureLines({ ...failure, stderr }, palette)
  assert.is(lines[2], '    stderr:  … 80 earlier lines')
  assert.is(lines.at(-1), '             line 100')
})

test('all problems of a usage error are printed, each with its hint', () => {
  const place = { file: 'inventory/hosts.ini', line: 3 }
  const error = new UsageError([
    { message: 'no group etdc', place, hint: 'did you mean etcd?' },
    { message: 'bad port' },
  ])
  assert.is(
    printed(error),
    'error: inventory/hosts.ini:3: no group etdc\n    did you mean etcd?\nerror: bad port\n',
  )
})

test('an error for the user is printed without a stack, its cause and hint below', () => {
  assert.is(
    printed(new QuorateError('host key changed', { hint: 'ssh-keygen -R m1', cause: new Error('x') })),
    'error: host key changed\n    ssh-keygen -R m1\n',
  )
})

test('a bug is printed with its stack', () => {
  const text = printed(new TypeError('x is not a function'))
  assert.match(text, /^bug: .*\n {4}TypeError: x is not a function\n {8}at .*report-errors\.test\.ts:\d+/)
})

test('whatever is thrown can be printed', () => {
  assert.match(printed(undefined), 'thrown: undefined')
})

test('errors are masked and cannot steer the terminal', () => {
  new Secret('hunter2-of-errors').reveal()
  assert.is(printed(new QuorateError('hunter2-of-errors\u001b[2J')), 'error: ***\n')
  assert.not.match(printed(new Error('hunter2-of-errors')), 'hunter2')
})

test('places and stacks in built files point at their TypeScript source', () => {
  const folder = mkdtempSync(join(tmpdir(), 'quorate-report-'))
  try {
    // Line 2, column 5 of the built file is line 4, column 3 of the source.
    const map = { version: 3, sources: ['../lib/x.ts'], names: [], mappings: ';IAGE' }
    const built = join(folder, 'x.js')
    writeFileSync(`${built}.map`, JSON.stringify(map))
    const source = join(folder, '../lib/x.ts')
    assert.equal(mapPlace({ file: built, line: 2, column: 5 }), { file: source, line: 4, column: 3 })
    assert.equal(mapPlace({ file: pathToFileURL(built).href, line: 2 }).file, built)
    assert.is(
      mapStack(`Error: no\n    at f (${pathToFileURL(built)}:2:5)\n    at ${built}:2:5`),
      `Error: no\n    at f (${source}:4:3)\n    at ${source}:4:3`,
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('a place without a source map stays as it is', () => {
  const place = { file: '/nowhere/x.mjs', line: 3, column: 1 }
  assert.equal(mapPlace(place), place)
})

test('a diff shows changed lines with three lines of context', () => {
  const before = Array.from({ length: 20 }, (_, index) => `line ${index + 1}\n`).join('')
  const lines = diffLines({ before, after: before.replace('line 10\n', 'line ten\n') }, palette)
  assert.is(lines[0], '    @@ -7,7 +7,7 @@')
  assert.equal(lines.slice(4, 6), ['    -line 10', '    +line ten'])
  assert.is(lines.length, 9)
})

test('added and removed lines have colours of their own', () => {
  const lines = diffLines({ before: 'a\n', after: 'b\n' }, createPalette(true))
  assert.equal(lines.slice(1), ['    \u001b[31m-a\u001b[39m', '    \u001b[32m+b\u001b[39m'])
})

const summaries: [name: string, before: string, after: string, expected: string][] = [
  ['binary', 'a', '\\x00\\x01', '    binary content differs: 1 bytes → 8 bytes'],
  ['undecodable', '\ufffd', '', '    binary content differs: 3 bytes → 0 bytes'],
  ['huge', '', 'x'.repeat(600_000), '    content differs: 0 bytes → 600 kB'],
]
for (const [name, before, after, expected] of summaries) {
  test(`of ${name} content only the size is shown`, () => {
    assert.equal(diffLines({ before, after }, palette), [expected])
  })
}

test('a long diff is cut off with the number of lines left', () => {
  const lines = diffLines({ before: '', after: 'x\n'.repeat(1000) }, palette)
  assert.is(lines.at(-1), '    … 601 more lines')
})

function printed(error: unknown): string {
  let text = ''
  printError(error, { write: (chunk) => (text += chunk) }, { color: false })
  return text
}

test('a warning shows its place as an error does, and no line that may hold a secret', () => {
  const directory = mkdtempSync(join(tmpdir(), 'quorate-warning-'))
  const file = join(directory, 'hosts.ini')
  writeFileSync(file, 'm1 a=1#2\nm2 password=x#y\n')
  const warning = { message: 'cut at #', hint: 'Quote it.' }
  assert.equal(warningLines({ ...warning, place: { file, line: 1, column: 4 } }), [
    `warning: ${file}:1:4: cut at #`,
    '    m1 a=1#2',
    '       ^',
    '    Quote it.',
  ])
  assert.equal(warningLines({ ...warning, place: { file, line: 2, column: 4 } }), [
    `warning: ${file}:2:4: cut at #`,
    '    Quote it.',
  ])
  assert.equal(warningLines({ message: 'one\ntwo' }), ['warning: one', '    two'])
  rmSync(directory, { recursive: true })
})

test.run()
