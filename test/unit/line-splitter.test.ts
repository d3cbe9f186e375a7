import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { LineSplitter } from '../../lib/engine/line-splitter.ts'

const TEXT = 'one\ntwo\r\n50 %\r100 %\n\nlast é漢'
const LINES = ['one', 'two', '50 %', '100 %', '', 'last é漢']

test('however output is cut into chunks, the lines are the same', () => {
  const bytes = Buffer.from(TEXT)
  for (let size = 1; size <= bytes.length; size++) {
    const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
      bytes.subarray(index * size, (index + 1) * size),
    )
    assert.equal(split(chunks), LINES, `chunks of ${size} bytes`)
  }
})

test('a line too long for people is left out, what follows it is not', () => {
  const long = Buffer.from('x'.repeat(50_000))
  assert.equal(split([long, long, long, Buffer.from('end\nnext\n')]), ['(a line of more than 64 kB)', 'next'])
})

test('both streams keep their own lines', () => {
  const found: string[] = []
  const splitter = new LineSplitter((text, stream) => found.push(`${stream} ${text}`))
  splitter.push(Buffer.from('a'), 'stdout')
  splitter.push(Buffer.from('b\n'), 'stderr')
  splitter.push(Buffer.from('c\n'), 'stdout')
  assert.equal(found, ['stderr b', 'stdout ac'])
})

function split(chunks: readonly Buffer[]): string[] {
  const lines: string[] = []
  const splitter = new LineSplitter((text) => lines.push(...text.split('\n')))
  for (const chunk of chunks) splitter.push(chunk, 'stdout')
  splitter.end()
  return lines
}

test.run()
