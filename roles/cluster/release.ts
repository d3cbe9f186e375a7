import {
  type Bundle,
  type BundleFile,
  binaryOf,
  imagesOf,
  type Problem,
  UsageError,
  verifiedBundle,
} from '../../lib/index.ts'
import { MASTER_IMAGES } from '../kubeadm/images.ts'
import { versionProblem } from '../kubeadm/version.ts'
import type { ClusterVars } from './vars.ts'

/** Programs and images that every cluster needs. */
const PROGRAMS = ['kubeadm', 'kubelet', 'kubectl', 'crictl', 'etcdctl', 'flannel-cni']
const IMAGES = [...MASTER_IMAGES, 'flannel']

/** kubeadm refuses an older etcd that is not its own; 1.36 says so, and earlier releases gain by it too. */
export const MINIMUM_ETCD = '3.5.24'

/**
 * Reads a bundle for a cluster, and checks all of it: the version of Kubernetes, what has to be in it, every sha256.
 *
 * @throws UsageError with all that is wrong.
 */
export async function clusterBundle(
  path: string,
  { balancer, etcdMode }: Pick<ClusterVars, 'balancer' | 'etcdMode'>,
): Promise<Bundle> {
  const bundle = await verifiedBundle(path)
  const isStacked = etcdMode === 'stacked'
  const images = [...IMAGES, ...(balancer === 'kube-vip' ? ['kube-vip'] : []), ...(isStacked ? ['etcd'] : [])]
  const programs = isStacked ? PROGRAMS : [...PROGRAMS, 'etcd']
  const problems = [...unsupported(bundle), ...missing(bundle, programs, images)]
  if (problems.length > 0) throw new UsageError(problems)
  return bundle
}

/** The image of the container that holds a pod together. */
export function pauseImage(bundle: Bundle): string | undefined {
  return imagesOf(bundle).find(({ name }) => name === 'pause')?.reference
}

/** The bundle's etcd, as the etcd role takes it. */
export function etcdSource(bundle: Bundle) {
  const [etcd, etcdctl] = ['etcd', 'etcdctl'].map((name) => binaryOf(bundle, name)) as [
    BundleFile,
    BundleFile,
  ]
  const program = ({ path, sha256 }: BundleFile) => ({ path, sha256 })
  return {
    version: etcd.version.replace(/^v/, ''),
    programs: { etcd: program(etcd), etcdctl: program(etcdctl) },
  }
}

function unsupported({ directory, kubernetes }: Bundle): Problem[] {
  const message = versionProblem(kubernetes)
  return message === undefined ? [] : [{ message: `the bundle ${directory}: ${message}` }]
}

function missing(bundle: Bundle, programs: readonly string[], images: readonly string[]): Problem[] {
  const has = (kind: string, name: string) =>
    bundle.items.some((item) => item.kind === kind && item.name === name)
  const lacks = [
    ...programs.filter((name) => !has('binary', name)).map((name) => `binary ${name}`),
    ...images.filter((name) => !has('image', name)).map((name) => `image ${name}`),
  ]
  const hint = 'npm run bundle makes a complete one'
  return lacks.map((item) => ({ message: `the bundle ${bundle.directory} has no ${item}`, hint }))
}
