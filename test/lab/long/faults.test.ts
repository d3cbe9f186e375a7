// What takes too long for every change: signals at a hundred points, long cuts of the network.
import { setTimeout as sleep } from 'node:timers/promises'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Survival, seeded, signalFaults } from '../../helpers/survival.ts'

const test = suite('faults, at length')
const CUT = 'iptables -I INPUT -p tcp --dport 22 -j DROP'
const SEED = Number(process.env.SEED ?? 20261121)
let survival: Survival

test.before(async () => {
  survival = await Survival.start(`faults-long-${process.pid}`)
})
test.after(async () => await survival?.end())

test('signals at a hundred points: the next run finishes', async () => {
  const failures = await survival.failuresOf(signalFaults(100, survival.events, SEED))
  assert.is(failures.join('\n'), '')
})

test('the network is cut for longer than a connection lives: the next run finishes', async () => {
  const random = seeded(SEED)
  for (const seconds of [20, 45, 90]) {
    await survival.requireSurvived({
      installed: true,
      async inject(run, lab) {
        await run.reaches(Math.ceil(random() * survival.events))
        await lab.exec('m1', CUT)
        await sleep(seconds * 1000)
        await lab.exec('m1', CUT.replace('-I', '-D'))
      },
      codes: [0, 3, 4],
    })
  }
})

test.run()
