import { inspect } from 'node:util'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { sh } from '../../lib/quote.ts'
import { mask, Secret } from '../../lib/secret.ts'

test('a secret shows nothing of itself, wherever it is printed', () => {
  const secret = new Secret('hunter2-canary')
  const shown = [
    `${secret}`,
    JSON.stringify({ secret }),
    inspect({ secret }),
    String([secret]),
    inspect(new Error('x', { cause: secret })),
  ]
  for (const text of shown) {
    assert.not.match(text, 'hunter2')
    assert.ok(text.includes('***') || !text.includes('secret'), text)
  }
})

test('what was revealed is masked in every later text, line by line', () => {
  new Secret('-----BEGIN KEY-----\nfirst-line\nsecond-line\n').reveal()
  assert.is(mask('a first-line b second-line'), 'a *** b ***')
  assert.is(mask('-----BEGIN KEY-----'), '-----BEGIN KEY-----')
})

test('values too short to be secrets do not mask innocent text', () => {
  new Secret('no').reveal()
  assert.is(mask('nothing'), 'nothing')
})

test('a secret cannot be put on a command line', () => {
  assert.throws(() => sh`login ${new Secret('hunter3-canary') as never}`, /cannot stand on a command line/)
})

test.run()
