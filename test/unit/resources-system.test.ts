import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Need, Resource } from '../../lib/engine/resource.ts'
import { group, kernelModule, pkg, service, step, sysctl, unit, user } from '../../lib/resources/index.ts'
import { groupProbe, type UserState, userProbe } from '../../lib/resources/probes/account.ts'
import { commandNeed } from '../../lib/resources/probes/command.ts'
import { aptProbe, type PackageState } from '../../lib/resources/probes/package.ts'
import { recordNeed, recordPath, recordProbe } from '../../lib/resources/probes/service-record.ts'
import { sysctlPath, sysctlProbe } from '../../lib/resources/probes/sysctl.ts'
import { type UnitState, unitProbe } from '../../lib/resources/probes/unit.ts'
import { Secret } from '../../lib/secret.ts'
import { observedPaths, type Paths, planContext } from '../helpers/observed.ts'

type Answers = readonly (readonly [Need, unknown])[]

const plan = (resource: Resource, answers: Answers, paths: Paths = {}) =>
  resource.plan(observedPaths(paths, answers), planContext())
const summaries = (...args: Parameters<typeof plan>) => plan(...args).map(({ summary }) => summary)

const apt = (states: Readonly<Record<string, PackageState>>): Answers =>
  Object.entries(states).map(([arg, state]) => [{ probe: aptProbe, arg }, state])
const FRESH = { age: 60, outdated: false }
const missing: PackageState = { candidate: '2', versions: ['2', '1'], lists: FRESH }
const unknown: PackageState = { lists: FRESH }

const PACKAGES: [
  title: string,
  resource: Resource,
  states: Record<string, PackageState>,
  expected: string[],
][] = [
  ['an installed package is left alone', pkg('a'), { a: { installed: '1' } }, []],
  ['a missing package is installed', pkg('a'), { a: missing }, ['install a 2']],
  [
    'only what is missing is installed',
    pkg(['a', 'b']),
    { a: { installed: '1' }, b: missing },
    ['install b 2'],
  ],
  ['another version is replaced', pkg('a', { version: '1' }), { a: { installed: '2' } }, ['a 2 → 1']],
  ['a version may end in a star', pkg('a', { version: '1.2*' }), { a: { installed: '1.2-3' } }, []],
  ['an absent package stays so', pkg('a', { state: 'absent' }), { a: unknown }, []],
  ['a package is removed', pkg('a', { state: 'absent' }), { a: { installed: '1' } }, ['remove a 1']],
  ['old lists may yet have it', pkg('a'), { a: { lists: { age: 90_000, outdated: false } } }, ['install a']],
  ['changed sources may have it', pkg('a'), { a: { lists: { age: 1, outdated: true } } }, ['install a']],
  ['sources of the role may have it', pkg('a', { sources: ['/etc/apt/x'] }), { a: unknown }, ['install a']],
]

for (const [title, resource, states, expected] of PACKAGES) {
  test(`package: ${title}`, () => assert.equal(summaries(resource, apt(states)), expected))
}

test('package: what fresh lists do not have cannot be planned', () => {
  assert.throws(
    () => plan(pkg(['a', 'b']), apt({ a: unknown, b: unknown })),
    /^.*packages a, b do not exist in this host's/,
  )
  assert.throws(() => plan(pkg('a', { version: '3' }), apt({ a: missing })), /has no version 3/)
})

const RUNNING: UnitState = {
  load: 'loaded',
  active: 'active',
  sub: 'running',
  file: 'enabled',
  type: 'notify',
  remainAfterExit: false,
  canReload: true,
  needDaemonReload: false,
}
const STOPPED: UnitState = { ...RUNNING, active: 'inactive', sub: 'dead', file: 'disabled' }
const NONE: UnitState = { ...STOPPED, load: 'not-found', file: '', type: '', canReload: false }
const wanted = service('x', { enabled: true, state: 'running', restartOn: ['/etc/r'], reloadOn: ['/etc/l'] })
const digests = (paths: Paths) =>
  ['/etc/r', '/etc/l'].map(
    (path) =>
      [path, (observedPaths(paths).get(RECORD_PATH.probe, path) as { sha256: string }).sha256] as const,
  )
const RECORD_PATH = wanted.needs(planContext()).find(({ probe }) => probe.name === 'path') as Need
const NOW: Paths = { '/etc/r': 'r', '/etc/l': 'l' }

const SERVICES: [title: string, state: UnitState, loaded: Paths | undefined, expected: string[]][] = [
  ['all as desired', RUNNING, NOW, []],
  ['one that is stopped is enabled and started', STOPPED, NOW, ['enable', 'start']],
  [
    'one that failed is started',
    { ...RUNNING, active: 'failed', sub: 'failed' },
    NOW,
    ['start, it is in state failed (failed)'],
  ],
  ['a changed file is reloaded', RUNNING, { ...NOW, '/etc/l': 'old' }, ['reload: /etc/l changed']],
  ['a changed file is a restart', RUNNING, { ...NOW, '/etc/r': 'old' }, ['restart: /etc/r changed']],
  [
    'a restart wins over a reload',
    RUNNING,
    { '/etc/r': 'o', '/etc/l': 'o' },
    ['restart: /etc/r, /etc/l changed'],
  ],
  [
    'changed unit files are read again',
    { ...RUNNING, needDaemonReload: true },
    NOW,
    ['daemon-reload: its unit files changed'],
  ],
  ['nothing is known', RUNNING, undefined, ['restart: /etc/r, /etc/l may have changed since it was started']],
]

for (const [title, state, loaded, expected] of SERVICES) {
  test(`service: ${title}`, () => {
    const record = {
      recorded: loaded !== undefined,
      loaded: new Map(loaded === undefined ? [] : digests(loaded)),
    }
    const answers: Answers = [
      [{ probe: unitProbe, arg: 'x.service' }, state],
      [recordNeed('x.service', ['/etc/r', '/etc/l']), record],
    ]
    assert.equal(summaries(wanted, answers, NOW), expected)
  })
}

const IMPOSSIBLE: [message: RegExp, resource: Resource, state: UnitState][] = [
  [/does not exist/, service('x', { state: 'running' }), NONE],
  [/is masked/, service('x', { state: 'running' }), { ...STOPPED, load: 'masked' }],
  [/no \[Install\] section/, service('x', { enabled: true }), { ...STOPPED, file: 'static' }],
  [/is a oneshot/, service('x', { state: 'running' }), { ...STOPPED, type: 'oneshot' }],
  [/cannot be reloaded/, service('x', { reloadOn: ['/etc/l'] }), { ...RUNNING, canReload: false }],
]

for (const [message, resource, state] of IMPOSSIBLE) {
  test(`service: a plan fails with ${message}`, () => {
    assert.throws(() => plan(resource, [[{ probe: unitProbe, arg: 'x.service' }, state]]), message)
  })
}

test('service: a unit that does not exist is stopped and disabled already', () => {
  const stopped = service('x', { enabled: false, state: 'stopped' })
  assert.equal(plan(stopped, [[{ probe: unitProbe, arg: 'x.service' }, NONE]]), [])
})

test('service: a unit file that was just written makes the unit exist', () => {
  const answers: Answers = [[{ probe: unitProbe, arg: 'x.service' }, NONE]]
  const expected = ['daemon-reload: its unit files changed', 'start']
  assert.equal(
    summaries(service('x', { state: 'running' }), answers, { '/etc/systemd/system/x.service': '' }),
    expected,
  )
})

test('service: a host without systemd is refused', () => {
  const context = planContext()
  const facts = { ...context.facts, systemd: false }
  assert.throws(
    () => service('x').plan(observedPaths({}), { ...context, facts }),
    /systemd does not run on this host/,
  )
})

const A = 'a'.repeat(64)
const B = 'b'.repeat(64)
const START = Date.UTC(2026, 0, 2, 3, 4, 5) / 1000
const LATER = START + 100

/** Output of the record's script: invocation now, record (of which invocation, digest, when), file (written, touched, digest). */
function output(
  record: string | undefined,
  [written, touched, digest]: readonly [number, number, string],
): Buffer {
  const shown = 'InvocationID=now\nExecMainStartTimestamp=Fri 2026-01-02 03:04:05 UTC\n'
  return Buffer.from(
    [shown, record ?? '', `${written} ${touched} /etc/r\n`, `${digest}  /etc/r\n`].join('\0'),
  )
}
const record = (invocation: string, digest: string, time = LATER) =>
  `@ ${recordPath('x.service')} ${time}\ninvocation ${invocation}\n${digest}  /etc/r\n`

const RECORDS: [title: string, output: Buffer, loaded: string | undefined][] = [
  ['no record, older file', output(undefined, [START - 9, START - 9, A]), A],
  ['no record, file touched since', output(undefined, [START - 9, START + 9, A]), undefined],
  ['recorded', output(record('now', A), [START + 9, START + 9, A]), A],
  ['recorded, mode changed since', output(record('now', A), [START + 9, LATER + 9, A]), A],
  ['recorded, file differs', output(record('now', B), [LATER + 9, LATER + 9, A]), undefined],
  [
    'recorded, file was another one in between',
    output(record('now', A), [LATER + 9, LATER + 9, A]),
    undefined,
  ],
  ['restarted by somebody, older file', output(record('before', B), [START - 9, START - 9, A]), A],
  ['restarted by somebody, mode changed since', output(record('before', A), [START - 9, START + 9, A]), A],
  ['restarted by somebody, newer file', output(record('before', A), [START + 9, START + 9, A]), undefined],
]

for (const [title, stdout, loaded] of RECORDS) {
  test(`service record: ${title}`, () => {
    const [state] = recordProbe.parse(stdout, [recordNeed('x.service', ['/etc/r']).arg])
    assert.is(state?.loaded.get('/etc/r'), loaded)
  })
}

const ANN: UserState = {
  uid: 1000,
  group: 'ann',
  groups: ['adm'],
  comment: '',
  home: '/home/ann',
  shell: '/bin/sh',
}
const USERS: [title: string, resource: Resource, found: UserState | undefined, script: string | undefined][] =
  [
    ['all as desired', user('ann', { groups: ['adm'], shell: '/bin/sh' }), ANN, undefined],
    ['is created', user('ann', { uid: 7 }), undefined, 'useradd -m -U -u 7 ann'],
    [
      'is created for a system',
      user('ann', { system: true }),
      undefined,
      'useradd -r -M -U -s /usr/sbin/nologin ann',
    ],
    [
      'joins a group and keeps its others',
      user('ann', { groups: ['adm', 'sudo'] }),
      ANN,
      'usermod -a -G sudo ann',
    ],
    ['gets a comment', user('ann', { comment: "Ann's" }), ANN, "usermod -c 'Ann'\\''s' ann"],
    ['is removed', user('ann', { state: 'absent' }), ANN, 'userdel ann'],
  ]

for (const [title, resource, found, script] of USERS) {
  test(`user: ${title}`, () => {
    const answers: Answers = [
      [{ probe: userProbe, arg: 'ann' }, found],
      [{ probe: groupProbe, arg: 'ann' }, undefined],
    ]
    assert.equal(
      plan(resource, answers, { '/home/ann': { type: 'directory' } }).map(({ action }) => action),
      script === undefined ? [] : [`(trap '' HUP INT TERM; ${script})`],
    )
  })
}

test('user: a home that was to be made with the user, and is missing, is made', () => {
  const summaries = (resource: Resource, found: UserState) =>
    plan(resource, [
      [{ probe: userProbe, arg: 'ann' }, found],
      [{ probe: groupProbe, arg: 'ann' }, undefined],
    ]).map(({ summary }) => summary)
  assert.equal(summaries(user('ann'), ANN), ['make the home /home/ann'])
  assert.equal(summaries(user('ann', { home: '/srv/ann' }), ANN), [
    'home /home/ann → /srv/ann',
    'make the home /srv/ann',
  ])
  assert.equal(summaries(user('ann', { system: true }), ANN), [])
  assert.equal(summaries(user('ann'), { ...ANN, home: '/nonexistent' }), [])
})

test('user: nobody found and the groups of those found are told apart', () => {
  const [none] = userProbe.parse(Buffer.from('\nadm:x:4:ann\n'), ['ann'])
  const [ann] = userProbe.parse(
    Buffer.from('ann:x:1000:1000::/home/ann:/bin/sh\n\nadm:x:4:ann\nann:x:1000:\n'),
    ['ann'],
  )
  assert.is(none, undefined)
  assert.equal(ann, ANN)
})

test('sysctl: other lines of the file stay, ours are replaced once', () => {
  const resource = sysctl({ 'net.ipv4.ip_forward': 1 }, { file: '/etc/s.conf' })
  const before = '# note\nnet/ipv4/ip_forward=0\nvm.swappiness = 1\nnet.ipv4.ip_forward = 0\n'
  const changes = plan(resource, [[{ probe: sysctlProbe, arg: 'net.ipv4.ip_forward' }, '1']], {
    '/etc/s.conf': before,
  })
  const known = changes
    .flatMap(({ effects }) => effects.known ?? [])
    .find(([{ probe }]) => probe.name === 'content')
  assert.is(String(known?.[1]), '# note\nnet.ipv4.ip_forward = 1\nvm.swappiness = 1\n')
})

test('sysctl: the first separator tells what separates', () => {
  assert.is(sysctlPath('net.ipv4.conf.eth0/100.forwarding'), '/proc/sys/net/ipv4/conf/eth0.100/forwarding')
  assert.is(sysctlPath('net/ipv4/conf/eth0.100/forwarding'), '/proc/sys/net/ipv4/conf/eth0.100/forwarding')
})

test('sysctl: a key that the host does not have cannot be planned', () => {
  assert.throws(
    () => plan(sysctl('a.b', 1), [[{ probe: sysctlProbe, arg: 'a.b' }, undefined]]),
    /sysctl a.b does not exist/,
  )
})

test('step: no plan holds a secret input', () => {
  const changes = plan(step('x', { done: 'false', run: 'cat', input: new Secret('hush-hush') }), [
    [commandNeed('false'), false],
  ])
  assert.is(changes.length, 1)
  assert.not.match(JSON.stringify(changes) + String(changes[0]?.action), 'hush-hush')
})

const REFUSED: [message: RegExp, make: () => Resource][] = [
  [/is not a package name/, () => pkg('-y')],
  [/name at least one package/, () => pkg([])],
  [/makes no sense with state/, () => pkg('a', { version: '1', state: 'absent' })],
  [/not the name of a systemd unit/, () => service('a b')],
  [/must be absolute/, () => service('a', { restartOn: ['etc/x'] })],
  [/not the name of a systemd unit/, () => unit('', 'x')],
  [/is not a name/, () => user('1000')],
  [/cannot hold a colon/, () => user('ann', { comment: 'a:b' })],
  [/must be a whole number/, () => group('a', { gid: -1 })],
  [/is not a key/, () => sysctl('../x', 1)],
  [/text of one line/, () => sysctl('a.b', ' ')],
  [/not the name of a kernel module/, () => kernelModule('a b')],
  [/done is an empty script/, () => step('x', { done: ' ', run: 'true' })],
]

for (const [message, make] of REFUSED) {
  test(`what cannot be meant is refused: ${message}`, () => assert.throws(make, message))
}

test.run()
