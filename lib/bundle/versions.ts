import { type Problem, UsageError } from '../errors.ts'

/** Releases that belong together; each as its project writes it in download locations and image tags. */
export interface Versions {
  /** `v1.36.2`. */
  readonly kubernetes: string
  readonly etcd: string
  /** Image tag: etcd's version and the build of the image. */
  readonly etcdImage: string
  readonly coredns: string
  readonly pause: string
  readonly crictl: string
  readonly containerd: string
  readonly runc: string
  readonly cniPlugins: string
  readonly flannel: string
  readonly flannelCni: string
  readonly kubeVip: string
}

// Source: what `kubeadm config images list` prints, from DefaultEtcdVersion, CoreDNSVersion and PauseVersion in
// cmd/kubeadm/app/constants/constants.go. 1.36 was read there (v1.36.2); 1.35 and 1.34 from published lists of images,
// and the etcd of 1.34 was 3.6.4-0 in its first releases. A patch release may move them: kubeadm is told the bundle's tags.
// crictl: the first release of the minor.
const MINORS = {
  'v1.34': { etcd: 'v3.6.5', etcdImage: '3.6.5-0', coredns: 'v1.12.1', pause: '3.10.1', crictl: 'v1.34.0' },
  'v1.35': { etcd: 'v3.6.6', etcdImage: '3.6.6-0', coredns: 'v1.13.1', pause: '3.10.1', crictl: 'v1.35.0' },
  'v1.36': { etcd: 'v3.6.8', etcdImage: '3.6.8-0', coredns: 'v1.14.2', pause: '3.10.2', crictl: 'v1.36.0' },
} as const

// Independent of the Kubernetes minor: releases that support all of the above.
const COMMON = {
  containerd: 'v2.2.9',
  runc: 'v1.4.3',
  cniPlugins: 'v1.9.1',
  flannel: 'v0.28.9',
  flannelCni: 'v1.9.1-flannel3',
  kubeVip: 'v1.2.2',
} as const

/** @throws UsageError for what is no version, or one that is not supported. */
export function versionsFor(kubernetes: string): Versions {
  const supported = Object.keys(MINORS).join(', ')
  const [, minor = ''] = /^(v\d+\.\d+)\.\d+$/.exec(kubernetes) ?? []
  if (minor === '') throw usage(`'${kubernetes}' is no Kubernetes version`, 'as in: v1.36.2')
  if (!Object.hasOwn(MINORS, minor)) {
    throw usage(`Kubernetes ${kubernetes} is not supported`, `supported: ${supported}`)
  }
  return { kubernetes, ...MINORS[minor as keyof typeof MINORS], ...COMMON }
}

function usage(message: string, hint: string): UsageError {
  const problem: Problem = { message, hint }
  return new UsageError([problem])
}
