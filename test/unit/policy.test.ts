import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { batches, tolerance } from '../../lib/engine/policy.ts'

const host = (index: number) => ({ name: `h${index}`, address: `10.0.0.${index}`, groups: [], vars: {} })
const hosts = Array.from({ length: 10 }, (_, index) => host(index))

for (const [serial, sizes] of [
  [[], [10]],
  [[1], [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]],
  [[4], [4, 4, 2]],
  [
    [1, 3],
    [1, 3, 3, 3],
  ],
  [['30%'], [3, 3, 3, 1]],
  [['1%'], [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]],
  [
    [1, '50%'],
    [1, 5, 4],
  ],
  [[20], [10]],
] as const) {
  test(`serial ${JSON.stringify(serial)} makes batches of ${sizes.join(', ')}`, () => {
    const made = batches(hosts, serial)
    assert.equal(
      made.map(({ length }) => length),
      sizes,
    )
    assert.equal(
      made.flat().map(({ name }) => name),
      hosts.map(({ name }) => name),
    )
  })
}

test('no host makes no batch', () => {
  assert.equal(batches([], [2]), [])
})

for (const [maxFailures, of, allowed] of [
  [0, 10, 0],
  [2, 10, 2],
  ['20%', 10, 2],
  ['25%', 3, 0],
] as const) {
  test(`maxFailures ${maxFailures} of ${of} hosts allows ${allowed}`, () => {
    assert.is(tolerance(maxFailures, of), allowed)
  })
}

test.run()
