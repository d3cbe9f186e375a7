import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  foreignProblem,
  type Membership,
  parseMembership,
  refuseOtherVersion,
  runningVersions,
} from '../../roles/kubeadm/same-cluster.ts'

const masters = ['1', '2', '3'].map((n) => ({ name: `m${n}`, address: `10.0.0.${n}` }))
const wanted = { masters, controlPlaneEndpoint: '10.0.0.100:8443' }
const FRESH = parseMembership('')
const master: Membership = {
  isNode: true,
  isMaster: true,
  caHash: 'ours',
  version: 'v1.36.2',
  endpoint: '10.0.0.100:8443',
}
const worker: Membership = { isNode: true, isMaster: false, caHash: 'ours', version: '', endpoint: '' }

const problem = (self: string, given: Record<string, Membership>) =>
  foreignProblem({ name: self, address: `10.0.0.${self.slice(1)}` }, wanted, new Map(Object.entries(given)))

const cases: [title: string, self: string, given: Record<string, Membership>, found: RegExp | undefined][] = [
  ['a fresh host', 'w9', { m1: FRESH, m2: FRESH, m3: FRESH, w9: FRESH }, undefined],
  ['a master of the cluster', 'm1', { m1: master, m2: master, m3: FRESH }, undefined],
  ['a worker of the cluster', 'w9', { m1: master, m2: FRESH, m3: FRESH, w9: worker }, undefined],
  ['a master alone, the others are fresh', 'm2', { m1: FRESH, m2: master, m3: FRESH }, undefined],
  [
    'a master whose kubeconfig leads to itself',
    'm1',
    { m1: { ...master, endpoint: '10.0.0.1:6443' } },
    undefined,
  ],
  ['a worker that no master takes part with', 'w9', { w9: { ...worker, caHash: 'theirs' } }, undefined],
  [
    'a worker that kubeadm did not finish',
    'w9',
    { m1: master, w9: { ...worker, isNode: false, caHash: 'theirs' } },
    undefined,
  ],
  [
    'a worker with another CA',
    'w9',
    { m1: FRESH, m2: master, w9: { ...worker, caHash: 'theirs' } },
    /^w9 belongs to another cluster than m2: its CA is a different one$/,
  ],
  [
    'a master with another CA',
    'm2',
    { m1: master, m2: { ...master, caHash: 'theirs' }, m3: FRESH },
    /^m2 belongs to another cluster than m1/,
  ],
  [
    'a master of a cluster with another endpoint',
    'm1',
    { m1: { ...master, endpoint: '10.9.9.9:6443' }, m2: FRESH, m3: FRESH },
    /^m1 is a master of a cluster whose API is at 10\.9\.9\.9:6443, not at 10\.0\.0\.100:8443$/,
  ],
  [
    'a node, where no master has a cluster',
    'w9',
    { m1: FRESH, m2: FRESH, m3: FRESH, w9: worker },
    /^w9 is a node of a cluster that none of the masters is in$/,
  ],
]

for (const [title, self, given, found] of cases) {
  test(`${title} ${found === undefined ? 'is taken' : 'is refused'}`, () => {
    if (found === undefined) assert.is(problem(self, given), undefined)
    else assert.match(problem(self, given) ?? '', found)
  })
}

test('what a host prints is read', () => {
  assert.equal(parseMembership('node=yes\nmaster=yes\nendpoint=10.0.0.100:8443\nversion=v1.36.2\n'), {
    isNode: true,
    isMaster: true,
    caHash: undefined,
    version: 'v1.36.2',
    endpoint: '10.0.0.100:8443',
  })
})

test('a cluster is not upgraded by the way: whoever takes part is refused', () => {
  const running = (given: Record<string, Membership>) =>
    runningVersions({ masters }, new Map(Object.entries(given)))
  const old = { ...master, version: 'v1.35.5' }
  refuseOtherVersion('v1.36.2', running({ m1: master, m2: FRESH, w9: worker }))
  refuseOtherVersion('v1.36.2', running({ m1: FRESH, w9: { ...worker, version: 'v1.30.0' } }))
  refuseOtherVersion('v1.36.2', running({ m1: { ...old, isNode: false } }))
  assert.throws(
    () => refuseOtherVersion('v1.36.2', running({ m1: master, m2: old, w9: worker })),
    /^the cluster runs Kubernetes v1\.35\.5, and v1\.36\.2 is wanted$/,
  )
})

test.run()
