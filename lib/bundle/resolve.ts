import type { Architecture } from './manifest.ts'
import { type Versions, versionsFor } from './versions.ts'

/** A released file: a binary, or an archive that is kept or that binaries are taken out of. */
export interface FileSource {
  readonly kind: 'binary' | 'archive'
  readonly name: string
  readonly version: string
  /** The official location. */
  readonly url: string
  /** Where its project publishes the sha256: alone, or in a list of `DIGEST  NAME` lines. */
  readonly checksum: string
  /** Of an archive of binaries: the member that holds each, by name. */
  readonly members?: Readonly<Record<string, string>>
  /** Distributions have packages of it. */
  readonly optional?: boolean
}

/** A container image in its official registry. */
export interface ImageSource {
  readonly kind: 'image'
  readonly name: string
  readonly version: string
  readonly reference: string
}

export type Source = FileSource | ImageSource

/**
 * Everything that hosts need for a Kubernetes version, with the official locations.
 *
 * @throws UsageError for a version that is not supported.
 */
export function resolveSources(kubernetes: string, architecture: Architecture): readonly Source[] {
  const versions = versionsFor(kubernetes)
  return [
    ...['kubeadm', 'kubelet', 'kubectl'].map((name) => kubernetesBinary(name, kubernetes, architecture)),
    etcd(versions, architecture),
    crictl(versions, architecture),
    flannelCni(versions, architecture),
    ...containerRuntime(versions, architecture),
    ...images(versions),
  ]
}

function kubernetesBinary(name: string, version: string, architecture: Architecture): FileSource {
  const url = `https://dl.k8s.io/release/${version}/bin/linux/${architecture}/${name}`
  return { kind: 'binary', name, version, url, checksum: `${url}.sha256` }
}

function etcd({ etcd: version }: Versions, architecture: Architecture): FileSource {
  const directory = `etcd-${version}-linux-${architecture}`
  const release = github('etcd-io/etcd', version)
  const binaries = ['etcd', 'etcdctl', 'etcdutl']
  return {
    kind: 'binary',
    name: 'etcd',
    version,
    url: `${release}/${directory}.tar.gz`,
    checksum: `${release}/SHA256SUMS`,
    members: Object.fromEntries(binaries.map((binary) => [binary, `${directory}/${binary}`])),
  }
}

function crictl({ crictl: version }: Versions, architecture: Architecture): FileSource {
  const url = `${github('kubernetes-sigs/cri-tools', version)}/crictl-${version}-linux-${architecture}.tar.gz`
  return {
    kind: 'binary',
    name: 'crictl',
    version,
    url,
    checksum: `${url}.sha256`,
    members: { crictl: 'crictl' },
  }
}

function flannelCni({ flannelCni: version }: Versions, architecture: Architecture): FileSource {
  const archive = `cni-plugin-flannel-linux-${architecture}-${version}.tgz`
  const url = `${github('flannel-io/cni-plugin', version)}/${archive}`
  const members = { 'flannel-cni': `flannel-${architecture}` }
  return { kind: 'binary', name: 'flannel-cni', version, url, checksum: `${url}.sha256`, members }
}

function containerRuntime(versions: Versions, architecture: Architecture): FileSource[] {
  const { containerd, runc, cniPlugins } = versions
  const containerdUrl = `${github('containerd/containerd', containerd)}/containerd-${containerd.slice(1)}-linux-${architecture}.tar.gz`
  const runcRelease = github('opencontainers/runc', runc)
  const pluginsUrl = `${github('containernetworking/plugins', cniPlugins)}/cni-plugins-linux-${architecture}-${cniPlugins}.tgz`
  return [
    {
      kind: 'archive',
      name: 'containerd',
      version: containerd,
      url: containerdUrl,
      checksum: `${containerdUrl}.sha256sum`,
      optional: true,
    },
    {
      kind: 'binary',
      name: 'runc',
      version: runc,
      url: `${runcRelease}/runc.${architecture}`,
      checksum: `${runcRelease}/runc.sha256sum`,
      optional: true,
    },
    {
      kind: 'archive',
      name: 'cni-plugins',
      version: cniPlugins,
      url: pluginsUrl,
      checksum: `${pluginsUrl}.sha256`,
      optional: true,
    },
  ]
}

function images({ kubernetes, coredns, pause, etcdImage, flannel, kubeVip }: Versions): ImageSource[] {
  const components = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kube-proxy']
  return [
    ...components.map((name) => image(name, 'registry.k8s.io', name, kubernetes)),
    image('coredns/coredns', 'registry.k8s.io', 'coredns/coredns', coredns),
    image('pause', 'registry.k8s.io', 'pause', pause),
    image('etcd', 'registry.k8s.io', 'etcd', etcdImage),
    image('flannel', 'ghcr.io', 'flannel-io/flannel', flannel),
    image('kube-vip', 'ghcr.io', 'kube-vip/kube-vip', kubeVip),
  ]
}

function image(name: string, registry: string, repository: string, version: string): ImageSource {
  return { kind: 'image', name, version, reference: `${registry}/${repository}:${version}` }
}

function github(repository: string, version: string): string {
  return `https://github.com/${repository}/releases/download/${version}`
}
