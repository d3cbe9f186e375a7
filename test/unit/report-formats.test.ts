// What machines read besides JSON: JUnit, GitHub's annotations, the log, and the page's markup.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { RunEvent } from '../../lib/engine/events.ts'
import { modelOf } from '../../lib/report/html/model.ts'
import { page } from '../../lib/report/html/page.ts'
import type { ReportOptions } from '../../lib/report/index.ts'
import { capture } from '../helpers/captured-report.ts'
import { sampleEvents } from '../helpers/sample-events.ts'
import { sampleRun } from '../helpers/sample-run.ts'

const folder = mkdtempSync(join(tmpdir(), 'quorate-formats-'))
const NASTY = `50 %, a: "b" <c> & 'd'\nsecond ::error::line`
const failed = { host: 'm1', play: 'etcd', role: 'etcd', message: 'no quorum', unreachable: false }

test.after(() => rmSync(folder, { recursive: true }))

test('JUnit: a case for each host of a play, whatever is in the texts', async () => {
  const xml = await written(sampleEvents(NASTY), 'junit')
  // A real parser decides whether it is well-formed, and gives back what went in.
  const program = `
import json, sys, xml.etree.ElementTree as tree
root = tree.fromstring(sys.stdin.buffer.read())
cases = [[suite.get('name'), case.get('name'), [child.tag for child in case]] for suite in root for case in suite]
failure = root.find('.//failure')
print(json.dumps([root.attrib, cases, failure.get('message'), failure.text]))`
  const { stdout, status, stderr } = spawnSync('python3', ['-c', program], { input: xml, encoding: 'utf8' })
  assert.is(status, 0, stderr)
  const [root, cases, message, text] = JSON.parse(stdout)
  assert.equal(
    [root.name, root.tests, root.failures, root.errors, root.skipped],
    [`cluster ${NASTY}`, '4', '1', '0', '0'],
  )
  assert.equal(cases, [
    ['connecting', 'm1', []],
    ['connecting', 'm2', []],
    ['etcd', 'm1', ['system-out']],
    ['etcd', 'm2', ['failure']],
  ])
  assert.match(message, `no answer 50 %, a: "b" <c> & 'd'`)
  assert.match(text, 'second ::error::line')
})

test('JUnit: who was never reached is an error, and skipped in the plays', async () => {
  const events: RunEvent[] = [
    { type: 'runStart', playbook: 'p', mode: 'apply', hosts: ['m1'] },
    { type: 'failed', failure: { ...failed, play: '', unreachable: true } },
    { type: 'playStart', play: 'etcd', hosts: ['m1'] },
  ]
  const xml = await written(events, 'junit')
  assert.match(xml, /<testsuite name="connecting" tests="1" failures="0" errors="1" skipped="0">/)
  assert.match(xml, /<testsuite name="etcd" tests="1" failures="0" errors="0" skipped="1">/)
})

test('GitHub: annotations at the end, escaped, each failure once with its hosts', async () => {
  const failure = {
    ...failed,
    message: NASTY,
    place: { file: join(process.cwd(), 'roles/a,b.ts'), line: 4, column: 2 },
  }
  const { stdout } = await capture(
    [
      { type: 'failed', failure },
      { type: 'failed', failure: { ...failure, host: 'm2' } },
      { type: 'warning', host: 'm1', message: 'odd' },
    ],
    { output: 'github' },
  )
  const lines = stdout.split('\n')
  const token = /^::stop-commands::([\w-]{30,})$/.exec(lines[0] as string)?.[1]
  const end = lines.indexOf(`::${token}::`)
  assert.ok(end > 2, 'commands are off until the run is over')
  assert.equal(lines.slice(end + 1), [
    `::error file=roles/a%2Cb.ts,line=4,col=2,title=m1 m2 etcd%3A 50 %25%2C a%3A "b" <c> & 'd'::50 %25, a: "b" <c> & 'd'%0Asecond ::error::line`,
    '::warning::m1: odd',
    '',
  ])
})

for (const [name, options, expected] of [
  ['with GITHUB_ACTIONS', { env: { GITHUB_ACTIONS: 'true' } }, true],
  ['with GITHUB_ACTIONS, but text asked for', { env: { GITHUB_ACTIONS: 'true' }, output: 'text' }, false],
  ['elsewhere', {}, false],
] as const) {
  test(`GitHub: annotations ${name}: ${expected}`, async () => {
    const { stdout } = await capture(sampleEvents(), options)
    assert.is(stdout.includes('::error '), expected)
  })
}

test('the log holds every step, script and output, with the time, for its owner alone', async () => {
  const logFile = join(folder, 'logs', 'run.log')
  const { stdout } = await capture(sampleEvents(), { logFile })
  const log = readFileSync(logFile, 'utf8')
  assert.is(statSync(logFile).mode & 0o777, 0o600)
  for (const line of log.trimEnd().split('\n')) assert.match(line, /^\d\d:\d\d:\d\d\.\d{3}( |$)/)
  for (const text of [
    'connecting',
    'echo text',
    'm1 | text',
    'waiting for everyone: text (m1)',
    'no answer text',
  ])
    assert.ok(log.includes(text), text)
  assert.match(stdout, `log: ${logFile}\n`, 'a run that went wrong says where its log is')
})

test('a file that others may read does not stay so when it becomes a log', async () => {
  const logFile = join(folder, 'open.log')
  writeFileSync(logFile, '', { mode: 0o644 })
  await capture(sampleEvents(), { logFile })
  assert.is(statSync(logFile).mode & 0o777, 0o600)
})

test('of the logs that nobody has asked for the newest thirty stay', async () => {
  const logs = join(folder, 'many')
  for (let day = 10; day < 50; day++)
    await capture([], { logFile: join(logs, `2026-01-${day}.log`), pruneLogs: true })
  assert.is(readdirSync(logs).length, 30)
  assert.ok(existsSync(join(logs, '2026-01-49.log')))
})

test('a log that cannot be kept keeps nothing from being done', async () => {
  const { stdout } = await capture(sampleEvents(), { logFile: '/dev/null/none/run.log' })
  assert.match(stdout, '2 hosts in 2.0 s')
  assert.not.match(stdout, 'log:')
})

test('the page escapes all that hosts and roles say', () => {
  const attack = `"><img src=x onerror=alert(1)><script>alert(2)</script>'`
  const text = page(modelOf(sampleEvents(attack).map((event, index) => [event, index])))
  assert.not.match(text, '<img')
  assert.is(text.split('<script>').length, 2, "only the page's own script")
  assert.match(text, '&quot;&gt;&lt;img src=x onerror=alert(1)&gt;')
})

test('the page asks for nothing from anywhere', () => {
  const text = page(modelOf(sampleRun(3)))
  assert.not.match(text, /\b(src|href)=|url\(|@import|https?:/)
  assert.match(text, `default-src 'none'`.replaceAll("'", '&#39;'))
})

test('the timeline has work, waits and failures where they happened', () => {
  const model = modelOf([
    [{ type: 'runStart', playbook: 'p', mode: 'apply', hosts: ['m1', 'm2'] }, 1000],
    [{ type: 'step', host: 'm1', play: '', step: 'connecting' }, 1000],
    [{ type: 'step', host: 'm1', play: 'p', step: 'etcd: observing' }, 1100],
    [{ type: 'step', host: 'm1', play: 'p', step: 'etcd: file /a' }, 1200],
    [{ type: 'wait', host: 'm1', play: 'p', role: 'etcd', what: 'its turn', on: ['m2'] }, 1300],
    [
      { type: 'waited', host: 'm1', play: 'p', role: 'etcd', what: 'its turn', on: ['m2'], seconds: 0.2 },
      1500,
    ],
    [{ type: 'failed', failure: failed }, 1600],
    [{ type: 'runEnd', recap: [], seconds: 1, interrupted: false }, 2000],
  ])
  const { stretches, failedAt } = model.timelines.get('m1')
  assert.equal(
    stretches.map(({ kind, role, from, to }) => [kind, role, from, to]),
    [
      ['connect', '', 0, 100],
      ['work', 'etcd', 100, 300],
      ['wait', 'etcd', 300, 500],
      ['work', 'etcd', 500, 600],
    ],
  )
  assert.is(failedAt, 600)
  assert.equal([...model.waits.values()][0]?.hosts, ['m1'])
})

test('failures that hosts share are printed once, with all of their names', async () => {
  const hosts = Array.from({ length: 30 }, (_, index) => `m${index + 1}`)
  const events: RunEvent[] = hosts.map((host) => ({ type: 'failed', failure: { ...failed, host } }))
  const { stdout } = await capture([...events, { type: 'playEnd', play: 'etcd' }, events[4] as RunEvent])
  assert.is(
    stdout,
    `m1 … m30 (30)  etcd  failed  no quorum\n    play:    etcd\n    hosts:   ${hosts.join(' ')}\nm5  etcd  failed  as m1: no quorum\n`,
  )
})

async function written(events: readonly RunEvent[], format: 'junit' | 'html'): Promise<string> {
  const path = join(folder, format)
  await capture(events, { [format]: path } as ReportOptions)
  return readFileSync(path, 'utf8')
}

test.run()
