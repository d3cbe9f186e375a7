// Check mode tells exactly what the run then does: generated states of a whole host, each reached from the one before.
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Lab, labUp } from '../../lib/lab/index.ts'
import { directory } from '../../lib/resources/index.ts'
import { requireTruthOfAll } from '../helpers/check-equals-apply.ts'
import { desiredFiles, desiredPackage, desiredSystem } from '../helpers/desired-state.ts'
import { connectToLab } from '../helpers/lab-connection.ts'

const test = suite('check equals apply on a host')
const SEED = 20261121
let lab: Lab

test.before(async () => {
  lab = await labUp({ name: `truth-${process.pid}`, hosts: ['m1'] })
})
test.after(async () => await lab?.down())

test('30 generated states', async () => {
  const some = fc.array(fc.oneof(desiredSystem, desiredSystem, desiredFiles('/srv/truth')), {
    minLength: 3,
    maxLength: 8,
  })
  const states = fc.sample(some, { numRuns: 30, seed: SEED })
  const packages = fc.sample(desiredPackage, { numRuns: 30, seed: SEED })
  const parents = ['/srv/truth', '/srv/truth/a'].map((path) => () => directory(path))
  const connection = await connectToLab(lab, 'm1')
  try {
    const { changes, unknown } = await requireTruthOfAll(
      connection,
      states.map((state, index) => [
        ...parents,
        ...state,
        ...(index % 10 === 0 ? packages.slice(index, index + 1) : []),
      ]),
    )
    assert.ok(changes > 60 && unknown < changes / 4, 'check mode knows what it tells')
  } finally {
    await connection.close()
  }
})

test.run()
