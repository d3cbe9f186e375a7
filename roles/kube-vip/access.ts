import { type Resource, type Script, sh, step } from '../../lib/index.ts'
import { KUBECONFIG } from './manifest.ts'
import type { KubeVipVars } from './vars.ts'

export const USER = 'kube-vip'

/** A certificate that ends sooner is replaced. */
const RENEW_BEFORE_SECONDS = 60 * 86_400

/** kubectl of a master, which asks the apiserver beside it: there may be no VIP yet. */
export function kubectl(address: string, port: number): Script {
  return sh`/usr/local/bin/kubectl --kubeconfig /etc/kubernetes/admin.conf --server ${`https://${address}:${port}`} --request-timeout 20s`
}

/** What kube-vip may do: renew its lease, and nothing else. */
export function accessManifest({ leaseName }: KubeVipVars): string {
  return `apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: kube-vip
  namespace: kube-system
rules:
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [create]
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  resourceNames: [${leaseName}]
  verbs: [get, update, patch]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: kube-vip
  namespace: kube-system
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: kube-vip
subjects:
- apiGroup: rbac.authorization.k8s.io
  kind: User
  name: ${USER}
`
}

/** kube-vip's own kubeconfig, signed by the cluster's CA on this master; made anew before its certificate ends. */
export function ownKubeconfig({ apiServerPort }: KubeVipVars): Resource {
  const server = `https://kubernetes:${apiServerPort}`
  const config = `apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
controlPlaneEndpoint: kubernetes:${apiServerPort}
`
  const temporary = '/etc/kubernetes/.kube-vip.conf.quorate'
  return step(`kubeconfig ${KUBECONFIG}`, {
    done: sh`[ "$(stat -c '%a %U' ${KUBECONFIG})" = '600 root' ] &&
grep -qF ${`server: ${server}`} ${KUBECONFIG} &&
[ "$(sed -n 's/^ *certificate-authority-data: //p' ${KUBECONFIG})" = "$(base64 </etc/kubernetes/pki/ca.crt | tr -d '\\n')" ] &&
sed -n 's/^ *client-certificate-data: //p' ${KUBECONFIG} | base64 -d |
  openssl x509 -noout -checkend ${RENEW_BEFORE_SECONDS}`,
    run: sh`umask 077; export PATH="$PATH:/usr/local/bin"
{ printf %s ${config}; echo "kubernetesVersion: $(kubeadm version -o short)"; } |
  kubeadm kubeconfig user --client-name ${USER} --config /dev/stdin >${temporary} && mv -f ${temporary} ${KUBECONFIG}`,
  })
}
