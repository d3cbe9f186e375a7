import { PassThrough } from 'node:stream'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { RunEvent, RunMode } from '../../lib/engine/events.ts'
import { createReporter, type ReportOptions } from '../../lib/report/index.ts'
import { Secret } from '../../lib/secret.ts'
import { capture } from '../helpers/captured-report.ts'

const ESCAPE = '\u001b'
const change = {
  host: 'm1',
  play: 'etcd',
  role: 'etcd',
  resource: 'file /etc/etcd/etcd.yml',
  summary: 'create',
}
const service = { host: 'm1', play: 'etcd', role: 'etcd', resource: 'service etcd', summary: 'start' }
const failure = { host: 'm2', play: 'etcd', role: 'etcd', message: 'no answer', unreachable: false }

test('a run in apply mode prints its changes, findings, failures and recap, and nothing for what is ok', async () => {
  const output = await report([
    ...start('apply'),
    { type: 'step', host: 'm1', play: 'etcd', step: 'connecting' },
    { type: 'ok', host: 'm1', count: 4 },
    { type: 'change', change },
    { type: 'change', change: { ...change, host: 'm2' } },
    { type: 'warning', message: 'an even number of members' },
    { type: 'verified', host: 'm1', role: 'etcd', message: '2 members, all healthy' },
    { type: 'hostDone', host: 'm1', play: 'etcd' },
    { type: 'failed', failure },
    { type: 'playEnd', play: 'etcd' },
    end(false),
  ])
  assert.is(
    output,
    `HA cluster on 2 hosts

play etcd: m1 m2
m1  etcd  changed  file /etc/etcd/etcd.yml: create
m2  etcd  changed  file /etc/etcd/etcd.yml: create
warning  an even number of members
m1  etcd  verified  2 members, all healthy
m2  etcd  failed  no answer
    play:    etcd

what changed
  file /etc/etcd/etcd.yml: create  m1 m2

host     ok  changed  failed  unreachable   time
m1        4        1       0            0  1.5 s
m2        0        1       1            0  0.3 s

2 hosts in 2.0 s: 4 ok, 2 changed, 1 failed, 0 unreachable
`,
  )
})

test('check mode says what would change and what is known only after another change', async () => {
  const output = await report([
    ...start('check'),
    { type: 'change', change: { ...service, after: 'package etcd', turn: 1 } },
    end(false),
  ])
  assert.match(output, 'HA cluster on 2 hosts, check mode: nothing is changed\n')
  assert.match(
    output,
    'm1  etcd  would change  service etcd: start (in turns, 1 host at a time) (known only after package etcd)\n',
  )
  assert.match(
    output,
    'what would change\n  service etcd: start (in turns, 1 host at a time) (known only after package etcd)  m1\n',
  )
  assert.match(output, 'm1        4             1 ')
  assert.not.match(output, ' changed ')
})

test('an interrupted run says so before its totals', async () => {
  const output = await report([...start('apply'), end(true)])
  assert.match(output, 'interrupted: run it again to finish what is left\n2 hosts in')
})

test('diffs are printed below their change when they are asked for', async () => {
  const diff = { before: 'a\nold\n', after: 'a\nnew\n' }
  const events: RunEvent[] = [...start('apply'), { type: 'change', change: { ...change, diff } }]
  const shown = `file /etc/etcd/etcd.yml: create\n    @@ -1,2 +1,2 @@\n     a\n    -old\n    +new\n`
  assert.match(await report(events, { diff: true }), shown)
  assert.not.match(await report(events), '@@')
})

test('steps are printed with -v', async () => {
  const output = await report([{ type: 'step', host: 'm1', play: '', step: 'connecting' }], {
    verbose: 1,
  })
  assert.is(output, 'm1  connecting\n')
})

test('no text shows a revealed secret, not even one that is cut, in a diff or in stderr', async () => {
  new Secret('hunter2-of-the-report').reveal()
  const text = 'password hunter2-of-the-report\n'
  const output = await report(
    [
      ...start('apply'),
      { type: 'change', change: { ...change, summary: text, diff: { before: '', after: text } } },
      { type: 'verified', host: 'm1', role: 'etcd', message: text },
      { type: 'warning', message: text },
      { type: 'failed', failure: { ...failure, message: text, hint: text, stderr: text, resource: text } },
    ],
    { diff: true },
  )
  assert.not.match(output, 'hunter2')
  assert.is(output.split('password ***').length - 1, 8)
})

test("a secret that equals one of the engine's own words does not break the report", async () => {
  new Secret('playStart').reveal()
  assert.match(await report(start('apply')), 'play etcd: m1 m2\n')
})

test('control characters that a host sends are not passed on to the terminal', async () => {
  const message = `\u001b[2J\u001b]0;owned\u0007gone\u0008\u202e\rnext`
  const output = await report([{ type: 'verified', host: 'm1', role: 'etcd', message }])
  assert.is(output, 'm1  etcd  verified  gone\\x08\\x202e next\n')
})

const colours: [name: string, options: ReportOptions, coloured: boolean][] = [
  ['a pipe', {}, false],
  ['a pipe with FORCE_COLOR', { env: { FORCE_COLOR: '1' } }, true],
  ['FORCE_COLOR=0', { env: { FORCE_COLOR: '0' } }, false],
  ['NO_COLOR with FORCE_COLOR', { env: { NO_COLOR: '1', FORCE_COLOR: '1' } }, false],
  ['--color with NO_COLOR', { env: { NO_COLOR: '1' }, color: true }, true],
  ['--no-color with FORCE_COLOR', { env: { FORCE_COLOR: '1' }, color: false }, false],
]
for (const [name, options, coloured] of colours) {
  test(`${name} ${coloured ? 'is coloured' : 'has no escape codes'}`, async () => {
    const output = await report([...start('apply'), { type: 'change', change }, end(false)], options)
    assert.is(output.includes(ESCAPE), coloured)
  })
}

test('a reader that goes away does not stop the run', async () => {
  const stdout = new PassThrough()
  const reporter = createReporter({ stdout: stdout as unknown as NodeJS.WriteStream, env: {} })
  reporter.event({ type: 'warning', message: 'one' })
  await new Promise(setImmediate)
  stdout.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))
  reporter.event({ type: 'warning', message: 'two' })
  await reporter.close()
})

function start(mode: RunMode): RunEvent[] {
  return [
    { type: 'runStart', playbook: 'HA cluster', mode, hosts: ['m1', 'm2'] },
    { type: 'playStart', play: 'etcd', hosts: ['m1', 'm2'] },
  ]
}

function end(interrupted: boolean): RunEvent {
  const recap = [
    { host: 'm1', ok: 4, changed: 1, failed: 0, unreachable: false, seconds: 1.5 },
    { host: 'm2', ok: 0, changed: 1, failed: 1, unreachable: false, seconds: 0.3 },
  ]
  return { type: 'runEnd', recap, seconds: 2, interrupted }
}

async function report(events: RunEvent[], options: ReportOptions = {}): Promise<string> {
  const stdout = new PassThrough()
  const reporter = createReporter({ env: {}, ...options, stdout: stdout as unknown as NodeJS.WriteStream })
  for (const event of events) reporter.event(event)
  await reporter.close()
  return String(stdout.read() ?? '')
}

test('-vvv tells how a host is reached, where -v only tells that it is connected to', async () => {
  const events = [
    { type: 'step', host: 'm1', play: '', step: 'connecting', route: 'ssh admin@10.0.0.1:22' },
  ] as const
  assert.match((await capture(events, { verbose: 3 })).stdout, 'm1  connecting: ssh admin@10.0.0.1:22\n')
  assert.match((await capture(events, { verbose: 2 })).stdout, 'm1  connecting\n')
})

test.run()
