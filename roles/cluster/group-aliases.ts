/** What inventories of Kubespray, KubeSphere and kubeasz call the groups of a cluster. */
export const groupAliases: Readonly<Record<string, readonly string[]>> = {
  'kube-master': ['kube_control_plane', 'kube-control-plane', 'kube_master'],
  'kube-node': ['kube_node', 'kube_worker', 'kube-worker'],
  'k8s-cluster': ['k8s_cluster'],
}
