import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { MOST_MEMBERS, prioritiesOf, routerIdOf, weightProblem } from '../../roles/keepalived/election.ts'

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index)

/** Small deterministic generator, so that a failure can be repeated. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return (state >>> 8) % below
  }
}

/** keepalived's own arithmetic: a positive weight counts while the check is good, a negative one while it fails. */
function effective(priority: number, weight: number, healthy: boolean): number {
  const applies = weight > 0 ? healthy : !healthy
  return Math.min(254, Math.max(1, applies ? priority + weight : priority))
}

test('priorities fall by position: 150, 140, 130', () => {
  assert.equal(prioritiesOf([{}, {}, {}]), [150, 140, 130])
})

test('a given priority is taken', () => assert.equal(prioritiesOf([{}, { priority: 200 }]), [150, 200]))

test('as many members as there may be have priorities that differ, from 1 to 254', () => {
  const priorities = prioritiesOf(range(MOST_MEMBERS).map(() => ({})))
  assert.is(new Set(priorities).size, MOST_MEMBERS)
  assert.ok(priorities.every((priority) => priority >= 1 && priority <= 254))
})

test('whenever a weight is accepted, a member with a failing check loses against every healthy one', () => {
  const random = randomFrom(7)
  let accepted = 0
  for (const _ of range(5000)) {
    const priorities = [...new Set(range(2 + random(5)).map(() => 1 + random(254)))]
    const checkWeight = random(507) - 253
    if (checkWeight === 0 || weightProblem({ preempt: true, checkWeight, priorities }) !== undefined) continue
    accepted += 1
    const worst = Math.max(...priorities.map((priority) => effective(priority, checkWeight, false)))
    const best = Math.min(...priorities.map((priority) => effective(priority, checkWeight, true)))
    assert.ok(worst < best, `weight ${checkWeight} of ${priorities}`)
  }
  assert.ok(accepted > 100, `only ${accepted} cases`)
})

test('whenever a weight is refused for being too small, some failing member would keep the VIP', () => {
  const random = randomFrom(11)
  for (const _ of range(2000)) {
    const priorities = [1 + random(254), 1 + random(254)]
    const checkWeight = 1 + random(253)
    const problem = weightProblem({ preempt: true, checkWeight, priorities })
    if (!problem?.startsWith('priorities are')) continue
    const [low, high] = [Math.min(...priorities), Math.max(...priorities)]
    assert.ok(high >= low + checkWeight, `weight ${checkWeight} of ${priorities}`)
  }
})

test('the weight that an error names is enough', () => {
  assert.match(
    weightProblem({ preempt: true, checkWeight: 20, priorities: [150, 140, 130] }) ?? '',
    /at least 21/,
  )
  assert.is(weightProblem({ preempt: true, checkWeight: 21, priorities: [150, 140, 130] }), undefined)
  assert.is(weightProblem({ preempt: true, checkWeight: -21, priorities: [150, 140, 130] }), undefined)
})

test('a weight that leaves the range of priorities is refused: keepalived would cut it', () => {
  assert.match(
    weightProblem({ preempt: true, checkWeight: 120, priorities: [150, 140] }) ?? '',
    /from 140 to 270/,
  )
  assert.match(
    weightProblem({ preempt: true, checkWeight: -140, priorities: [150, 140] }) ?? '',
    /from 0 to 150/,
  )
})

test('weight 0 is right with and without preempt', () => {
  for (const preempt of [true, false])
    assert.is(weightProblem({ preempt, checkWeight: 0, priorities: [150, 50] }), undefined)
})

test('a name always gives the same VRRP id, from 1 to 255, and names spread over all of them', () => {
  const ids = range(5000).map((index) => routerIdOf(`cluster-${index}`))
  assert.is(routerIdOf('prod'), routerIdOf('prod'))
  assert.is(Math.min(...ids), 1)
  assert.is(Math.max(...ids), 255)
})

test.run()
