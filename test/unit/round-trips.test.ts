import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { RunEvent, RunMode } from '../../lib/engine/events.ts'
import { runPlays } from '../../lib/engine/run.ts'
import { type AppliedRole, defineRole, directory, file, group, line, user, z } from '../../lib/index.ts'
import { connect } from '../../lib/transport/index.ts'
import { countingSshHost } from '../helpers/counting-ssh-host.ts'

// What a run costs, in counts: seconds say nothing on a busy machine.
const many = defineRole({
  name: 'many',
  summary: 'resources of several kinds',
  vars: z.object({}),
  async converge({ apply, mode }) {
    assert.is(mode, 'check')
    await apply(
      group('quorate-absent'),
      user('root'),
      directory('/etc'),
      ...Array.from({ length: 50 }, (_, index) => file(`/etc/quorate-${index}`, { content: `${index}\n` })),
      ...Array.from({ length: 50 }, (_, index) =>
        line('/etc/hosts', { line: `10.250.0.${index} h${index}` }),
      ),
    )
  },
})

const asking = defineRole({
  name: 'asking',
  summary: 'three questions',
  vars: z.object({}),
  async converge({ query }) {
    for (const word of ['one', 'two', 'three']) assert.is((await query`echo ${word}`).stdout, word)
  },
})

test('a hundred resources cost one login, one program and one round trip', async () => {
  const { counts, events } = await costs([many()], 'check')
  assert.is(counts.connections, 1)
  assert.is(counts.programs, 1)
  assert.is(counts.roundTrips, 1)
  // With a key that is accepted ssh2 asks first, then signs.
  assert.ok(counts.attempts <= 2, `${counts.attempts} attempts`)
  assert.ok(counts.bytesSent < 20_000, `${counts.bytesSent} bytes`)
  const told = events.map(({ type }) => type).filter((type) => type !== 'change')
  assert.ok(told.length <= 15, told.join(' '))
})

test('a question costs a round trip, a role without any costs none', async () => {
  const { counts } = await costs([asking()], 'check')
  assert.equal([counts.programs, counts.roundTrips], [1, 3])
})

async function costs(roles: readonly AppliedRole[], mode: RunMode) {
  const counted = await countingSshHost()
  const events: RunEvent[] = []
  const host = { name: 'counted', address: '127.0.0.1', groups: [], vars: {} }
  const ready = roles.map((applied) => ({ applied, vars: new Map([['counted', {}]]) }))
  await runPlays(
    [{ name: 'play', tags: [], hosts: [host], roles: ready, serial: [], maxFailures: undefined }],
    {
      playbook: 'counting',
      mode,
      diff: false,
      forks: 10,
      signal: new AbortController().signal,
      emit: (event) => events.push(event),
      connect: () => connect(counted.settings, counted.options),
    },
  )
  await counted.stop()
  assert.equal(
    events.filter(({ type }) => type === 'failed'),
    [],
  )
  return { counts: counted.counts, events }
}

test.run()
