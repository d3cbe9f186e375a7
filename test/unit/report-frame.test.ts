import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { RunEvent } from '../../lib/engine/events.ts'
import { createPalette } from '../../lib/report/color.ts'
import { frameLines, playSummary } from '../../lib/report/frame.ts'
import { advance, type PlayProgress, startPlay } from '../../lib/report/progress.ts'
import { displayWidth } from '../../lib/report/text.ts'

const palette = createPalette(false)

test('a frame has a headline and a row for each host with its state, counts and step', () => {
  const progress = play(['m1', 'm2', 'm3', 'm4'])
  step(progress, 'm1', 'etcd: file /etc/etcd/etcd.yml')
  advance(progress, { type: 'ok', host: 'm1', count: 12 }, 0)
  change(progress, 'm1')
  advance(progress, { type: 'hostDone', host: 'm2', play: 'etcd' }, 0)
  fail(progress, 'm3')
  assert.equal(frame(progress, { now: 4000 }), [
    'etcd  2 of 4 hosts, 0:04',
    '  * m1  12 ok   1 changed  etcd: file /etc/etcd/etcd.yml',
    '  ✔ m2   0 ok   0 changed  done',
    '  ✖ m3   0 ok   0 changed  service etcd: could not be started',
    '  · m4   0 ok   0 changed  waiting',
  ])
})

test('a step that takes long shows for how long', () => {
  const progress = play(['m1'])
  step(progress, 'm1', 'etcd: waiting for its turn')
  assert.is(
    frame(progress, { now: 75_000 })[1],
    '  * m1   0 ok   0 changed  etcd: waiting for its turn  1:15',
  )
})

test('a failed host stays failed whatever it still tells', () => {
  const progress = play(['m1'])
  fail(progress, 'm1')
  step(progress, 'm1', 'closing')
  assert.match(frame(progress)[1] ?? '', '✖ m1')
})

test('where hosts do not fit, failed and running ones are shown and the others counted', () => {
  const progress = play(names(30))
  for (const host of names(9)) advance(progress, { type: 'hostDone', host, play: 'etcd' }, 0)
  for (const host of names(25).slice(9, 25)) step(progress, host, 'etcd: package etcd')
  fail(progress, 'm24')
  const lines = frame(progress)
  assert.match(lines[1] ?? '', '✖ m24')
  assert.match(lines[2] ?? '', '* m10')
  assert.is(lines.at(-1), '  … 14 more: 9 done, 5 waiting')
  assert.is(lines.length, 18)
})

test('running hosts that do not fit are counted', () => {
  const progress = play(names(300))
  for (const host of names(300)) step(progress, host, 'connecting')
  assert.is(frame(progress).at(-1), '  … 279 more: 279 running')
})

for (const hosts of [1, 3, 30, 300]) {
  for (const [columns, rows] of [
    [80, 24],
    [40, 10],
    [20, 3],
    [5, 1],
    [200, 100],
  ] as const) {
    test(`a frame of ${hosts} hosts fits a terminal of ${columns}x${rows}`, () => {
      const progress = play(names(hosts).map((host) => `${host}.a-rather-long-domain.example.net`))
      for (const { host } of progress.hosts.values())
        step(progress, host, `etcd: file /etc/${'x'.repeat(300)}`)
      const lines = frame(progress, { rows, columns, now: 10_000 })
      assert.ok(lines.length >= 1)
      assert.ok(lines.length <= Math.max(1, rows - 1), `${lines.length} lines`)
      for (const line of lines) assert.ok(displayWidth(line) < columns, line)
    })
  }
}

test('wide characters count as two columns', () => {
  const progress = play(['m1'])
  step(progress, 'm1', '配置'.repeat(40))
  assert.ok(displayWidth(frame(progress)[1] ?? '') < 80)
})

test('colours do not change what fits', () => {
  const progress = play(['m1'])
  step(progress, 'm1', 'x'.repeat(300))
  const options = { rows: 24, columns: 80, spinner: '*', now: 0 }
  const coloured = frameLines(progress, { ...options, palette: createPalette(true) }).join('\n')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what colours are made of
  assert.is(coloured.replace(/\u001b\[\d+m/g, ''), frameLines(progress, { ...options, palette }).join('\n'))
})

test('a host that failed in an earlier play is shown as failed', () => {
  const event = { type: 'playStart', play: 'lb', hosts: ['m1'] } as const
  const progress = startPlay(event, { mode: 'apply', now: 0, lost: new Set(['m1']) })
  assert.match(frame(progress)[1] ?? '', '✖ m1   0 ok   0 changed  failed in an earlier play')
})

test('of a finished play one line stays', () => {
  const progress = play(['m1', 'm2'])
  change(progress, 'm1')
  advance(progress, { type: 'ok', host: 'm1', count: 3 }, 0)
  advance(progress, { type: 'hostDone', host: 'm1', play: 'etcd' }, 0)
  assert.is(playSummary(progress, palette, 1500), '■ etcd  2 hosts, 3 ok, 1 changed, 1 unfinished, 1.5 s')
  fail(progress, 'm2')
  assert.is(playSummary(progress, palette, 1500), '✖ etcd  2 hosts, 3 ok, 1 changed, 1 failed, 1.5 s')
})

function names(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `m${index + 1}`)
}

function play(hosts: string[]): PlayProgress {
  return startPlay({ type: 'playStart', play: 'etcd', hosts }, { mode: 'apply', now: 0, lost: new Set() })
}

function frame(
  progress: PlayProgress,
  options: { rows?: number; columns?: number; now?: number } = {},
): string[] {
  return frameLines(progress, { rows: 24, columns: 80, now: 0, spinner: '*', palette, ...options })
}

function step(progress: PlayProgress, host: string, text: string): void {
  advance(progress, { type: 'step', host, play: 'etcd', step: text }, 0)
}

function change(progress: PlayProgress, host: string): void {
  const event: RunEvent = {
    type: 'change',
    change: { host, play: 'etcd', role: 'etcd', resource: 'file /a', summary: 'create' },
  }
  advance(progress, event, 0)
}

function fail(progress: PlayProgress, host: string): void {
  const failure = {
    host,
    play: 'etcd',
    resource: 'service etcd',
    message: 'could not be started\nmore',
    unreachable: false,
  }
  advance(progress, { type: 'failed', failure }, 0)
}

test.run()
