import { createHash } from 'node:crypto'
import { Secret } from '../../lib/index.ts'
import { type KubeVipVars, vipAddress } from './vars.ts'

export const MANIFEST = '/etc/kubernetes/manifests/kube-vip.yaml'
export const KUBECONFIG = '/etc/kubernetes/kube-vip.conf'
export const SUPER_ADMIN = '/etc/kubernetes/super-admin.conf'
export const BGP_FILE = '/etc/kubernetes/kube-vip-bgp.json'
export const CA_FILE = '/etc/kubernetes/pki/ca.crt'

/** On the pod: which manifest it was started from. */
export const DIGEST_ANNOTATION = 'quorate/manifest'

/** What differs from node to node. */
export interface NodeSettings {
  readonly image: string
  /** The network interface of the VIP. */
  readonly interface: string
  /** The kubeconfig on the host. */
  readonly kubeconfig: string
  /** Digest of the files that kube-vip reads when it starts: other content, another pod. */
  readonly filesDigest: string
}

/** The static pod of one node. */
export function kubeVipManifest(vars: KubeVipVars, settings: NodeSettings): string {
  return render(vars, settings, manifestDigest(vars, settings))
}

/** Tells manifests apart. */
export function manifestDigest(vars: KubeVipVars, settings: NodeSettings): string {
  return createHash('sha256')
    .update(render(vars, settings, ''))
    .digest('hex')
    .slice(0, 16)
}

/**
 * kube-vip's configuration of BGP: a file, as passwords in the manifest could be read through the API.
 *
 * On one line: what is revealed of a secret is hidden line by line.
 *
 * @param address Of the node, its router id.
 */
export function bgpFile({ bgp }: KubeVipVars, address: string): Secret | undefined {
  if (bgp === undefined) return undefined
  const Peers = bgp.peers.map(({ address, as, password, multihop }) => ({
    Address: address,
    AS: as,
    Password: password?.reveal() ?? '',
    MultiHop: multihop,
  }))
  return new Secret(`${JSON.stringify({ BGPConfig: { RouterID: address, Peers } })}\n`)
}

function render(vars: KubeVipVars, settings: NodeSettings, digest: string): string {
  const bgp = vars.mode === 'bgp'
  return `# Written by Quorate (role kube-vip): the next run undoes what is changed here.
apiVersion: v1
kind: Pod
metadata:
  name: kube-vip
  namespace: kube-system
  labels:
    component: kube-vip
    tier: control-plane
  annotations:
    ${DIGEST_ANNOTATION}: "${digest}"
    quorate/files: "${settings.filesDigest}"
spec:
  hostNetwork: true
  priorityClassName: system-node-critical
  # The apiserver beside it, by a name of its certificate: never through the VIP.
  hostAliases:
  - ip: 127.0.0.1
    hostnames: [kubernetes]
  containers:
  - name: kube-vip
    image: ${settings.image}
    imagePullPolicy: IfNotPresent
    args: [manager${bgp ? `, --config-file=${BGP_FILE}` : ''}]
    env:
    - name: vip_nodename
      valueFrom:
        fieldRef:
          fieldPath: spec.nodeName
${environment(vars, settings)}    securityContext:
      allowPrivilegeEscalation: false
      capabilities:
        add: [NET_ADMIN, NET_RAW]
        drop: [ALL]
    volumeMounts:
    - name: kubeconfig
      mountPath: /etc/kubernetes/admin.conf
      readOnly: true
${bgp ? mount('bgp', BGP_FILE) + mount('ca', CA_FILE) : ''}  volumes:
${volume('kubeconfig', settings.kubeconfig)}${bgp ? volume('bgp', BGP_FILE) + volume('ca', CA_FILE) : ''}`
}

function environment(vars: KubeVipVars, settings: NodeSettings): string {
  const api = `https://kubernetes:${vars.apiServerPort}`
  const common = {
    address: vipAddress(vars),
    port: vars.apiServerPort,
    vip_interface: settings.interface,
    vip_subnet: 32,
    cp_enable: true,
    cp_namespace: 'kube-system',
    kubernetes_addr: api,
    prometheus_server: `127.0.0.1:${vars.metricsPort}`,
  }
  const arp = {
    vip_arp: true,
    vip_leaderelection: true,
    vip_leasename: vars.leaseName,
    vip_leaseduration: vars.leaseDuration,
    vip_renewdeadline: vars.renewDeadline,
    vip_retryperiod: vars.retryPeriod,
  }
  const bgp = {
    vip_arp: false,
    bgp_enable: true,
    // Not from the file: kube-vip's own default, 65000, would go before it.
    bgp_as: vars.bgp?.as,
    control_plane_health_check_address: `${api}/readyz`,
    control_plane_health_check_period_seconds: 2,
    control_plane_health_check_timeout_seconds: 2,
    control_plane_health_check_failure_threshold: 2,
    control_plane_health_check_ca_path: CA_FILE,
  }
  return Object.entries({ ...common, ...(vars.mode === 'arp' ? arp : bgp) })
    .map(([name, value]) => `    - name: ${name}\n      value: "${value}"\n`)
    .join('')
}

function mount(name: string, path: string): string {
  return `    - name: ${name}\n      mountPath: ${path}\n      readOnly: true\n`
}

function volume(name: string, path: string): string {
  return `  - name: ${name}\n    hostPath:\n      path: ${path}\n      type: File\n`
}
