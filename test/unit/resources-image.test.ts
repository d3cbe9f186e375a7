import { execFileSync } from 'node:child_process'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Observed } from '../../lib/engine/resource.ts'
import { QuorateError } from '../../lib/errors.ts'
import { image } from '../../lib/resources/image.ts'
import { type ImageState, imageNeed, imageProbe } from '../../lib/resources/probes/image.ts'
import { unitNeed } from '../../lib/resources/probes/unit.ts'
import { observedPaths, planContext } from '../helpers/observed.ts'

const PAUSE = 'registry.k8s.io/pause:3.10.2'
const ETCD = 'registry.k8s.io/etcd:3.6.8-0'
const SHA = 'a'.repeat(64)
const OTHER = 'b'.repeat(64)

const desired = image(PAUSE, { source: 'images/pause.tar', sha256: SHA })

function observed(state: Partial<ImageState>, active = 'active'): Observed {
  const found = { containerd: 'answers', reason: '', present: false, archive: undefined, ...state }
  return observedPaths({}, [
    [imageNeed(PAUSE), found],
    [unitNeed('containerd.service'), { active }],
  ])
}

const summaries = (state: Partial<ImageState>, active?: string) =>
  desired.plan(observed(state, active), planContext()).map(({ summary }) => summary)

for (const [what, state, expected] of [
  ['is imported where it is missing', {}, ['import']],
  ['is imported where only its record is left', { archive: SHA }, ['import']],
  ['is left alone where it is there', { present: true, archive: SHA }, []],
  [
    'is imported over another one of its name',
    { present: true, archive: OTHER },
    ['import: its archive has changed'],
  ],
  [
    'is imported over one that somebody else has brought',
    { present: true },
    ['import: what is there came from elsewhere'],
  ],
  [
    'is imported once an earlier resource has started containerd',
    { containerd: 'silent' },
    ['import, unless it is there once containerd runs'],
  ],
] as const) {
  test(`an image ${what}`, () => {
    assert.equal(summaries(state), [...expected])
  })
}

test('an imported image is predicted', () => {
  const [change] = desired.plan(observed({}), planContext())
  assert.equal(change?.effects.known, [
    [imageNeed(PAUSE), { containerd: 'answers', reason: '', present: true, archive: SHA }],
  ])
})

for (const [state, active, expected] of [
  [{ containerd: 'absent' }, 'inactive', 'containerd is not installed on this host: there is no ctr'],
  [{ containerd: 'silent', reason: 'no socket' }, 'failed', 'containerd does not answer: no socket'],
] as const) {
  test(`without containerd (${state.containerd}) an image is refused`, () => {
    assert.throws(
      () => summaries(state, active),
      (error: Error) => error instanceof QuorateError && error.message === expected,
    )
  })
}

for (const [reference, sha256] of [
  ['pause:3.10.2', SHA],
  ['registry.k8s.io/pause', SHA],
  [PAUSE, 'abc'],
] as const) {
  test(`image('${reference}', { sha256: '${sha256.slice(0, 3)}…' }) is refused at once`, () => {
    assert.throws(
      () => image(reference, { source: 'x.tar', sha256 }),
      (error: Error) => error instanceof QuorateError,
    )
  })
}

/** Runs the probe with a `ctr` of our own. */
function probe(ctr: string | undefined): readonly ImageState[] {
  const directory = fs.mkdtempSync(join(tmpdir(), 'quorate-ctr-'))
  try {
    if (ctr !== undefined) fs.writeFileSync(join(directory, 'ctr'), `#!/bin/sh\n${ctr}\n`, { mode: 0o755 })
    const script = imageProbe.script([PAUSE, ETCD])
    const stdout = execFileSync('/bin/sh', ['-c', script], { env: { PATH: directory } })
    return imageProbe.parse(stdout, [PAUSE, ETCD])
  } finally {
    fs.rmSync(directory, { recursive: true })
  }
}

test('the probe finds images by their whole name', () => {
  const states = probe(`echo "$*" >&2; echo sha256:abc; echo ${ETCD}; echo ${PAUSE}-more`)
  assert.equal(
    states.map(({ containerd, present }) => [containerd, present]),
    [
      ['answers', false],
      ['answers', true],
    ],
  )
})

test('the probe tells why containerd does not answer', () => {
  const [state] = probe('echo "ctr: cannot access socket" >&2; exit 1')
  assert.is(state?.containerd, 'silent')
  assert.is(state?.reason, 'ctr: cannot access socket')
})

test('the probe tells that there is no containerd', () => {
  assert.equal(
    probe(undefined).map(({ containerd, present }) => [containerd, present]),
    [
      ['absent', false],
      ['absent', false],
    ],
  )
})

test.run()
