import { Secret } from '../../lib/index.ts'
import { CRI_SOCKET } from './paths.ts'

/** A value of a YAML document. */
export type Yaml =
  | string
  | number
  | boolean
  | null
  | readonly Yaml[]
  | { readonly [key: string]: Yaml | undefined }
export type Document = { readonly [key: string]: Yaml | undefined }

/** The version of kubeadm's configuration that all supported releases read. */
const KUBEADM = 'kubeadm.k8s.io/v1beta4'

/** A node as it registers itself. */
export interface Registration {
  readonly name: string
  /** Its InternalIP: said out loud, or a virtual IP might become it. */
  readonly address: string
  readonly ignorePreflightErrors: readonly string[]
  /** Left out: kubeadm's default, which keeps pods off a control plane. */
  readonly taints?:
    | readonly { readonly key: string; readonly value?: string; readonly effect: string }[]
    | undefined
}

/** What makes a cluster: the same on all its masters. */
export interface ClusterOptions {
  readonly version: string
  readonly clusterName: string
  readonly controlPlaneEndpoint: string
  readonly podSubnet: string
  readonly serviceSubnet: string
  readonly dnsDomain: string
  readonly imageRepository: string
  readonly certSans: readonly string[]
  readonly etcd: { readonly endpoints: readonly string[] } | 'stacked'
  readonly apiServer: ComponentOptions
  readonly controllerManager: ComponentOptions
  readonly scheduler: ComponentOptions
}

export interface ComponentOptions {
  /** Flags by name, without the leading dashes; of a list each is given once. */
  readonly extraArgs: Readonly<Record<string, string | number | boolean | readonly string[]>>
  readonly extraVolumes?: readonly Document[]
}

/** A bootstrap token and how long it lives. */
export interface Token {
  readonly value: string
  readonly ttl: string
  readonly description: string
}

/** Where a joining node finds the cluster, and how it knows that it is the right one. */
export interface Discovery {
  readonly endpoint: string
  readonly token: string
  /** `sha256:…` of the CA's public key. */
  readonly caCertHash: string
}

export const ETCD_CA = '/etc/kubernetes/pki/etcd/ca.crt'
export const ETCD_CERT = '/etc/kubernetes/pki/apiserver-etcd-client.crt'
export const ETCD_KEY = '/etc/kubernetes/pki/apiserver-etcd-client.key'

export function initConfiguration(
  node: Registration,
  port: number,
  secrets: { token: Token; certificateKey?: string } | undefined,
): Document {
  return {
    apiVersion: KUBEADM,
    kind: 'InitConfiguration',
    ...(secrets && {
      ...(secrets.certificateKey !== undefined && { certificateKey: secrets.certificateKey }),
      bootstrapTokens: [
        {
          token: secrets.token.value,
          ttl: secrets.token.ttl,
          description: secrets.token.description,
          usages: ['signing', 'authentication'],
          groups: ['system:bootstrappers:kubeadm:default-node-token'],
        },
      ],
    }),
    localAPIEndpoint: { advertiseAddress: node.address, bindPort: port },
    nodeRegistration: nodeRegistration(node),
  }
}

export function joinConfiguration(
  node: Registration,
  { endpoint, token, caCertHash }: Discovery,
  controlPlane?: { readonly certificateKey: string; readonly port: number },
): Document {
  return {
    apiVersion: KUBEADM,
    kind: 'JoinConfiguration',
    discovery: { bootstrapToken: { apiServerEndpoint: endpoint, token, caCertHashes: [caCertHash] } },
    nodeRegistration: nodeRegistration(node),
    ...(controlPlane && {
      controlPlane: {
        certificateKey: controlPlane.certificateKey,
        localAPIEndpoint: { advertiseAddress: node.address, bindPort: controlPlane.port },
      },
    }),
  }
}

export function clusterConfiguration(options: ClusterOptions): Document {
  const { etcd } = options
  return {
    apiVersion: KUBEADM,
    kind: 'ClusterConfiguration',
    kubernetesVersion: options.version,
    clusterName: options.clusterName,
    controlPlaneEndpoint: options.controlPlaneEndpoint,
    imageRepository: options.imageRepository,
    networking: {
      podSubnet: options.podSubnet,
      serviceSubnet: options.serviceSubnet,
      dnsDomain: options.dnsDomain,
    },
    ...(etcd !== 'stacked' && {
      etcd: {
        external: {
          endpoints: etcd.endpoints,
          caFile: ETCD_CA,
          certFile: ETCD_CERT,
          keyFile: ETCD_KEY,
        },
      },
    }),
    apiServer: { certSANs: options.certSans, ...component(options.apiServer) },
    controllerManager: component(options.controllerManager),
    scheduler: component(options.scheduler),
  }
}

export function kubeletConfiguration(settings: Document): Document {
  return { apiVersion: 'kubelet.config.k8s.io/v1beta1', kind: 'KubeletConfiguration', ...settings }
}

export function kubeProxyConfiguration(settings: Document, podSubnet: string): Document {
  return {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    clusterCIDR: podSubnet,
    ...settings,
  }
}

/** YAML of several documents: the same text for the same values. */
export async function renderDocuments(documents: readonly Document[]): Promise<string> {
  const { stringify } = await import('yaml')
  return documents.map((document) => stringify(document, { lineWidth: 0 })).join('---\n')
}

/**
 * The same with secrets in it, one line a document: JSON is YAML too. Every line of a secret is kept out of what is
 * printed later on, and single words such as `etcd:` must not be.
 */
export function secretDocuments(documents: readonly Document[]): Secret {
  return new Secret(documents.map((document) => JSON.stringify(document)).join('\n---\n'))
}

function nodeRegistration({ name, address, ignorePreflightErrors, taints }: Registration): Document {
  return {
    name,
    criSocket: CRI_SOCKET,
    imagePullPolicy: 'IfNotPresent',
    kubeletExtraArgs: [{ name: 'node-ip', value: address }],
    ...(ignorePreflightErrors.length > 0 && { ignorePreflightErrors }),
    ...(taints && { taints: taints.map((taint) => ({ ...taint })) }),
  }
}

/** Sorted, so that the order in which a user writes flags changes nothing. */
function component({ extraArgs, extraVolumes = [] }: ComponentOptions): Document {
  const names = Object.keys(extraArgs).sort()
  const args = names.flatMap((name) =>
    [extraArgs[name] ?? ''].flat().map((value) => ({ name, value: String(value) })),
  )
  return { ...(args.length > 0 && { extraArgs: args }), ...(extraVolumes.length > 0 && { extraVolumes }) }
}
