import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { decide } from '../../roles/kube-node/decide.ts'
import { type Marks, patchOf } from '../../roles/kube-node/marks.ts'
import { kubeNodeVars } from '../../roles/kube-node/vars.ts'
import { describeNodes } from '../../roles/kube-node/verify.ts'
import type { ClusterNode } from '../../roles/kubeadm/cluster-state.ts'
import { FRESH, type NodeState } from '../../roles/kubeadm/node-state.ts'

const A = 'sha256:aaaa'
const speaker = { name: 'm1', state: { ...FRESH, caHash: A, ready: true } }
const WORKER: NodeState = { ...FRESH, kubeletConf: true, kubelet: true, caHash: A }
const NODE: ClusterNode = {
  name: 'n1',
  internalIp: '10.0.0.11',
  ready: true,
  reason: '',
  kubeletVersion: 'v1.36.2',
  labels: { 'kubernetes.io/os': 'linux' },
  taints: [],
  owned: '',
}
const NONE: Marks = { labels: {}, taints: [] }

const cases: readonly [string, NodeState, object][] = [
  ['a fresh host joins', FRESH, { course: 'join', reset: false }],
  ['a worker of the cluster is only converged', WORKER, { course: 'converge', reset: false }],
  [
    'an interrupted join is cleared and done again',
    { ...WORKER, unfinished: 'join' },
    { course: 'join', reset: true },
  ],
  [
    'an interrupted join of another cluster is cleared too',
    { ...WORKER, caHash: 'sha256:bb', unfinished: 'join' },
    { course: 'join', reset: true },
  ],
]
for (const [title, own, expected] of cases)
  test(title, () => assert.equal(decide('n1', own, speaker), expected))

test('a node of another cluster is refused, with what clears it and spares an etcd', () => {
  try {
    decide('n1', { ...WORKER, caHash: 'sha256:bb' }, speaker)
    assert.unreachable()
  } catch (error) {
    const { message, hint } = error as { message: string; hint: string }
    assert.match(message, /n1 belongs to another cluster than m1/)
    assert.match(hint, '--skip-phases remove-etcd-member')
  }
})

test('a master is no worker', () => {
  assert.throws(() => decide('n1', { ...WORKER, manifest: true }, speaker), /n1 has a control plane/)
})

test('without a master a worker keeps what it has, and a fresh host cannot join', () => {
  assert.equal(decide('n1', WORKER, undefined), { course: 'converge', reset: false })
  assert.throws(() => decide('n1', FRESH, undefined), /no master with a ready apiserver/)
})

test('in check mode a worker is planned to join a cluster that would have been made by then', () => {
  assert.equal(decide('n1', FRESH, undefined, true), { course: 'join', reset: false })
})

test('a node with all that is wanted is left alone', () => {
  assert.is(patchOf(NODE, NONE), undefined)
  const marks = { labels: { disk: 'ssd' }, taints: [{ key: 'gpu', effect: 'NoSchedule' }] }
  const owned = '{"labels":["disk"],"taints":["gpu:NoSchedule"]}'
  const node = { ...NODE, labels: { ...NODE.labels, disk: 'ssd' }, taints: [...marks.taints], owned }
  assert.is(patchOf(node, marks), undefined)
})

test('labels and taints are set, and remembered as ours', () => {
  const patch = patchOf(NODE, {
    labels: { disk: 'ssd' },
    taints: [{ key: 'gpu', value: 'a', effect: 'NoSchedule' }],
  })
  assert.equal(patch, {
    metadata: {
      labels: { disk: 'ssd' },
      annotations: { 'quorate/owned': '{"labels":["disk"],"taints":["gpu:NoSchedule"]}' },
    },
    spec: { taints: [{ key: 'gpu', value: 'a', effect: 'NoSchedule' }] },
  })
})

test('what is no longer wanted is taken off, and what others gave stays', () => {
  const foreign = { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' }
  const node = {
    ...NODE,
    labels: { ...NODE.labels, disk: 'ssd', theirs: 'x' },
    taints: [foreign, { key: 'gpu', effect: 'NoSchedule' }],
    owned: '{"labels":["disk"],"taints":["gpu:NoSchedule"]}',
  }
  assert.equal(patchOf(node, NONE), {
    metadata: { labels: { disk: null }, annotations: { 'quorate/owned': null } },
    spec: { taints: [foreign] },
  })
})

test('a taint that comes and goes by itself changes nothing of ours', () => {
  const node = { ...NODE, taints: [{ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }] }
  assert.is(patchOf(node, NONE), undefined)
})

test('labels that are Kubernetes’ own are refused, those that name a role are not', () => {
  const given = {
    masters: [{ name: 'm1', address: '10.0.0.1' }],
    bundle: '/b',
    controlPlaneEndpoint: '10.0.0.9:8443',
  }
  const ok = (labels: object) => kubeNodeVars.safeParse({ ...given, labels }).success
  assert.ok(ok({ 'node-role.kubernetes.io/worker': '', disk: 'ssd', 'example.org/zone': 'a' }))
  assert.not.ok(ok({ 'kubernetes.io/hostname': 'x' }))
  assert.not.ok(ok({ 'bad key': 'x' }))
  assert.not.ok(ok({ disk: 'with space' }))
})

test('workers that only lack a network are no failure, one that is not there is', () => {
  const workers = [{ name: 'n1', address: '10.0.0.11' }]
  assert.is(describeNodes(workers, [NODE]), '1 of 1 workers ready')
  const waiting = {
    ...NODE,
    ready: false,
    reason: 'container runtime network not ready: NetworkPluginNotReady',
  }
  assert.is(describeNodes(workers, [waiting]), '0 of 1 workers ready; 1 wait for a pod network')
  assert.throws(() => describeNodes(workers, []), /n1 is no node of the cluster/)
  assert.throws(
    () => describeNodes(workers, [{ ...NODE, internalIp: '10.0.0.100' }]),
    /knows n1 by 10.0.0.100/,
  )
  assert.throws(
    () => describeNodes(workers, [{ ...NODE, ready: false, reason: 'disk is full' }]),
    /disk is full/,
  )
  const full = { key: 'node.kubernetes.io/disk-pressure', effect: 'NoSchedule' }
  assert.throws(
    () => describeNodes(workers, [{ ...NODE, taints: [full] }]),
    /the node n1 takes no pods, because of its disk pressure/,
  )
})

test.run()
