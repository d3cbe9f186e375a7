import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type ConvergeOptions, converge, ResourceError } from '../../lib/engine/converge.ts'
import { Knowledge } from '../../lib/engine/knowledge.ts'
import type { Resource } from '../../lib/engine/resource.ts'
import { key, keyNeed, MemoryHost } from '../helpers/memory-host.ts'

async function changesOf(
  host: MemoryHost,
  resources: readonly Resource[],
  options: ConvergeOptions = {},
): Promise<string[]> {
  const changes: string[] = []
  await converge(host, resources, {
    ...options,
    onChange: (resource, { summary }, after) =>
      changes.push(`${resource.name}: ${summary}${after ? ` after ${after}` : ''}`),
  })
  return changes
}

test('a host that is as desired is asked once and told nothing', async () => {
  const host = new MemoryHost()
  host.state.set('a', '1').set('b', '2')
  const result = await converge(host, [key('a', '1'), key('b', '2')])
  assert.equal(result, { ok: 2, changes: 0 })
  assert.equal(host.scripts, ['get a b'])
})

test('only what differs is changed, all of it in one more round trip', async () => {
  const host = new MemoryHost()
  host.state.set('b', '2')
  assert.equal(await changesOf(host, [key('a', '1'), key('b', '2'), key('c', '3')]), ['a:  → 1', 'c:  → 3'])
  assert.equal([...host.state].sort(), [
    ['a', '1'],
    ['b', '2'],
    ['c', '3'],
  ])
  assert.is(host.roundTrips, 2)
})

test('check mode changes nothing and names the same changes as the run that follows', async () => {
  const host = new MemoryHost()
  const resources = [key('a', '1'), key('b', '', { from: ['a'] }), key('c', 'x', { from: ['b'] })]
  const planned = await changesOf(host, resources, { check: true })
  assert.is(host.state.size, 0)
  assert.equal(await changesOf(host, resources), planned)
  assert.equal(planned, ['a:  → 1', 'b:  → 1', 'c:  → x1'])
})

test('what a change makes unknown is asked again before anything is planned with it', async () => {
  const host = new MemoryHost()
  const install = key('a', '1', { effects: { known: [[keyNeed('a'), '1']], unknown: 'everything' } })
  const resources = [install, key('b', '2'), key('c', '3')]
  await changesOf(host, resources)
  assert.equal(host.scripts, ['get a b c', 'set a 1', 'get b c', 'set b 2', 'set c 3'])
  assert.is(host.roundTrips, 4)
})

test('check mode says after which change an uncertain one can be known', async () => {
  const host = new MemoryHost()
  const install = key('a', '1', { effects: { unknown: 'everything' } })
  const knowledge = new Knowledge()
  assert.equal(await changesOf(host, [install, key('b', '2')], { check: true, knowledge }), [
    'a:  → 1',
    'b:  → 2 after key a',
  ])
  assert.equal(
    await changesOf(host, [key('c', '3')], { check: true, knowledge }),
    ['c:  → 3 after key a'],
    'later batches too',
  )
})

test('a plan that is impossible stops before anything is changed', async () => {
  const host = new MemoryHost()
  const error = await failureOf(() =>
    converge(host, [key('a', '1'), key('b', '2', { impossible: 'no such thing' })]),
  )
  assert.is(error.message, 'no such thing')
  assert.is(error.resource, 'key b')
  assert.is(host.state.size, 0)
})

test('a plan that an earlier change may make possible is not a failure in check mode', async () => {
  const install = key('a', '1', { effects: { unknown: 'everything' } })
  const resources = [install, key('b', '2', { impossible: 'no such thing' })]
  const changes = await changesOf(new MemoryHost(), resources, { check: true })
  assert.equal(changes[1], 'b: cannot be planned yet (no such thing) after key a')
})

test('a failing change stops the ones behind it and tells rc, stderr and the line of the resource', async () => {
  const host = new MemoryHost()
  const resources = [key('a', '1'), key('b', '2', { action: 'fail' }), key('c', '3')]
  const error = await failureOf(() => converge(host, resources))
  assert.is(error.rc, 7)
  assert.is(error.stderr, 'one\ntwo\n')
  assert.equal(error.place, { file: '/role.ts', line: 3 })
  assert.equal([...host.state.keys()], ['a'])
})

test('changes that only the control machine can make keep their place in the order', async () => {
  const host = new MemoryHost()
  const upload = key('b', '2', { action: async (connection) => void (await connection.run('set b 2')) })
  await changesOf(host, [key('a', '1'), upload, key('c', '3')])
  assert.equal(host.scripts, ['get a b c', 'set a 1', 'set b 2', 'set c 3'])
})

test('a run that is told to stop begins no change', async () => {
  const host = new MemoryHost()
  const proceed = () => {
    throw new Error('stopped')
  }
  try {
    await converge(host, [key('a', '1')], { proceed })
    assert.unreachable()
  } catch (error) {
    assert.is((error as Error).message, 'stopped')
  }
  assert.is(host.state.size, 0)
})

async function failureOf(work: () => Promise<unknown>): Promise<ResourceError> {
  try {
    await work()
  } catch (error) {
    assert.instance(error, ResourceError)
    return error as ResourceError
  }
  throw new Error('expected a failure')
}

test.run()
