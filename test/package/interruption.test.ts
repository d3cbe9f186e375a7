// A run that is told to stop, killed, refused or kept waiting, on this machine: nothing stays behind.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'quorate-interruption-'))
const path = (name: string) => join(folder, name)
const test = suite('interruption')
const started: ChildProcess[] = []

// The step leaves its pid, and waits for a file as long as it is told to.
const PLAYBOOK = `
import { defineRole, play, playbook, sh, step, z } from '${root}dist/lib/index.js'
const at = (name) => '${folder}/' + name
const work = defineRole({
  name: 'work',
  summary: 'waits',
  vars: z.object({ limit: z.number().optional() }),
  async converge({ vars, apply }) {
    const run = sh\`(while [ ! -e \${at('go')} ]; do sleep 0.1; done) & echo $! >\${at('pid')}; wait; touch \${at('first')}\`
    try {
      await apply(step('first', { done: sh\`test -e \${at('first')}\`, run, timeout: vars.limit }))
    } finally {
      await apply(step('second', { done: sh\`test -e \${at('second')}\`, run: sh\`touch \${at('second')}\` }))
    }
  },
  verify: async ({ mode }) => (mode === 'verify' ? 'all is well '.repeat(20_000) : undefined),
})
export default await playbook('waiting', { plays: ({ group }) => [play('wait', group('all'), [work()])] })
`

test.before(() => {
  writeFileSync(path('work.mjs'), PLAYBOOK)
  writeFileSync(path('hosts.ini'), 'here ansible_connection=local\n')
  writeFileSync(path('limited.ini'), 'here ansible_connection=local work_limit=0.5\n')
})
test.before.each(() => {
  for (const name of ['go', 'pid', 'first', 'second']) rmSync(path(name), { force: true })
})
test.after.each(async () => {
  for (const child of started.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    child.kill('SIGKILL')
    await once(child, 'close')
  }
})
test.after(() => {
  rmSync(folder, { recursive: true, force: true })
})

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  test(`${signal} lets what runs finish and starts nothing new`, async () => {
    const run = start()
    await workBegins()
    run.child.kill(signal)
    await run.says('finishing what runs')
    writeFileSync(path('go'), '')
    assert.is(await run.ended, code, run.output())
    assert.ok(existsSync(path('first')))
    assert.not(existsSync(path('second')))
    assert.match(run.output(), /interrupted: run it again.*\n.*1 host in .*1 changed, 0 failed/)
    const next = start()
    assert.is(await next.ended, 0, next.output())
    assert.ok(existsSync(path('second')), 'the next run has finished it')
  })
}

test('what does not finish within the grace time is ended', async () => {
  const run = start('--grace', '0.2')
  const pid = await workBegins()
  run.child.kill('SIGINT')
  assert.is(await run.ended, 130, run.output())
  assert.match(run.output(), /interrupted/)
  await ends(pid)
  assert.not(existsSync(path('first')))
})

test('a second signal ends all at once', async () => {
  const run = start()
  const pid = await workBegins()
  run.child.kill('SIGTERM')
  await run.says('finishing what runs')
  run.child.kill('SIGTERM')
  assert.is(await run.ended, 143, run.output())
  await ends(pid)
})

test('a run that is killed leaves no process and no lock', async () => {
  const run = start()
  const pid = await workBegins()
  run.child.kill('SIGKILL')
  await run.ended
  await ends(pid)
  rmSync(path('pid'))
  writeFileSync(path('go'), '')
  const next = start()
  assert.is(await next.ended, 0, next.output())
})

test('a second run is refused as long as the first one works; --force-unlock ends it', async () => {
  const first = start()
  const pid = await workBegins()
  const second = start()
  assert.is(await second.ended, 3, second.output())
  assert.match(
    second.output(),
    new RegExp(`here: in use by another run: waiting by \\S+@\\S+, pid ${first.child.pid}, for \\d+ `),
  )
  const check = start('--check')
  assert.is(await check.ended, 0, check.output())
  rmSync(path('pid'))
  const third = start('--force-unlock')
  await workBegins()
  await ends(pid)
  assert.is(await first.ended, 3, first.output())
  assert.match(first.output(), /another run has taken over: waiting by/)
  writeFileSync(path('go'), '')
  assert.is(await third.ended, 0, third.output())
})

test('a step that takes longer than it may is ended with all its processes; the role goes on as it likes', async () => {
  const run = start('-i', path('limited.ini'))
  const pid = await workBegins()
  assert.is(await run.ended, 3, run.output())
  assert.match(run.output(), /step first: timed out after 0\.5 s; its processes were ended/)
  await ends(pid)
  assert.ok(existsSync(path('second')), 'finally')
})

test('a signal that comes while the report is written does not cut it off', async () => {
  for (const name of ['go', 'first', 'second']) writeFileSync(path(name), '')
  const pipe = path('report.html')
  execFileSync('mkfifo', [pipe])
  // Reads one byte, and the rest only once it is told to: more than a pipe holds.
  const reader = spawn('sh', [
    '-c',
    'exec 3<>"$1"; head -c 1 <&3 >"$1.part"; echo began; read -r go; exec cat <&3',
    'sh',
    pipe,
  ])
  started.push(reader)
  const run = start('--verify', '--report', pipe)
  await once(reader.stdout, 'data')
  run.child.kill('SIGINT')
  reader.stdout.resume()
  reader.stdin.end('go\n')
  assert.is(await run.ended, 0, run.output())
})

function start(...args: readonly string[]) {
  const inventory = args.includes('-i') ? [] : ['-i', path('hosts.ini')]
  const child = spawn('node_modules/.bin/zx', [path('work.mjs'), ...inventory, ...args], {
    cwd: root,
    env: { ...process.env, NO_COLOR: '1', CI: '1', QUORATE_LOCK_DIR: folder, XDG_STATE_HOME: folder },
  })
  started.push(child)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
  return {
    child,
    output: () => output,
    ended: new Promise<number | null>((resolve) => child.once('close', resolve)),
    says: (text: string) => eventually(() => output.includes(text), `the run says ${text}`),
  }
}

async function workBegins(): Promise<number> {
  const pid = () => (existsSync(path('pid')) ? Number(readFileSync(path('pid'), 'utf8')) : 0)
  await eventually(() => pid() > 0, 'the step begins')
  return pid()
}

async function ends(pid: number): Promise<void> {
  await eventually(() => !isRunning(pid), `process ${pid} ends`)
}

// A zombie whose parent is slow to collect it does nothing any more.
function isRunning(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

async function eventually(holds: () => boolean, what: string): Promise<void> {
  for (let attempt = 0; attempt < 1200; attempt += 1) {
    if (holds()) return
    await sleep(50)
  }
  assert.unreachable(`after a minute: ${what}`)
}

test.run()
