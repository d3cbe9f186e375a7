import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sha256 } from './release-server.ts'

const PROGRAMS = ['kubeadm', 'kubelet', 'kubectl', 'crictl', 'etcd', 'etcdctl', 'flannel-cni']
const IMAGES = [
  'pause',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kube-proxy',
  'coredns/coredns',
  'flannel',
  'etcd',
  'kube-vip',
]

export interface TinyBundleOptions {
  /** @default 'v1.36.2' */
  readonly kubernetes?: string
  /** Of etcd and etcdctl. @default 'v3.6.8' */
  readonly etcd?: string
  /** Names of items that it lacks. @default none */
  readonly without?: readonly string[]
}

/** A bundle that is complete and right, but whose programs do nothing. Returns its directory. */
export function tinyBundle(
  directory: string,
  { kubernetes = 'v1.36.2', etcd = 'v3.6.8', without = [] }: TinyBundleOptions = {},
): string {
  mkdirSync(join(directory, 'files'), { recursive: true })
  const item = (kind: 'binary' | 'image', name: string) => {
    const content = `#!/bin/sh\n# ${kind} ${name}\n`
    const file = `files/${kind}-${name.replace('/', '-')}`
    writeFileSync(join(directory, file), content)
    const version = name.startsWith('etcd') ? etcd : kubernetes
    const reference = { reference: `registry.k8s.io/${name}:${version}` }
    const digest = { sha256: sha256(content), size: content.length }
    return { kind, name, version, file, ...digest, ...(kind === 'image' && reference) }
  }
  const items = [
    ...PROGRAMS.map((name) => item('binary', name)),
    ...IMAGES.map((name) => item('image', name)),
  ].filter(({ name }) => !without.includes(name))
  const manifest = { version: 1, kubernetes, architecture: 'amd64', items }
  writeFileSync(join(directory, 'manifest.json'), JSON.stringify(manifest))
  return directory
}
