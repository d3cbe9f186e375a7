// What check mode tells of a cluster that is not there yet is what the run then does: a plan can be made of it.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { converge as convergeMaster } from '../../roles/kube-master/converge.ts'
import { kubeMasterVars } from '../../roles/kube-master/vars.ts'
import { converge as convergeNode } from '../../roles/kube-node/converge.ts'
import { kubeNodeVars } from '../../roles/kube-node/vars.ts'
import { KubeStage } from '../helpers/kube-stage.ts'

const test = suite('plans of a cluster')
const common = { version: 'v1.36.2', controlPlaneEndpoint: '10.0.0.100:8443' }
const LET_IN = ['bootstrap token for this run', 'share the certificates with masters that join']
const JOIN = ['join the cluster as a control plane']
const TIDY_UP = 'delete what only lets hosts in'

function stageOf(masters: number, workers: number) {
  const names = [
    ...Array.from({ length: masters }, (_, index) => `m${index + 1}`),
    ...Array.from({ length: workers }, (_, index) => `n${index + 1}`),
  ]
  const stage = new KubeStage(names)
  return { stage, masters: stage.hosts.slice(0, masters) }
}

test('a first control plane', async () => {
  const { stage, masters } = stageOf(3, 0)
  const vars = kubeMasterVars.parse({ ...common, masters, etcd: 'stacked' })
  const planned = await stage.run(convergeMaster, () => vars, true)
  assert.equal(planned, { m1: ['make the cluster', ...LET_IN, TIDY_UP], m2: JOIN, m3: JOIN })
  assert.equal(await stage.run(convergeMaster, () => vars, false), planned)
  const again = await stage.run(convergeMaster, () => vars, true)
  assert.equal(again.m2, [])
})

test('a cluster of one master', async () => {
  const { stage, masters } = stageOf(1, 0)
  const vars = kubeMasterVars.parse({ ...common, masters, etcd: 'stacked' })
  assert.equal(await stage.run(convergeMaster, () => vars, true), { m1: ['make the cluster', TIDY_UP] })
})

test('first workers, labelled and tainted, before there is a cluster', async () => {
  const { stage, masters } = stageOf(2, 2)
  const own = (name: string) => (name === 'n2' ? { labels: { disk: 'ssd' } } : {})
  const taints = [{ key: 'gpu', effect: 'NoSchedule' }]
  const vars = ({ name }: { name: string }) =>
    kubeNodeVars.parse({ ...common, masters, taints, ...own(name) })
  const planned = await stage.run(convergeNode, vars, true)
  assert.equal(planned, {
    m1: [LET_IN[0], 'node n1: taints', 'node n2: labels disk; taints', TIDY_UP],
    m2: [],
    n1: ['join the cluster as a worker'],
    n2: ['join the cluster as a worker'],
  })
  stage.make('m1', 'm2')
  assert.equal(await stage.run(convergeNode, vars, false), planned)
})

test.run()
