import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Coordination, RollStopped } from '../../lib/engine/coordination.ts'
import { UnreachableError } from '../../lib/errors.ts'

const HOSTS = ['m1', 'm2', 'm3']

test('everyone waits for all hosts and gives their values in play order', async () => {
  const coordination = new Coordination(HOSTS)
  const meetings = ['m3', 'm1', 'm2'].map((host) => coordination.everyone('state', host, host.toUpperCase()))
  for (const values of await Promise.all(meetings)) {
    assert.equal(
      [...values],
      [
        ['m1', 'M1'],
        ['m2', 'M2'],
        ['m3', 'M3'],
      ],
    )
  }
})

test('nobody waits for a host that has failed, before or after it came', async () => {
  const coordination = new Coordination(HOSTS)
  coordination.leave('m2')
  const meetings = [coordination.everyone('state', 'm1', 1), coordination.everyone('state', 'm3', 3)]
  assert.equal([...((await Promise.all(meetings))[0]?.keys() ?? [])], ['m1', 'm3'])
  const second = coordination.everyone('again', 'm1', 1)
  coordination.leave('m3')
  assert.equal([...(await second).keys()], ['m1'])
})

test('once runs on one host and everybody gets its result', async () => {
  const coordination = new Coordination(HOSTS)
  let runs = 0
  const results = await Promise.all(
    HOSTS.map((host) => coordination.once('token', host, async () => `${host} ${++runs}`)),
  )
  assert.equal(results, ['m1 1', 'm1 1', 'm1 1'])
})

test('once moves on to another host when the connection of the first is lost', async () => {
  const coordination = new Coordination(HOSTS)
  const work = (host: string) => async () => {
    if (host === 'm1') throw new UnreachableError('lost')
    return host
  }
  const results = await Promise.allSettled(HOSTS.map((host) => coordination.once('token', host, work(host))))
  assert.equal(
    results.map((result) => (result.status === 'fulfilled' ? result.value : result.reason.message)),
    ['lost', 'm2', 'm2'],
  )
})

test('once that fails fails for everybody', async () => {
  const coordination = new Coordination(HOSTS)
  let runs = 0
  const work = async () => {
    runs += 1
    throw new Error('no quorum')
  }
  const results = await Promise.allSettled(HOSTS.map((host) => coordination.once('token', host, work)))
  assert.equal(
    results.map(({ status }) => status),
    ['rejected', 'rejected', 'rejected'],
  )
  assert.is(runs, 1)
})

for (const max of [1, 2]) {
  test(`at most ${max} hosts have their turn at the same time`, async () => {
    const coordination = new Coordination(HOSTS)
    let [running, most, turns] = [0, 0, 0]
    const turn = async () => {
      most = Math.max(most, ++running)
      await new Promise((resolve) => setImmediate(resolve))
      running -= 1
      turns += 1
    }
    await Promise.all(HOSTS.map((host) => coordination.takeTurn('roll', host, max, turn)))
    assert.equal({ most, turns }, { most: max, turns: 3 })
  })
}

test('the first failure stops the roll: hosts behind it are not touched and told why', async () => {
  const coordination = new Coordination(HOSTS)
  const touched: string[] = []
  const turn = (host: string) => async () => {
    touched.push(host)
    if (host === 'm2') throw new Error('not healthy')
  }
  const results = await Promise.allSettled(
    HOSTS.map((host) => coordination.takeTurn('roll', host, 1, turn(host))),
  )
  assert.equal(touched, ['m1', 'm2'])
  const last = results[2] as PromiseRejectedResult
  assert.instance(last.reason, RollStopped)
  assert.match(last.reason.message, 'm2 failed: not healthy')
})

test.run()
