import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { eventSchema, schemaText } from '../../lib/report/event-schema.ts'
import { Secret } from '../../lib/secret.ts'
import { capture } from '../helpers/captured-report.ts'
import { sampleEvents } from '../helpers/sample-events.ts'

type Line = Record<string, unknown>

test('stdout holds one event a line, each as the schema says and with nothing that it does not tell of', async () => {
  const found = await jsonLines(2)
  assert.is(found.length, sampleEvents().length)
  const schema = eventSchema()
  for (const line of found) assert.equal(schema.parse(line), line)
})

test('every type of event is in the sample, so none has been forgotten in the schema', () => {
  const described = eventSchema().options.map(
    (option) => (option.shape as Line & { type: { value: string } }).type.value,
  )
  assert.equal([...new Set(sampleEvents().map(({ type }) => type))].sort(), described.sort())
})

test('changes and failures are flat, with their host, reason, diff and place', async () => {
  const found = await jsonLines(0)
  const change = found.find(({ type }) => type === 'change')
  assert.equal(change, {
    type: 'change',
    time: change?.time,
    host: 'm1',
    play: 'etcd',
    role: 'etcd',
    resource: 'file /etc/text',
    summary: 'write text',
    diff: { before: 'old\n', after: 'new text\n' },
    after: 'text',
    turn: 1,
  })
  const failed = found.find(({ type }) => type === 'failed')
  assert.equal(failed?.place, { file: '/roles/etcd.ts', line: 4, column: 2 })
})

test('scripts are told with -vv only', async () => {
  assert.is((await jsonLines(1)).filter(({ type }) => type === 'script').length, 0)
  assert.is((await jsonLines(2)).filter(({ type }) => type === 'script').length, 2)
})

test('the lines for people go to stderr', async () => {
  const { stderr } = await capture(sampleEvents(), { output: 'json' })
  assert.match(stderr, 'm1  etcd  changed  file /etc/text: write text')
  assert.match(stderr, '2 hosts in 2.0 s')
})

test('a secret that looks like JSON leaves every line readable', async () => {
  const secret = `"},"host":"canary"`
  new Secret(secret)
  const { stdout } = await capture(sampleEvents(secret), { output: 'json', verbose: 2 })
  for (const line of stdout.trimEnd().split('\n')) JSON.parse(line)
  assert.not.match(stdout, 'canary')
})

test('docs/events.schema.json is what the code says: npm run events-schema writes it', () => {
  assert.is(readFileSync(new URL('../../docs/events.schema.json', import.meta.url), 'utf8'), schemaText())
})

async function jsonLines(verbose: number): Promise<Line[]> {
  const { stdout } = await capture(sampleEvents(), { output: 'json', verbose })
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
}

test.run()
