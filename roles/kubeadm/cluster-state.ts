import { type Query, Script } from '../../lib/index.ts'
import { askApi } from './ask-api.ts'
import { kubectl } from './node-state.ts'
import { TOKEN_DESCRIPTION } from './paths.ts'

/** A node as the cluster knows it. */
export interface ClusterNode {
  readonly name: string
  readonly internalIp: string
  readonly ready: boolean
  /** Why it is not ready. */
  readonly reason: string
  readonly kubeletVersion: string
  readonly labels: Readonly<Record<string, string>>
  readonly taints: readonly Taint[]
  /** What the roles gave it: see `marks.ts`. */
  readonly owned: string
}

export interface Taint {
  readonly key: string
  readonly value?: string | undefined
  readonly effect: string
}

/** What a ready apiserver tells about its cluster. */
export interface ClusterState {
  /** `v1.36.2` */
  readonly version: string
  readonly nodes: readonly ClusterNode[]
  /** What kubeadm init makes at its very end is there. */
  readonly complete: boolean
  /** Digest of the ClusterConfiguration that the cluster keeps, where a role has put it there. */
  readonly configuration: string
  /** What the cluster was made with, as kubeadm remembers it. */
  readonly settings: Readonly<Partial<Record<Setting, string>>>
  /** Names of secrets that an interrupted run has left: bootstrap tokens. */
  readonly leftovers: readonly string[]
  /** Names of tokens that let nobody in: kubeadm makes one with each shared set of certificates, to end its life. */
  readonly certificateTokens: readonly string[]
}

/** What a living cluster cannot change. */
const SETTINGS = ['podSubnet', 'serviceSubnet', 'dnsDomain', 'controlPlaneEndpoint'] as const
export type Setting = (typeof SETTINGS)[number]
const SETTING = new RegExp(`^ *(${SETTINGS.join('|')}): (.*)$`)

export const CONFIGURATION_ANNOTATION = 'quorate/configuration'
export const OWNED_ANNOTATION = 'quorate/owned'
/** How kubeadm describes them. */
const CERTIFICATE_TOKEN = 'Proxy for managing TTL for the kubeadm-certs secret'
/** How a node says that it only lacks a pod network. */
const NO_NETWORK = /NetworkPluginNotReady|cni plugin not initialized|cni config uninitialized/i

/** Asks a master's own apiserver about the cluster: one round trip. */
export async function observeCluster(query: Query, apiServer: string): Promise<ClusterState> {
  return parseClusterState((await query`${script(apiServer)}`).stdout)
}

/** What {@link observeCluster} printed. */
export function parseClusterState(output: string): ClusterState {
  const text = output.split('\n')
  const lines = text.map((line) => /^(\w+)=(.*)$/.exec(line) ?? [])
  const all = (key: string) => lines.filter(([, name]) => name === key).map(([, , value = '']) => value)
  const objects = new Set(all('object'))
  const tokens = all('token')
    .map((line) => line.split(' '))
    .filter(([type]) => type === 'bootstrap.kubernetes.io/token')
    .map(([, name = '', description = '']) => [name, Buffer.from(description, 'base64').toString()] as const)
  return {
    version: all('version')[0] ?? '',
    nodes: all('node').map(parseNode),
    complete: ['configmap/kubeadm-config', 'daemonset/kube-proxy', 'deployment/coredns'].every((name) =>
      objects.has(name),
    ),
    configuration: all('configuration')[0] ?? '',
    settings: Object.fromEntries(
      text.flatMap((line) => {
        const [, name, value] = SETTING.exec(line) ?? []
        return name === undefined ? [] : [[name, value]]
      }),
    ),
    leftovers: tokens.filter(([, description]) => description === TOKEN_DESCRIPTION).map(([name]) => name),
    certificateTokens: tokens
      .filter(([, description]) => description.startsWith(CERTIFICATE_TOKEN))
      .map(([name]) => name),
  }
}

/** Whether all that a node lacks is a pod network, which comes after the nodes. */
export function lacksOnlyNetwork({ reason }: ClusterNode): boolean {
  return NO_NETWORK.test(reason)
}

const NODE_COLUMNS = [
  '{.metadata.name}',
  '{.status.addresses[?(@.type=="InternalIP")].address}',
  '{.status.conditions[?(@.type=="Ready")].status}',
  '{.status.conditions[?(@.type=="Ready")].message}',
  '{.status.nodeInfo.kubeletVersion}',
  '{.metadata.labels}',
  '{.spec.taints}',
  `{.metadata.annotations.${OWNED_ANNOTATION}}`,
].join('{"\\t"}')

/** What is asked of each kind, and how a line of it looks. Of Secrets nothing is told but what they are for. */
const LINES = [
  ['Node', `node=${NODE_COLUMNS}`],
  ['DaemonSet', 'object=daemonset/{.metadata.name}'],
  ['Deployment', 'object=deployment/{.metadata.name}'],
  ['ConfigMap', 'object=configmap/{.metadata.name}'],
  ['Secret', 'token={.type} {.metadata.name} {.data.description}'],
].map(([kind, line]) => `{range .items[?(@.kind=="${kind}")]}${line}{"\\n"}{end}`)

const KEPT = `configuration={.metadata.annotations.${CONFIGURATION_ANNOTATION}}{"\\n"}{.data.ClusterConfiguration}{"\\n"}`

/** One kubectl: starting another costs more than what it asks. */
function script(apiServer: string): Script {
  const ctl = kubectl(apiServer)
  const kept = `{range .items[?(@.metadata.name=="kubeadm-config")]}${KEPT}{end}`
  return new Script(`export HOME=/root
${askApi(apiServer, '/version', 20)} | sed -n 's/.*"gitVersion": *"\\([^"]*\\)".*/version=\\1/p' &
${ctl} -n kube-system get nodes,configmaps,daemonsets,deployments,secrets -o jsonpath='${LINES.join('')}${kept}' || exit
wait`)
}

function parseNode(line: string): ClusterNode {
  const [
    name = '',
    internalIp = '',
    status = '',
    reason = '',
    kubeletVersion = '',
    labels,
    taints,
    owned = '',
  ] = line.split('\t')
  return {
    name,
    internalIp,
    ready: status === 'True',
    reason,
    kubeletVersion,
    labels: labels ? (JSON.parse(labels) as Record<string, string>) : {},
    taints: taints ? (JSON.parse(taints) as Taint[]) : [],
    owned,
  }
}
