import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { interruptible, Stopped } from '../../lib/engine/interruption.ts'
import { type UntilOptions, until } from '../../lib/engine/until.ts'
import { UnreachableError } from '../../lib/errors.ts'

test('goes on until an attempt succeeds', async () => {
  let calls = 0
  const result = await until(
    async () => {
      calls += 1
      if (calls < 3) throw new Error('not yet')
      return calls
    },
    { every: 0.001 },
  )
  assert.is(result, 3)
})

for (const [options, expected] of [
  [{ attempts: 1 }, 1],
  [{ attempts: 4, every: 0.001, backoff: 2 }, 4],
  [{ seconds: 0 }, 1],
] as const) {
  test(`${JSON.stringify(options)} makes ${expected} attempts, and the last error stands`, async () => {
    assert.equal(await failing(options), [expected, `attempt ${expected}`])
  })
}

test('pauses grow by the backoff up to the longest', async () => {
  const begin = performance.now()
  await failing({ attempts: 4, every: 0.01, backoff: 10, longest: 0.1 })
  // 0.01 + 0.1 + 0.1; without a limit it would be 1.11, without growth 0.03.
  const seconds = (performance.now() - begin) / 1000
  assert.ok(seconds >= 0.2, String(seconds))
})

test('a lost host and the end of the run are not tried again', async () => {
  for (const error of [new UnreachableError('lost'), new Stopped()]) {
    let calls = 0
    const outcome = await until(async () => {
      calls += 1
      throw error
    }).catch((thrown) => thrown)
    assert.is(outcome, error)
    assert.is(calls, 1)
  }
})

test('the end of the run ends a pause', async () => {
  const interruption = new AbortController()
  const outcome = await interruptible(interruption.signal, () =>
    until(
      async () => {
        interruption.abort()
        throw new Error('not yet')
      },
      { every: 1000 },
    ),
  ).catch((error) => error)
  assert.instance(outcome, Stopped)
})

async function failing(options: UntilOptions): Promise<[number, string]> {
  let calls = 0
  const error: Error = await until(async () => {
    calls += 1
    throw new Error(`attempt ${calls}`)
  }, options).catch((thrown) => thrown)
  return [calls, error.message]
}

test.run()
