import { Writable } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { RunEvent } from '../../lib/engine/events.ts'
import { createReporter } from '../../lib/report/index.ts'
import { LiveRegion } from '../../lib/report/live-region.ts'

const CURSOR_SHOW = '\u001b[?25h'

test('frames are replaced line by line, and what is printed stays above them', () => {
  const { terminal, written } = fakeTerminal()
  let lines = ['one', 'two']
  const region = new LiveRegion({ stdout: terminal, stderr: fakeTerminal().terminal }, () => lines)
  terminal.emit('resize')
  region.print('stays\n')
  lines = ['three']
  terminal.emit('resize')
  region.close()
  const up = '\u001b[1A\u001b[2K'
  // What the terminal echoed on the cursor's line (^C) goes first.
  const start = '\r\u001b[K'
  assert.is(written(), `\u001b[?25lone\ntwo\n${start}${up}${up}stays\nthree\n${start}${up}${CURSOR_SHOW}`)
})

test('a terminal made narrower has all lines of the wrapped frame erased', () => {
  const { terminal, written } = fakeTerminal()
  const region = new LiveRegion({ stdout: terminal, stderr: fakeTerminal().terminal }, () => ['x'.repeat(70)])
  terminal.emit('resize')
  terminal.columns = 30
  terminal.emit('resize')
  assert.is(written().split('\u001b[2K').length - 1, 3)
  region.close()
})

test('nothing is drawn after close, and later output passes untouched', () => {
  const { terminal, written } = fakeTerminal()
  const region = new LiveRegion({ stdout: terminal, stderr: fakeTerminal().terminal }, () => ['frame'])
  region.close()
  region.close()
  terminal.emit('resize')
  region.print('late\n')
  terminal.write('\u001b[1mother\n')
  assert.is(written(), `\u001b[?25l${CURSOR_SHOW}late\n\u001b[1mother\n`)
})

test('what others write while a frame is shown is printed as whole lines', () => {
  const { terminal, written } = fakeTerminal()
  const stderr = fakeTerminal()
  const region = new LiveRegion({ stdout: terminal, stderr: stderr.terminal }, () => [])
  terminal.write('from a role')
  stderr.terminal.write('\u001b[?25l')
  region.close()
  assert.is(written(), `\u001b[?25lfrom a role\n${CURSOR_SHOW}`)
})

test('a run on a terminal leaves failures, a line for each play with its findings, and the recap', async () => {
  const { terminal, written } = fakeTerminal()
  const reporter = createReporter({
    stdout: terminal,
    stderr: fakeTerminal().terminal,
    env: {},
    color: false,
  })
  const recap = ['m1', 'm2'].map((host) => ({
    host,
    ok: 1,
    changed: 0,
    failed: 0,
    unreachable: false,
    seconds: 1,
  }))
  const failure = { host: 'm2', play: 'etcd', message: 'no answer', unreachable: true }
  const events: RunEvent[] = [
    { type: 'runStart', playbook: 'HA cluster', mode: 'verify', hosts: ['m1', 'm2'] },
    { type: 'playStart', play: 'etcd', hosts: ['m1', 'm2'] },
    { type: 'failed', failure },
    { type: 'verified', host: 'm1', role: 'etcd', message: '2 members' },
    { type: 'hostDone', host: 'm1', play: 'etcd' },
    { type: 'playEnd', play: 'etcd' },
    { type: 'runEnd', recap, seconds: 2, interrupted: false },
  ]
  for (const event of events) reporter.event(event)
  await reporter.close()
  const lines = stripVTControlCharacters(written()).split('\n')
  assert.equal(lines.slice(0, 3), [
    'HA cluster on 2 hosts, verifying only: nothing is changed',
    'm2  unreachable  no answer',
    '    play:    etcd',
  ])
  assert.match(lines[3] ?? '', /^✖ etcd {2}2 hosts, 0 ok, 0 changed, 1 failed, /)
  assert.is(lines[4], '    etcd: 2 members  m1')
  assert.is(lines.at(-2), '2 hosts in 2.0 s: 2 ok, 0 changed, 0 failed, 0 unreachable')
  assert.ok(written().endsWith(CURSOR_SHOW))
})

for (const env of [{ CI: 'true' }, { TERM: 'dumb' }]) {
  test(`a terminal with ${JSON.stringify(env)} gets plain lines and no cursor codes`, async () => {
    const { terminal, written } = fakeTerminal()
    const reporter = createReporter({ stdout: terminal, stderr: terminal, env, color: false })
    reporter.event({ type: 'warning', message: 'disk' })
    await reporter.close()
    assert.is(written(), 'warning  disk\n')
  })
}

function fakeTerminal(): { terminal: NodeJS.WriteStream; written: () => string } {
  let text = ''
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += chunk
      done()
    },
  })
  const terminal = Object.assign(stream, {
    isTTY: true,
    columns: 80,
    rows: 24,
  }) as unknown as NodeJS.WriteStream
  return { terminal, written: () => text }
}

test.run()
