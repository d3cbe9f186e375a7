import { inspect } from 'node:util'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { quote, sh } from '../../lib/quote.ts'
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

test('a secret is masked in every later text, line by line', () => {
  new Secret('-----BEGIN KEY-----\nfirst-line\nsecond-line\n')
  assert.is(mask('a first-line b second-line'), 'a *** b ***')
  assert.is(mask('-----BEGIN KEY-----'), '-----BEGIN KEY-----')
})

const canary = `it's "a" secret/42`
const forms: [name: string, text: string][] = [
  ['a shell word', quote(canary)],
  ['JSON', JSON.stringify(canary)],
  ['a URL', encodeURIComponent(canary)],
  ['base64', Buffer.from(canary).toString('base64')],
]
for (const [name, text] of forms) {
  test(`a secret is masked in ${name}`, () => {
    new Secret(canary)
    assert.match(mask(`before ${text} after`), /^before ['"]?\*\*\*['"]? after$/)
  })
}

test('a secret that begins as another one does leaves nothing of it', () => {
  new Secret('prefix-canary')
  new Secret('prefix-canary-and-more')
  assert.is(mask('prefix-canary-and-more'), '***')
})

test('values too short to be secrets do not mask innocent text', () => {
  new Secret('no')
  assert.is(mask('nothing'), 'nothing')
})

test('a secret cannot be put on a command line', () => {
  assert.throws(() => sh`login ${new Secret('hunter3-canary') as never}`, /cannot stand on a command line/)
})

test.run()
