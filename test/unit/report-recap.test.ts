import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { HostRecap } from '../../lib/engine/events.ts'
import { createPalette } from '../../lib/report/color.ts'
import { Foresight } from '../../lib/report/foresight.ts'
import { addHost, type HostGroups } from '../../lib/report/host-groups.ts'
import { type RecapOptions, recapLines } from '../../lib/report/recap.ts'
import { displayWidth } from '../../lib/report/text.ts'

test('the table is aligned for long host names and long times', () => {
  const recap = [row('m1'), row('a-long-name.example.net', { ok: 1234, unreachable: true, seconds: 754 })]
  assert.equal(lines(recap), [
    '',
    'host                        ok  changed  failed  unreachable         time',
    'm1                          10        0       0            0        1.0 s',
    'a-long-name.example.net   1234        0       0            1  12 min 34 s',
    '',
    '2 hosts in 3.0 s: 1244 ok, 0 changed, 0 failed, 1 unreachable',
  ])
})

test('all hosts have a row of their own unless rows are limited', () => {
  assert.is(lines(hosts(300)).length, 304)
})

test('beyond the limit hosts with equal counts share a row and the longest time', () => {
  const recap = hosts(300).map((host, index) =>
    index === 4 ? { ...host, failed: 1 } : { ...host, seconds: index },
  )
  const table = lines(recap, { maxRows: 40 })
  assert.is(table[2], 'm1 … m300 (299)     10        0       0            0  4 min 59 s')
  assert.is(table[3], 'm5                  10        0       1            0       1.0 s')
  assert.is(table.length, 6)
})

test('the table keeps to the given width by shortening host names in their middle', () => {
  const table = lines([row('web001.a-rather-long-domain-name.example.net')], { columns: 60 })
  assert.is(table[2], 'web001.a…ple.net     10        0       0            0  1.0 s')
  assert.ok(table.slice(1, 3).every((line) => displayWidth(line) <= 60))
})

test('what changed is grouped by identical change, hosts in the order of the table', () => {
  const changes: HostGroups = new Map()
  for (const host of ['m3', 'm1', 'm2', 'm1']) addHost(changes, 'file /etc/hosts: create', host)
  addHost(changes, 'service etcd: start', 'm2')
  assert.equal(lines(hosts(3), { changes }).slice(0, 4), [
    '',
    'what changed',
    '  file /etc/hosts: create  m1 m2 m3',
    '  service etcd: start      m2',
  ])
})

test('many hosts with the same change are named by first, last and number', () => {
  const changes: HostGroups = new Map()
  for (const { host } of hosts(30)) addHost(changes, 'file /etc/hosts: create', host)
  assert.is(lines(hosts(30), { changes })[2], '  file /etc/hosts: create  m1 … m30 (30)')
})

test('changes beyond the limit are counted', () => {
  const changes: HostGroups = new Map()
  for (let number = 1; number <= 50; number++) addHost(changes, `file /f${number}: create`, 'm1')
  assert.is(lines(hosts(1), { changes, maxChanges: 40 })[42], '  … 10 more changes')
})

test('check mode counts what would change', () => {
  assert.match(lines(hosts(1), { mode: 'check' }).join('\n'), '1 host in 3.0 s: 10 ok, 0 would change')
})

function row(host: string, more: Partial<HostRecap> = {}): HostRecap {
  return { host, ok: 10, changed: 0, failed: 0, unreachable: false, seconds: 1, ...more }
}

function hosts(count: number): HostRecap[] {
  return Array.from({ length: count }, (_, index) => row(`m${index + 1}`))
}

test('a check tells in which order hosts would come, and what it cannot know yet', () => {
  const foresight = new Foresight()
  const change = { play: 'lb', role: 'haproxy', resource: 'service haproxy', summary: 'restart', turn: 1 }
  const hidden = { play: 'lb', role: 'haproxy', resource: 'file /etc/x', after: 'package haproxy' }
  foresight.event({
    type: 'playStart',
    play: 'lb',
    hosts: ['m1', 'm2', 'm3'],
    batches: [['m1'], ['m2', 'm3']],
  })
  for (const host of ['m2', 'm1']) foresight.event({ type: 'change', change: { ...change, host } })
  foresight.event({ type: 'unknown', ...hidden, host: 'm3' })
  const told = lines(hosts(3), { foresight, mode: 'check' })
  assert.equal(told.slice(0, 8), [
    '',
    'in which order',
    '  play lb: serial, in 2 batches            m1, then m2 m3',
    '  lb: haproxy: in turns, 1 host at a time  m1 m2',
    '  of hosts that take turns the one that is ready first begins; each must be healthy before the next',
    '',
    'what cannot be known yet',
    '  file /etc/x (after package haproxy)  m3',
  ])
  assert.not.match(lines(hosts(3), { foresight, mode: 'apply' }).join('\n'), 'in which order')
})

function lines(recap: HostRecap[], options: Partial<RecapOptions> = {}): string[] {
  const end = { type: 'runEnd', recap, seconds: 3, interrupted: false } as const
  return recapLines(end, { mode: 'apply', changes: new Map(), palette: createPalette(false), ...options })
}

test.run()
