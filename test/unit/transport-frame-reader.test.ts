import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { FrameReader } from '../../lib/transport/frame-reader.ts'

const stream = Buffer.from('one\n\nTAG-1 0\n\nTAG\nTAG-3 0\n\nTAG-1 9\nTAG-2\n\nTAG-2 17\n\nTAG-3 -\nlate')
const frames = ['one\n|0', '\nTAG\nTAG-3 0\n\nTAG-1 9\nTAG-2\n|17', '|-']

test('finds the same frames wherever the stream is cut into chunks', () => {
  for (let first = 0; first <= stream.length; first++) {
    for (let second = first; second <= stream.length; second++) {
      const chunks = [stream.subarray(0, first), stream.subarray(first, second), stream.subarray(second)]
      assert.equal(read(chunks).frames, frames, `cut at ${first} and ${second}`)
    }
  }
})

test('finds the same frames byte by byte', () => {
  assert.equal(read(Array.from(stream, (byte) => Buffer.of(byte))).frames, frames)
})

test('holds back only what can be the beginning of a marker', () => {
  const { seen } = read([Buffer.from('a'), Buffer.from('b\n'), Buffer.from('\nTA'), Buffer.from('B\nTAG-1x')])
  assert.equal(seen, ['a', 'b', '\n', '\nTAB\nTAG-1x'])
})

function read(chunks: readonly Buffer[]) {
  const frames: string[] = []
  const seen: string[] = []
  const reader = new FrameReader()
  for (const tag of ['TAG-1', 'TAG-2', 'TAG-3']) {
    let output = ''
    reader.expect({
      tag,
      output(chunk) {
        output += chunk
        seen.push(chunk.toString())
      },
      end: (trailer) => frames.push(`${output}|${trailer}`),
    })
  }
  for (const chunk of chunks) reader.push(chunk)
  return { frames, seen }
}

test.run()
