import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { afterRunning } from '../../lib/transport/running-time.ts'

test('time in which the process could not run hardly counts', async () => {
  const turns: string[] = []
  const ended = new Promise<void>((resolve) => {
    afterRunning(0.5, () => {
      turns.push('ended')
      resolve()
    })
  })
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000)
  // A turn or two of the event loop: all timers that are due come before this one.
  await sleep(1)
  turns.push('first turn after it was held up')
  await ended
  assert.equal(turns, ['first turn after it was held up', 'ended'])
})

test('it can be called off', async () => {
  let isCalled = false
  const stop = afterRunning(0.01, () => {
    isCalled = true
  })
  stop()
  await sleep(50)
  assert.is(isCalled, false)
})

test.run()
