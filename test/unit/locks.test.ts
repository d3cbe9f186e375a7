// Locks as hosts hold them: real shells on this machine, in a folder of the test's own.
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type LockedHost, refusal, takeLock, takeLocks } from '../../lib/engine/lock.ts'
import { type LockOptions, lockScript, parseLockAnswer } from '../../lib/engine/lock-script.ts'
import type { Connection } from '../../lib/transport/connection.ts'
import { connectLocal } from '../../lib/transport/local.ts'

const test = suite('locks')
const folder = mkdtempSync(join(tmpdir(), 'quorate-locks-'))
const open: Connection[] = []

test.before(() => {
  process.env.QUORATE_LOCK_DIR = folder
})
test.after.each(async () => {
  await Promise.all(open.splice(0).map((connection) => connection.close()))
})
test.after(() => {
  delete process.env.QUORATE_LOCK_DIR
  rmSync(folder, { recursive: true, force: true })
})

test('one run has the lock; another one is told who, what and since when', async () => {
  assert.equal(await takeLock(await connect(), by('a')), { state: 'held' })
  const answer = await takeLock(await connect(), by('b'))
  assert.is(answer.state, 'busy')
  if (answer.state !== 'busy') return
  assert.is(answer.who, "ann o'hara@control, pid a")
  assert.is(answer.what, '$(HA) cluster')
  assert.ok(answer.seconds >= 0 && answer.seconds < 600, String(answer.seconds))
})

test('the lock ends with its connection', async () => {
  const first = await connect()
  assert.is((await takeLock(first, by('a'))).state, 'held')
  await first.close()
  await gets('held', by('b'))
})

test('a script that goes on in the background does not keep the lock', async () => {
  const first = await connect()
  await takeLock(first, by('a'))
  await first.run(`sleep 1000 </dev/null >/dev/null 2>&1 & echo $! >${folder}/pid`)
  await first.close()
  await gets('held', by('b'))
})

test('the same run may reach a machine under two names', async () => {
  assert.is((await takeLock(await connect(), by('a', 'm1'))).state, 'held')
  assert.is((await takeLock(await connect(), by('a', 'm2'))).state, 'held')
})

test('a run that comes back to a host ends what its lost connection left running there', async () => {
  const lost = await connect()
  await takeLock(lost, by('a'))
  const running = lost.run('sleep 1000').then(
    () => 'finished',
    () => 'ended',
  )
  assert.is((await takeLock(await connect(), by('a'))).state, 'held')
  assert.is(await running, 'ended')
})

test('--force-unlock ends what the other run does on the host, and takes the lock', async () => {
  const other = await connect()
  await takeLock(other, by('a'))
  const marker = join(folder, 'late')
  const running = other.run(`sleep 1000; touch ${marker}`).then(
    () => 'finished',
    () => 'ended',
  )
  assert.is((await takeLock(await connect(), { ...by('b'), force: true })).state, 'held')
  assert.is(await running, 'ended')
  assert.not(existsSync(marker))
  assert.is((await takeLock(await connect(), by('c'))).state, 'busy', 'and the new one is a lock as well')
  await Promise.all(open.splice(0).map((connection) => connection.close()))
  assert.is((await takeLock(await connect(), by('a'))).state, 'busy', 'who was ended does not come back')
  await gets('held', by('c'))
})

test('of two runs that begin together one gets all hosts', async () => {
  const outcomes = await Promise.all(
    (await Promise.all(['a', 'b'].map(twoMachines))).map(async (hosts) => {
      const busy = await takeLocks(hosts, () => {})
      if (busy.size > 0) await Promise.all(hosts.map(({ connection }) => connection.close()))
      return [...busy.keys()].join()
    }),
  )
  assert.ok(outcomes.includes(''), 'one has both')
  assert.match(outcomes.join(' '), /m0/, 'the other was refused the first')
})

test('a host without flock is told of, and is no obstacle', () => {
  assert.equal(parseLockAnswer('', 'sh: noise\nit has no flock\n'), {
    state: 'unknown',
    reason: 'it has no flock',
  })
})

test('the script quotes what others chose', () => {
  assert.match(lockScript(by('a')), `what='$(HA) cluster'`)
})

test('a refusal names hosts, holder and age, and what to do', () => {
  const busy = { state: 'busy', who: 'ann@control, pid 1', what: 'HA' } as const
  const error = refusal(
    new Map([
      ['m2', { ...busy, seconds: 300 }],
      ['m1', { ...busy, seconds: 301 }],
      ['m3', { ...busy, who: 'bob@laptop, pid 2', seconds: 5 }],
    ]),
  )
  assert.is(
    error.message,
    'm1, m2: in use by another run: HA by ann@control, pid 1, for 5 min; m3: in use by another run: HA by bob@laptop, pid 2, for 5 s; nothing was changed',
  )
  assert.match(error.hint ?? '', '--force-unlock')
})

function by(run: string, host = 'm1'): LockOptions {
  return { owner: { run, who: `ann o'hara@control, pid ${run}`, what: '$(HA) cluster' }, host, force: false }
}

/** Each folder is a machine. */
async function connect(machine = folder): Promise<Connection> {
  process.env.QUORATE_LOCK_DIR = machine
  // A program's environment is copied when it is started, at once.
  const opening = connectLocal({}, { name: 'here' })
  process.env.QUORATE_LOCK_DIR = folder
  const connection = await opening
  open.push(connection)
  return connection
}

async function twoMachines(run: string): Promise<LockedHost[]> {
  const hosts: LockedHost[] = []
  for (const name of ['m0', 'm1'])
    hosts.push({ connection: await connect(join(folder, name)), options: by(run, name) })
  // Each run begins at another end.
  return run === 'a' ? hosts : hosts.reverse()
}

/** The processes of a closed connection end a moment later. */
async function gets(state: string, options: LockOptions): Promise<void> {
  const connection = await connect()
  for (let attempt = 0; attempt < 50; attempt += 1) {
    if ((await takeLock(connection, options)).state === state) return
    await sleep(100)
  }
  assert.unreachable(`not ${state}`)
}

test.run()
