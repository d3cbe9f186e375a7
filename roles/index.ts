/** Every role; the code of one is read only where a play has it. */
import { lazyRole } from '../lib/index.ts'

export const base = lazyRole(async () => (await import('./base/index.ts')).base)
export const containerd = lazyRole(async () => (await import('./containerd/index.ts')).containerd)
export const etcd = lazyRole(async () => (await import('./etcd/index.ts')).etcd)
export const externalLb = lazyRole(async () => (await import('./external-lb/index.ts')).externalLb)
export const flannel = lazyRole(async () => (await import('./flannel/index.ts')).flannel)
export const haproxy = lazyRole(async () => (await import('./haproxy/index.ts')).haproxy)
export const keepalived = lazyRole(async () => (await import('./keepalived/index.ts')).keepalived)
export const kubeMaster = lazyRole(async () => (await import('./kube-master/index.ts')).kubeMaster)
export const kubeNode = lazyRole(async () => (await import('./kube-node/index.ts')).kubeNode)
export const kubeVip = lazyRole(async () => (await import('./kube-vip/index.ts')).kubeVip)
export const kubeVipInit = lazyRole(async () => (await import('./kube-vip/index.ts')).kubeVipInit)
export const nginx = lazyRole(async () => (await import('./nginx/index.ts')).nginx)

/** See `kubeVipStart` in kube-vip/place.ts: for `beforeJoins` of kube-master. */
export function kubeVipStart(input: KubeVipInput): (context: KubeVipNode) => Promise<void> {
  return async (context) => (await import('./kube-vip/index.ts')).kubeVipStart(input)(context)
}

type KubeVipInput = Parameters<typeof import('./kube-vip/index.ts').kubeVipStart>[0]
type KubeVipNode = Parameters<ReturnType<typeof import('./kube-vip/index.ts').kubeVipStart>>[0]
