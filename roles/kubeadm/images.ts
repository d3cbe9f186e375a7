/** Images of a master, whoever runs etcd. */
export const MASTER_IMAGES: readonly string[] = [
  'pause',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kube-proxy',
  'coredns/coredns',
]
