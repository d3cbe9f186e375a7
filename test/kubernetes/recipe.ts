/** A program that is built from source. */
export interface Program {
  readonly name: string
  readonly version: string
  /** Folder under modules/ whose go.mod pins the version; for C the source file. */
  readonly source: string
  /** Go package of the program; undefined for C. */
  readonly package?: string
  readonly tags?: readonly string[]
  /** Linked against libc, statically. */
  readonly cgo?: true
  /** Go variables set by the linker, as the project's own release does. */
  readonly stamps?: Readonly<Record<string, string>>
}

export interface ImageRecipe {
  readonly name: string
  readonly reference: string
  /** `debian`: with the network tools that a program calls. Default: nothing but the program. */
  readonly base?: 'debian'
  /** Path in the image → name of a program. */
  readonly programs: Readonly<Record<string, string>>
  readonly entrypoint: readonly string[]
}

export interface Recipe {
  readonly kubernetes: string
  readonly programs: readonly Program[]
  /** Names of the programs that hosts run themselves. */
  readonly binaries: readonly string[]
  readonly images: readonly ImageRecipe[]
}

/** What kubeadm of a release asks for: see its cmd/kubeadm/app/constants/constants.go. */
interface Release {
  readonly etcd: string
  readonly coredns: string
  readonly pause: string
}

const RELEASES: Readonly<Record<string, Release>> = {
  'v1.36.2': { etcd: '3.6.8', coredns: '1.14.2', pause: '3.10.2' },
  'v1.35.8': { etcd: '3.6.6', coredns: '1.13.1', pause: '3.10.1' },
  'v1.34.4': { etcd: '3.6.5', coredns: '1.12.1', pause: '3.10.1' },
}

const FLANNEL = 'v0.28.9'
const KUBE_VIP = 'v1.2.2'
const CRICTL = 'v1.36.0'
/**
 * The plugin's own module (github.com/flannel-io/cni-plugin) is not served by every Go module proxy. This is the
 * last release of its former home; it does the same for the CNI versions up to 0.4.0, flannel's default 0.3.1 among
 * them.
 */
const FLANNEL_CNI = 'v0.9.1'

export const DEFAULT_KUBERNETES = 'v1.36.2'

/** The releases that a test bundle can be built for, newest first. */
export const KUBERNETES_RELEASES: readonly string[] = Object.keys(RELEASES)

/** What is built for a release; undefined for one that is not known. */
export function recipeFor(kubernetes: string): Recipe | undefined {
  const release = RELEASES[kubernetes]
  if (release === undefined) return undefined
  return {
    kubernetes,
    programs: [...kubernetesPrograms(kubernetes), ...otherPrograms(release)],
    binaries: ['kubeadm', 'kubelet', 'kubectl', 'etcd', 'etcdctl', 'etcdutl', 'crictl', 'flannel-cni'],
    images: [...kubernetesImages(kubernetes), ...otherImages(release)],
  }
}

function kubernetesPrograms(version: string): Program[] {
  const [major = '', minor = ''] = version.slice(1).split('.')
  const variables = { gitVersion: version, gitMajor: major, gitMinor: minor, gitTreeState: 'clean' }
  const stamps = Object.fromEntries(
    ['k8s.io/client-go/pkg/version', 'k8s.io/component-base/version'].flatMap((path) =>
      Object.entries(variables).map(([variable, value]) => [`${path}.${variable}`, value]),
    ),
  )
  const names = ['kubeadm', 'kubectl', 'kube-scheduler', 'kube-proxy', 'kube-controller-manager']
  return [...names, 'kube-apiserver', 'kubelet'].map((name) => ({
    name,
    version,
    source: `kubernetes-${major}.${minor}`,
    package: `k8s.io/kubernetes/cmd/${name}`,
    tags: ['selinux', 'notest', 'grpcnotrace'],
    stamps,
  }))
}

function otherPrograms({ etcd, coredns, pause }: Release): Program[] {
  const etcdProgram = (name: string, folder: string): Program => ({
    name,
    version: `v${etcd}`,
    source: `etcd-${etcd}`,
    package: `go.etcd.io/etcd/${folder}/v3`,
  })
  return [
    { name: 'pause', version: pause, source: 'pause.c' },
    { name: 'agnhost', version: '1', source: 'agnhost', package: '.' },
    etcdProgram('etcd', 'server'),
    etcdProgram('etcdctl', 'etcdctl'),
    etcdProgram('etcdutl', 'etcdutl'),
    {
      name: 'crictl',
      version: CRICTL,
      source: 'crictl',
      package: 'sigs.k8s.io/cri-tools/cmd/crictl',
      stamps: { 'sigs.k8s.io/cri-tools/pkg/version.Version': CRICTL.slice(1) },
    },
    {
      name: 'flanneld',
      version: FLANNEL,
      source: 'flannel',
      package: 'github.com/flannel-io/flannel',
      tags: ['netgo', 'osusergo'],
      cgo: true, // its udp backend is C
      stamps: { 'github.com/flannel-io/flannel/pkg/version.Version': FLANNEL },
    },
    {
      name: 'install-conf',
      version: FLANNEL,
      source: 'flannel',
      package: 'github.com/flannel-io/flannel/cmd/install_conf',
    },
    {
      name: 'flannel-cni',
      version: FLANNEL_CNI,
      source: 'flannel-cni',
      package: 'github.com/containernetworking/plugins/plugins/meta/flannel',
      stamps: { 'github.com/containernetworking/plugins/pkg/utils/buildversion.BuildVersion': FLANNEL_CNI },
    },
    {
      name: 'kube-vip',
      version: KUBE_VIP,
      source: 'kube-vip',
      package: 'github.com/kube-vip/kube-vip',
      stamps: { 'main.Version': KUBE_VIP },
    },
    {
      name: 'coredns',
      version: `v${coredns}`,
      source: `coredns-${coredns}`,
      package: 'github.com/coredns/coredns',
      tags: ['grpcnotrace'],
    },
  ]
}

function kubernetesImages(version: string): ImageRecipe[] {
  const image = (name: string): ImageRecipe => ({
    name,
    reference: `registry.k8s.io/${name}:${version}`,
    programs: { [`usr/local/bin/${name}`]: name },
    entrypoint: [`/usr/local/bin/${name}`],
  })
  return [
    image('kube-apiserver'),
    image('kube-controller-manager'),
    image('kube-scheduler'),
    { ...image('kube-proxy'), base: 'debian' },
  ]
}

function otherImages({ etcd, coredns, pause }: Release): ImageRecipe[] {
  return [
    {
      name: 'etcd',
      reference: `registry.k8s.io/etcd:${etcd}-0`,
      programs: {
        'usr/local/bin/etcd': 'etcd',
        'usr/local/bin/etcdctl': 'etcdctl',
        'usr/local/bin/etcdutl': 'etcdutl',
      },
      entrypoint: ['/usr/local/bin/etcd'],
    },
    {
      name: 'coredns/coredns',
      reference: `registry.k8s.io/coredns/coredns:v${coredns}`,
      programs: { coredns: 'coredns' },
      entrypoint: ['/coredns'],
    },
    {
      name: 'pause',
      reference: `registry.k8s.io/pause:${pause}`,
      programs: { pause: 'pause' },
      entrypoint: ['/pause'],
    },
    {
      name: 'flannel',
      reference: `ghcr.io/flannel-io/flannel:${FLANNEL}`,
      base: 'debian',
      programs: { 'opt/bin/flanneld': 'flanneld', 'opt/bin/install-conf': 'install-conf' },
      entrypoint: ['/opt/bin/flanneld'],
    },
    {
      name: 'kube-vip',
      reference: `ghcr.io/kube-vip/kube-vip:${KUBE_VIP}`,
      programs: { 'kube-vip': 'kube-vip' },
      entrypoint: ['/kube-vip'],
    },
    {
      name: 'agnhost',
      reference: 'quorate.test/agnhost:1',
      programs: { agnhost: 'agnhost' },
      entrypoint: ['/agnhost'],
    },
  ]
}
