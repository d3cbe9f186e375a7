import { createHash } from 'node:crypto'
import { inspect } from 'node:util'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Resource } from '../../lib/engine/resource.ts'
import { absent, artifact, directory, file, symlink } from '../../lib/resources/index.ts'
import { contentProbe } from '../../lib/resources/probes/content.ts'
import { type PathState, pathProbe } from '../../lib/resources/probes/path.ts'
import { Secret } from '../../lib/secret.ts'
import { observedPaths, type Paths, planContext } from '../helpers/observed.ts'

const SHA = 'a'.repeat(64)
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const directoryState: Partial<PathState> = { type: 'directory', mode: 0o755 }
const link: Partial<PathState> = { type: 'symlink', mode: 0o777, target: '/srv/x', targetType: 'file' }

const PLANS: [title: string, resource: Resource, paths: Paths, summaries: string[]][] = [
  ['a missing file is created', file('/etc/x', { content: 'a\n' }), {}, ['create, 2 bytes, 0644 root:root']],
  ['a file as desired is left alone', file('/etc/x', { content: 'a\n' }), { '/etc/x': 'a\n' }, []],
  ['other content is replaced', file('/etc/x', { content: 'a\n' }), { '/etc/x': 'b\n' }, ['content']],
  [
    'content and attributes are one change',
    file('/etc/x', { content: 'a\n', mode: 0o600, owner: 'etcd' }),
    { '/etc/x': 'b\n' },
    ['content, owner root → etcd, mode 0644 → 0600'],
  ],
  [
    'a secret file is 0600',
    file('/etc/x', { content: new Secret('abcd') }),
    { '/etc/x': 'abcd' },
    ['mode 0644 → 0600'],
  ],
  [
    'a numeric owner is compared with the uid',
    file('/etc/x', { content: 'a', owner: '0', group: '0' }),
    { '/etc/x': 'a' },
    [],
  ],
  [
    'a symlink is replaced on request',
    file('/etc/x', { content: 'a', replaceSymlink: true }),
    { '/etc/x': link },
    ['replace the symlink to /srv/x'],
  ],
  ['a missing directory is created', directory('/srv/a/b', { mode: 0o700 }), {}, ['create, 0700 root:root']],
  ['a directory as desired is left alone', directory('/srv/a'), { '/srv/a': directoryState }, []],
  [
    'a directory in a symlinked one is found',
    directory('/run/a'),
    { '/run': { ...link, targetType: 'directory' }, '/run/a': directoryState },
    [],
  ],
  [
    'a directory gets its mode',
    directory('/srv/a', { mode: 0o750 }),
    { '/srv/a': directoryState },
    ['mode 0755 → 0750'],
  ],
  ['a missing symlink is created', symlink('/srv/l', { target: 'x' }), {}, ['create, to x']],
  ['a symlink is turned', symlink('/srv/l', { target: 'x' }), { '/srv/l': link }, ['/srv/x → x']],
  ['a symlink as desired is left alone', symlink('/srv/l', { target: '/srv/x' }), { '/srv/l': link }, []],
  ['what is absent stays so', absent('/srv/x'), {}, []],
  ['a file is removed', absent('/srv/x'), { '/srv/x': 'a' }, ['remove the file']],
  ['a symlink is removed', absent('/srv/x'), { '/srv/x': link }, ['remove the symlink']],
  [
    'a directory is removed',
    absent('/srv/x'),
    { '/srv/x': directoryState },
    ['remove the directory and all that is in it'],
  ],
  [
    'a missing binary is installed',
    artifact({ name: 'x', url: 'https://127.0.0.1/x', sha256: SHA, to: '/usr/local/x' }),
    { '/usr/local': directoryState },
    ['install /usr/local/x'],
  ],
  [
    'an installed binary is left alone',
    artifact({ name: 'x', path: '/nowhere', sha256: sha256('x'), to: '/usr/x', mode: 0o644 }),
    { '/usr/x': 'x' },
    [],
  ],
  [
    'members that agree with the stamp are left alone',
    artifact({ name: 'x', path: '/nowhere', sha256: SHA, files: { 'x/y': '/usr/y' }, mode: 0o644 }),
    { '/usr/y': 'y', '/var/lib/quorate/artifacts/x': `${SHA}\n${sha256('y')} /usr/y\n` },
    [],
  ],
  [
    'a member that was altered is installed again',
    artifact({
      name: 'x',
      path: '/nowhere',
      sha256: SHA,
      files: { 'x/y': '/usr/y', 'x/z': '/usr/z' },
      mode: 0o644,
    }),
    {
      '/usr/y': '?',
      '/usr/z': 'z',
      '/var/lib/quorate/artifacts/x': `${SHA}\n${sha256('y')} /usr/y\n${sha256('z')} /usr/z\n`,
    },
    ['install /usr/y'],
  ],
  [
    'the stamp of another archive counts for nothing',
    artifact({ name: 'x', path: '/nowhere', sha256: SHA, files: { 'x/y': '/usr/y' } }),
    { '/usr/y': 'y', '/var/lib/quorate/artifacts/x': `${'b'.repeat(64)}\n${sha256('y')} /usr/y\n` },
    ['install /usr/y'],
  ],
]

for (const [title, resource, paths, summaries] of PLANS) {
  test(`plan: ${title}`, () => {
    const changes = resource.plan(observedPaths(paths), planContext())
    assert.equal(
      changes.map(({ summary }) => summary),
      summaries,
    )
  })

  test(`plan: ${title}, and what is predicted needs no second change`, () => {
    const effects = resource.plan(observedPaths(paths), planContext()).map((change) => change.effects)
    const unknown = effects.flatMap((each) =>
      each.unknown === undefined || each.unknown === 'everything' ? [] : each.unknown,
    )
    if (
      resource
        .needs(planContext())
        .some(({ arg, probe }) => unknown.some((need) => need.arg === arg && need.probe === probe))
    )
      return
    const known = effects.flatMap((each) => each.known ?? [])
    assert.equal(resource.plan(observedPaths(paths, known), planContext()), [])
  })
}

const IMPOSSIBLE: [title: string, resource: Resource, paths: Paths, error: RegExp][] = [
  [
    'a file in a missing directory',
    file('/srv/a/x', { content: 'a' }),
    {},
    /the directory \/srv\/a does not exist/,
  ],
  [
    'a file below a file',
    file('/srv/a/x', { content: 'a' }),
    { '/srv/a': 'a' },
    /\/srv\/a is not a directory/,
  ],
  [
    'a file in place of a directory',
    file('/srv/x', { content: 'a' }),
    { '/srv/x': directoryState },
    /\/srv\/x is a directory/,
  ],
  [
    'a file in place of a device',
    file('/srv/x', { content: 'a' }),
    { '/srv/x': { type: 'other' } },
    /is a device, socket or pipe/,
  ],
  [
    'a file in place of a symlink',
    file('/srv/x', { content: 'a' }),
    { '/srv/x': link },
    /\/srv\/x is a symlink to \/srv\/x/,
  ],
  ['a directory below a file', directory('/srv/a/b/c'), { '/srv/a': 'a' }, /\/srv\/a is not a directory/],
  ['a directory in place of a symlink', directory('/srv/a'), { '/srv/a': link }, /\/srv\/a is a symlink/],
  [
    'a symlink in place of a file',
    symlink('/srv/a', { target: 'x' }),
    { '/srv/a': 'a' },
    /\/srv\/a is a file, not a symlink/,
  ],
]

for (const [title, resource, paths, error] of IMPOSSIBLE) {
  test(`refused by the plan: ${title}`, () => {
    assert.throws(() => resource.plan(observedPaths(paths), planContext()), error)
  })
}

const INVALID: [title: string, make: () => Resource, error: RegExp][] = [
  ['a relative path', () => file('etc/x', { content: '' }), /must be absolute, got 'etc\/x'/],
  ['a path that climbs', () => file('/etc/../x', { content: '' }), /not in its plain form/],
  ['a path with a slash at its end', () => directory('/etc/'), /not in its plain form/],
  ['a path with a newline', () => file('/etc/a\nb', { content: '' }), /newline/],
  [
    'a mode beyond 0o7777',
    () => file('/etc/x', { content: '', mode: 0o10000 }),
    /mode must be from 0 to 0o7777/,
  ],
  ['a decimal mode', () => file('/etc/x', { content: '', mode: 644 }), /mode 644 is decimal/],
  ['an empty owner', () => file('/etc/x', { content: '', owner: '' }), /owner must be a name or number/],
  [
    'an owner that is an option',
    () => directory('/srv/x', { group: '--help' }),
    /group must be a name or number/,
  ],
  ['neither content nor source', () => file('/etc/x', {}), /give either content or source/],
  [
    'both content and source',
    () => file('/etc/x', { content: '', source: '/x' }),
    /give either content or source/,
  ],
  [
    'a source that is missing',
    () => file('/etc/x', { source: '/nowhere/y' }),
    /cannot read the source \/nowhere\/y/,
  ],
  [
    'a validate that names no file',
    () => file('/etc/x', { content: '', validate: 'true' }),
    /does not name the file/,
  ],
  ["Ansible's %s in a validate", () => file('/etc/x', { content: '', validate: 'visudo -cf %s' }), /has %s/],
  ['an empty target', () => symlink('/srv/x', { target: '' }), /cannot be a target/],
  ['the removal of /', () => absent('/'), /never removed/],
  ['the removal of /etc', () => absent('/etc'), /never removed/],
  ['the removal of anything of depth 1', () => absent('/data'), /never removed/],
  ['the removal of /usr/bin', () => absent('/usr/bin'), /never removed/],
  ['the removal of /srv/..', () => absent('/srv/..'), /plain form/],
  [
    'a short checksum',
    () => artifact({ name: 'x', path: '/x', sha256: 'abc', to: '/usr/x' }),
    /64 hex digits, got 'abc'/,
  ],
  [
    'an artifact from nowhere',
    () => artifact({ name: 'x', sha256: SHA, to: '/usr/x' }),
    /give either url or path/,
  ],
  [
    'an artifact by ftp',
    () => artifact({ name: 'x', url: 'ftp://h/x', sha256: SHA, to: '/usr/x' }),
    /no http or https URL/,
  ],
  [
    'an artifact that goes nowhere',
    () => artifact({ name: 'x', path: '/x', sha256: SHA }),
    /'to' is missing/,
  ],
  [
    'members of a plain file',
    () => artifact({ name: 'x', path: '/x', sha256: SHA, archive: 'none', files: {} }),
    /'files' is for archives/,
  ],
  [
    'an archive without files',
    () => artifact({ name: 'x', path: '/x', sha256: SHA, archive: 'tar.gz' }),
    /an archive needs 'files'/,
  ],
  [
    'a member that climbs',
    () => artifact({ name: 'x', path: '/x', sha256: SHA, files: { '../x': '/usr/x' } }),
    /no member/,
  ],
  [
    'two members for one place',
    () => artifact({ name: 'x', path: '/x', sha256: SHA, files: { a: '/usr/x', b: '/usr/x' } }),
    /two members go to \/usr\/x/,
  ],
  [
    'an artifact name with a slash',
    () => artifact({ name: '../x', path: '/x', sha256: SHA, to: '/usr/x' }),
    /is no name/,
  ],
]

for (const [title, make, error] of INVALID) {
  test(`refused at once: ${title}`, () => {
    assert.throws(make, error)
  })
}

test('a file that does not fit is refused before anything is changed', () => {
  const mounts = [
    { path: '/', availableKb: 1_000_000 },
    { path: '/var', availableKb: 0 },
  ]
  const resource = file('/var/x', { content: 'x'.repeat(12 * 1024) })
  const message = 'no space on /var: 0 kB free, file /var/x needs 12 kB and 64 kB to spare'
  assert.throws(() => resource.plan(observedPaths({}), planContext({ mounts })), message)
})

test('a full filesystem elsewhere is in nobody’s way', () => {
  const mounts = [
    { path: '/', availableKb: 1_000_000 },
    { path: '/var', availableKb: 0 },
  ]
  assert.is(file('/variable/x', { content: 'x' }).plan(observedPaths({}), planContext({ mounts })).length, 1)
})

test('a directory with a filesystem mounted in it is not removed', () => {
  const context = planContext({ mounts: [{ path: '/srv/x/data', availableKb: 1 }] })
  assert.throws(
    () => absent('/srv/x').plan(observedPaths({ '/srv/x': directoryState }), context),
    /mounted on \/srv\/x\/data/,
  )
})

test('a diff shows text before and after', () => {
  const [change] = file('/etc/x', { content: 'new\n' }).plan(
    observedPaths({ '/etc/x': 'old\n' }),
    planContext({ diff: true }),
  )
  assert.equal(change?.diff, { before: 'old\n', after: 'new\n' })
})

test('a diff shows the size of what is no text', () => {
  const content = Buffer.from([0, 1, 2, 255])
  const [change] = file('/etc/x', { content }).plan(observedPaths({}), planContext({ diff: true }))
  assert.equal(change?.diff, { before: '', after: '(binary, 4 bytes)' })
})

test('contents are asked for only where a diff is wanted and nothing is secret', () => {
  const asksForContent = (resource: Resource, diff: boolean) =>
    resource.needs(planContext({ diff })).some(({ probe }) => probe === (contentProbe as unknown))
  assert.not(asksForContent(file('/etc/x', { content: 'a' }), false))
  assert.ok(asksForContent(file('/etc/x', { content: 'a' }), true))
  assert.not(asksForContent(file('/etc/x', { content: new Secret('a') }), true))
})

test('a secret is nowhere in a resource and its changes, encoded or not', () => {
  const text = 'correct horse battery staple'
  const resource = file('/etc/x', { content: new Secret(text) })
  const changes = resource.plan(observedPaths({}), planContext({ diff: true }))
  const printed = JSON.stringify({ resource, changes })
  assert.is(changes.length, 1)
  assert.is(changes[0]?.diff, undefined)
  assert.not.match(printed, text)
  assert.not.match(printed, Buffer.from(text).toString('base64'))
  const predicted = changes.flatMap(({ effects }) => effects.known ?? [])
  assert.equal(
    predicted.map(([{ probe }]) => probe.name),
    ['path', 'content'],
  )
  const hidden = inspect({ resource, changes, predicted }, { depth: 20, showHidden: true })
  assert.not.match(hidden, text)
})

test('a created parent is known to what comes behind it', () => {
  const [change] = directory('/srv/a/b').plan(observedPaths({}), planContext())
  const observed = observedPaths({}, change?.effects.known)
  assert.is(observed.get(pathProbe, '/srv/a').type, 'directory')
  assert.is(file('/srv/a/b/x', { content: '' }).plan(observed, planContext()).length, 1)
})

test('a place is that of the caller', () => {
  assert.match(file('/etc/x', { content: '' }).place?.file ?? '', /resources-files-plan\.test\.ts$/)
})

test.run()
