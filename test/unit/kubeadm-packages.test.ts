import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { clusterVars } from '../../roles/cluster/vars.ts'
import { kubeNodeVars } from '../../roles/kube-node/vars.ts'
import { type PackageRepository, packagedPrograms } from '../../roles/kubeadm/packages.ts'

const PROGRAMS = ['kubeadm', 'kubelet', 'kubectl', 'crictl', 'etcdctl']
const repository = { url: 'https://packages.example.org/v1.36/', key: import.meta.filename }

const named = (packageManager: 'apt' | 'dnf', from?: PackageRepository) =>
  packagedPrograms('v1.36.2', PROGRAMS, { packageManager }, from).map(({ kind, name }) => `${kind} ${name}`)

const LINKS = PROGRAMS.map((name) => `symlink /usr/local/bin/${name}`)

test('packages come from what the host knows, and stay at their version', () => {
  assert.equal(named('apt'), [
    'file /etc/apt/preferences.d/kubernetes',
    'package kubeadm, kubelet, kubectl',
    'package cri-tools, etcd-client',
    ...LINKS,
  ])
  assert.equal(named('dnf'), ['package kubeadm, kubelet, kubectl', 'package cri-tools, etcd', ...LINKS])
})

test('a repository is added with its key, before its packages', () => {
  assert.equal(named('apt', repository).slice(0, 5), [
    'package ca-certificates',
    'directory /etc/apt/keyrings',
    'file /etc/apt/keyrings/kubernetes.asc',
    'file /etc/apt/sources.list.d/kubernetes.list',
    'file /etc/apt/preferences.d/kubernetes',
  ])
  assert.equal(named('dnf', repository).slice(0, 2), [
    'file /etc/pki/rpm-gpg/RPM-GPG-KEY-kubernetes',
    'file /etc/yum.repos.d/kubernetes.repo',
  ])
})

test('a host without a package manager is told to take a bundle', () => {
  assert.throws(
    () => packagedPrograms('v1.36.2', PROGRAMS, { packageManager: 'none' }, undefined),
    /no package manager: give a bundle/,
  )
})

const NODE = { masters: [{ name: 'm1', address: '10.0.0.1' }], controlPlaneEndpoint: '10.0.0.100:8443' }
const CLUSTER = { clusterName: 'c', pkiDir: 'pki', vip: '10.0.0.100/24' }

function problems(schema: typeof kubeNodeVars | typeof clusterVars, given: object): string[] {
  const issues = schema.safeParse(given).error?.issues ?? []
  return issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
}

test('a node is made from a bundle or from packages', () => {
  assert.equal(problems(kubeNodeVars, { ...NODE, version: 'v1.36.2', packageRepository: repository }), [])
  assert.equal(problems(kubeNodeVars, NODE), ['bundle: give a bundle, or a version to install packages of'])
  assert.equal(problems(kubeNodeVars, { ...NODE, bundle: '/b', packageRepository: repository }), [
    'packageRepository: is for a cluster without a bundle',
  ])
})

test('a cluster is made of one of the two, of a version that is supported', () => {
  assert.equal(problems(clusterVars, { ...CLUSTER, kubernetesVersion: 'v1.36.2' }), [])
  assert.equal(problems(clusterVars, { ...CLUSTER, kubernetesVersion: 'v1.30.1' }), [
    'kubernetesVersion: Kubernetes v1.30.1 is not supported: 1.34, 1.35, 1.36 are',
  ])
  assert.equal(problems(clusterVars, { ...CLUSTER, bundle: 'b', kubernetesVersion: 'v1.36.2' }), [
    'kubernetesVersion: the bundle says which version it is: give one of the two',
  ])
  assert.equal(problems(clusterVars, { ...CLUSTER, packageRepository: repository }), [
    'packageRepository: is for kubernetes_version',
  ])
})

test.run()
