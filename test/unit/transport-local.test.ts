import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { QuorateError } from '../../lib/errors.ts'
import type { Connection } from '../../lib/transport/connection.ts'
import { connect } from '../../lib/transport/index.ts'

const test = suite<{ connection: Connection; dir: string }>('local connection')
const settings = { transport: 'local', host: 'localhost', port: 22 } as const

test.before.each(async (context) => {
  context.dir = mkdtempSync(join(tmpdir(), 'quorate-local-'))
  context.connection = await connect(settings, { name: 'm1' })
})
test.after.each(async ({ connection, dir }) => {
  await connection.close()
  rmSync(dir, { recursive: true })
})

test('knows the facts of the machine', ({ connection: { facts } }) => {
  assert.is(facts.hostname, hostname())
  assert.is(facts.user, userInfo().username)
  assert.is(facts.architecture, { x64: 'x86_64', arm64: 'aarch64' }[process.arch as string])
  assert.ok(facts.cpus > 0 && facts.memoryKb > 0)
  assert.ok(facts.mounts.some(({ path, availableKb }) => path === '/' && availableKb > 0))
})

test('ends everything a script has started when it is closed', async ({ connection, dir }) => {
  const running = connection.run(sleeper(dir)).catch((error: Error) => error.message)
  const pids = await pidsIn(dir)
  await connection.close()
  assert.match(String(await running), 'm1')
  await allGone(pids)
})

test('ends a script that does not listen to TERM', async ({ connection, dir }) => {
  connection.run(`trap '' TERM; ${sleeper(dir)}`).catch(() => {})
  const pids = await pidsIn(dir)
  await connection.close()
  await allGone(pids)
})

test('leaves no orphan when the control process is killed', async ({ dir }) => {
  const control = controlProcess(sleeper(dir))
  const pids = await pidsIn(dir)
  control.kill('SIGKILL')
  await once(control, 'exit')
  await allGone(pids)
})

test('ends what a silent control process has started, and nothing of one that lives', async ({ dir }) => {
  const [silent, living] = ['silent', 'living'].map((name) => {
    const folder = join(dir, name)
    mkdirSync(folder)
    return { folder, control: controlProcess(sleeper(folder), 6) }
  }) as [Started, Started]
  try {
    const pids = await pidsIn(silent.folder)
    const others = await pidsIn(living.folder)
    // stopped, it neither closes anything nor says anything more
    silent.control.kill('SIGSTOP')
    await allGone(pids)
    assert.ok(others.every(isRunning))
  } finally {
    for (const { control } of [silent, living]) control.kill('SIGKILL')
  }
})

test('uploads a file with its mode', async ({ connection, dir }) => {
  for (const mode of [0o600, 0o644, 0o755, 0o400, 0o4755]) {
    const target = join(dir, `it's a ${mode}`)
    await connection.upload(process.execPath, target, { mode })
    assert.is(statSync(target).mode & 0o7777, mode)
    assert.ok(readFileSync(target).equals(readFileSync(process.execPath)))
  }
})

test('uploads an empty file, private by default', async ({ connection, dir }) => {
  writeFileSync(join(dir, 'empty'), '')
  await connection.upload(join(dir, 'empty'), join(dir, 'target'))
  assert.is(statSync(join(dir, 'target')).size, 0)
  assert.is(statSync(join(dir, 'target')).mode & 0o777, 0o600)
})

test('uploads a stream, and makes an existing file private before the content arrives', async ({
  connection,
  dir,
}) => {
  const target = join(dir, 'target')
  writeFileSync(target, 'longer than what comes', { mode: 0o666 })
  const modes: number[] = []
  async function* content() {
    yield 'first '
    while (readFileSync(target, 'utf8') !== 'first ') await new Promise((resolve) => setTimeout(resolve, 5))
    modes.push(statSync(target).mode & 0o777)
    yield Buffer.from('second')
  }
  await connection.upload(Readable.from(content()), target, { mode: 0o640 })
  assert.equal(modes, [0o600])
  assert.is(readFileSync(target, 'utf8'), 'first second')
  assert.is(statSync(target).mode & 0o777, 0o640)
})

const broken: [what: string, target: string, message: RegExp][] = [
  [
    'a directory that does not exist',
    '/nonexistent/target',
    /m1: cannot upload \/nonexistent\/target: .*nonexistent/i,
  ],
  ['a path that is a directory', '/tmp', /m1: cannot upload \/tmp: .*directory/i],
]
for (const [what, target, message] of broken) {
  test(`names the path and the reason when it uploads to ${what}`, async ({ connection }) => {
    const error = await connection.upload(process.execPath, target).catch((reason) => reason)
    assert.instance(error, QuorateError)
    assert.match(error.message, message)
  })
}

test('names a source that cannot be read', async ({ connection, dir }) => {
  const error = await connection.upload(join(dir, 'nothing'), join(dir, 'target')).catch((reason) => reason)
  assert.instance(error, QuorateError)
  assert.match(error.message, `cannot read ${join(dir, 'nothing')}`)
})

test('removes what had arrived when the source fails', async ({ connection, dir }) => {
  const target = join(dir, 'target')
  async function* content() {
    yield 'some'
    throw new Error('source is broken')
  }
  const error = await connection.upload(Readable.from(content()), target).catch((reason) => reason)
  assert.match(error.message, /cannot upload .*target: source is broken/)
  assert.is(statSync(target, { throwIfNoEntry: false }), undefined)
})

test('refuses a script that holds a NUL byte', async ({ connection }) => {
  const error = await connection.run('echo \0').catch((reason) => reason)
  assert.instance(error, TypeError)
})

interface Started {
  readonly folder: string
  readonly control: ChildProcess
}

/** Another process that runs a script here. */
function controlProcess(script: string, heartbeatSeconds?: number): ChildProcess {
  const program = `
    const { connect } = await import(${JSON.stringify(new URL('../../lib/transport/index.ts', import.meta.url).href)})
    const options = ${JSON.stringify({ name: 'm1', heartbeatSeconds })}
    const connection = await connect(${JSON.stringify(settings)}, options)
    await connection.run(${JSON.stringify(script)})`
  return spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
    stdio: 'ignore',
  })
}

/** A script with a child and a grandchild; the file `ready` tells when all their pids are written. */
function sleeper(dir: string): string {
  return `sleep 1000 & echo $! >${dir}/pids; sh -c 'sleep 1000 & echo $! >>${dir}/pids; wait' & echo $! >>${dir}/pids
until [ "$(wc -l <${dir}/pids)" -eq 3 ]; do sleep 0.02; done; : >${dir}/ready; wait`
}

async function pidsIn(dir: string): Promise<number[]> {
  await until(() => statSync(join(dir, 'ready'), { throwIfNoEntry: false }) !== undefined)
  return readFileSync(join(dir, 'pids'), 'utf8').trim().split('\n').map(Number)
}

async function allGone(pids: readonly number[]): Promise<void> {
  await until(() => !pids.some(isRunning))
}

function isRunning(pid: number): boolean {
  try {
    // A zombie runs no more, whenever its parent gets to it.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

async function until(done: () => boolean): Promise<void> {
  const deadline = Date.now() + 60_000
  while (!done()) {
    if (Date.now() > deadline) throw new Error('waited in vain')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

test.run()
