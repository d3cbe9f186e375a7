// Runs that are killed at random points, many of them: QUORATE_SEEDS=1,2,3 chooses which.
import { suite } from 'uvu'
import { type Cluster, clusterUp } from '../../helpers/cluster.ts'
import { requireWhole, succeed } from '../../helpers/cluster-health.ts'
import { interruptInit, interruptJoins, requireRepaired } from '../../helpers/disturb.ts'

const test = suite('runs that are killed')
const seeds = (process.env.QUORATE_SEEDS ?? '1,2,3,4,5,6,7,8,9,10,11,12').split(',').map(Number)
let cluster: Cluster

test.before(async () => {
  const groups = { masters: ['m1', 'm2', 'm3'], workers: ['n1', 'n2'] }
  cluster = await clusterUp({ name: 'test-killed', groups })
  await succeed(cluster)
  await requireWhole(cluster)
})

test.after(async () => await cluster?.lab.down())

for (const seed of seeds) {
  // Every third makes a new cluster.
  const interrupt = seed % 3 === 0 ? interruptInit : interruptJoins
  const when = seed % 3 === 0 ? 'the cluster is made' : 'hosts join'
  test(`killed while ${when} (seed ${seed}), the next run completes to the same state`, async () => {
    await interrupt(cluster, seed)
    await requireRepaired(cluster)
  })
}

test.run()
