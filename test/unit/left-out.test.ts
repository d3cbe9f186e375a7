// A run that is limited to a part of a play's hosts, beside another one: real shells on this machine, a folder for each.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { z } from 'zod'
import type { RunEvent } from '../../lib/engine/events.ts'
import { takeLock } from '../../lib/engine/lock.ts'
import { runPlays } from '../../lib/engine/run.ts'
import { UnreachableError } from '../../lib/errors.ts'
import { file } from '../../lib/resources/index.ts'
import { defineRole } from '../../lib/role.ts'
import type { Connection } from '../../lib/transport/connection.ts'
import { connectLocal } from '../../lib/transport/local.ts'

const test = suite('hosts that a limit leaves out')
const folder = mkdtempSync(join(tmpdir(), 'quorate-left-out-'))
const host = (name: string) => ({ name, address: name, groups: ['all'], vars: {} })
const owner = (run: string) => ({ run, who: `ann@control, pid ${run}`, what: 'HA cluster' })

test.after(() => {
  delete process.env.QUORATE_LOCK_DIR
  rmSync(folder, { recursive: true, force: true })
})

test('another run that has one of them keeps a host from its turn', async () => {
  const other = await machine('m2')
  await takeLock(other, { owner: owner('other'), host: 'm2', force: false })
  const { failed, turns } = await limitedRun('rolling')
  await other.close()
  assert.equal(failed, ['m2 is in use by another run, HA cluster by ann@control, pid other'])
  assert.is(turns, 0)
})

test('their locks are held while a host has its turn, and free afterwards', async () => {
  const during: string[] = []
  const asked = async () => {
    const other = await machine('m2')
    const answer = await takeLock(other, { owner: owner('other'), host: 'm2', force: false })
    await other.close()
    return answer.state
  }
  const { failed, turns } = await limitedRun('rolling', async () => void during.push(await asked()))
  assert.equal([failed, turns, during], [[], 1, ['busy']])
  for (let attempt = 0; (await asked()) !== 'held'; attempt += 1) assert.ok(attempt < 100, 'still locked')
})

test('where nobody takes a turn they are not even connected to', async () => {
  const { failed, connected } = await limitedRun('apply')
  assert.equal([failed, connected], [[], ['m1']])
})

test('one that cannot be reached is warned of, and is no obstacle', async () => {
  const { failed, warnings, turns } = await limitedRun('rolling', undefined, 'm2')
  assert.equal([failed, turns], [[], 1])
  assert.equal(warnings, [
    'm2: left out by the limit, and not locked against other runs: no route to m2',
    'm3: left out by the limit, and not locked against other runs: no route to m3',
  ])
})

/** A run of a play of m1, m2 and m3 that is limited to m1, which has something to change. */
async function limitedRun(
  how: 'rolling' | 'apply',
  gate: () => Promise<void> = async () => {},
  unreachable?: string,
) {
  const path = join(folder, 'changed')
  rmSync(path, { force: true })
  let turns = 0
  const role = defineRole({
    name: 'role',
    summary: '',
    vars: z.object({}),
    async converge({ apply, rolling }) {
      if (how === 'apply') return void (await apply(file(path, { content: 'new\n' })))
      await rolling(() => apply(file(path, { content: 'new\n' })), {
        gate,
        async healthy() {
          turns += 1
        },
      })
    },
  })()
  const events: RunEvent[] = []
  const connected: string[] = []
  const play = { name: 'play', tags: [], serial: [], maxFailures: undefined }
  const hosts = { hosts: [host('m1')], leftOut: [host('m2'), host('m3')] }
  await runPlays([{ ...play, ...hosts, roles: [{ applied: role, vars: new Map([['m1', {}]]) }] }], {
    ...{ playbook: 'HA cluster', mode: 'apply', diff: false, forks: 5 },
    signal: new AbortController().signal,
    lock: { owner: owner('ours'), force: false },
    emit: (event) => events.push(event),
    connect: async ({ name }) => {
      if (unreachable !== undefined && name !== 'm1') throw new UnreachableError(`no route to ${name}`)
      connected.push(name)
      return machine(name)
    },
  })
  return {
    connected,
    turns,
    failed: events.flatMap((event) => (event.type === 'failed' ? event.failure.message : [])),
    warnings: events.flatMap((event) => (event.type === 'warning' ? `${event.host}: ${event.message}` : [])),
  }
}

function machine(name: string): Promise<Connection> {
  process.env.QUORATE_LOCK_DIR = join(folder, name)
  // A program's environment is copied when it is started, at once.
  return connectLocal({}, { name })
}

test.run()
