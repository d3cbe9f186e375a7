import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { didYouMean } from '../../lib/suggest.ts'

for (const [word, known, expected] of [
  ['hapoxy', ['etcd', 'haproxy'], 'did you mean haproxy?'],
  ['ma', ['m1', 'n1'], 'did you mean m1?'],
  ['e*', ['a', 'b'], 'known: a, b'],
  ['nothing-like-it', ['etcd', 'haproxy'], 'known: etcd, haproxy'],
  ['x', [], 'there is none to choose from'],
  ['zzzzzz', Array.from({ length: 30 }, (_, index) => `host${index}`), /^known: host0, .*host19, \.\.\.$/],
] as const) {
  test(`${word} among ${known.length}: ${expected}`, () => {
    assert.match(didYouMean(word, known), expected)
  })
}

test.run()
