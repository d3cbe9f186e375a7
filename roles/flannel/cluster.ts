import { type Query, type Script, sh } from '../../lib/index.ts'
import { DIGEST_ANNOTATION, NAMESPACE } from './manifest.ts'

/** A node as the cluster sees it. */
export interface NodeView {
  readonly name: string
  readonly address: string
  readonly podCidr: string
  readonly ready: boolean
  /** Where flannel told the other nodes to reach it; empty where it has not run there yet. */
  readonly publicIp: string
  readonly backend: string
}

/** A pod of flannel, or one of the cluster's DNS. */
export interface PodView {
  readonly node: string
  readonly address: string
  readonly ready: boolean
  readonly digest: string
}

export interface ClusterView {
  readonly nodes: readonly NodeView[]
  readonly flannel: readonly PodView[]
  readonly dns: readonly PodView[]
  /** Address of the Service kube-dns; empty where there is none. */
  readonly dnsService: string
}

/** kubectl of a master, which asks the apiserver beside it: the VIP may be about to move. */
export function kubectl(address: string, port: number): Script {
  return sh`/usr/local/bin/kubectl --kubeconfig /etc/kubernetes/admin.conf --server ${`https://${address}:${port}`} --request-timeout 20s`
}

/** The cluster as far as flannel has to do with it, in one round trip: two kubectls side by side. */
export async function observeCluster(query: Query, kubectl: Script): Promise<ClusterView> {
  const { stdout } = await query`jobs=
${kubectl} get nodes,pods -n ${NAMESPACE} -o ${`jsonpath=${OWN}`} & jobs="$jobs $!"
${kubectl} get pods,services -n kube-system -l k8s-app=kube-dns -o ${`jsonpath=${DNS}`} & jobs="$jobs $!"
for job in $jobs; do wait "$job" || exit; done`
  return parseCluster(stdout)
}

const NODE = [
  '.metadata.name',
  '.status.addresses[?(@.type=="InternalIP")].address',
  '.spec.podCIDR',
  '.status.conditions[?(@.type=="Ready")].status',
  '.metadata.annotations.flannel\\.alpha\\.coreos\\.com/public-ip',
  '.metadata.annotations.flannel\\.alpha\\.coreos\\.com/backend-type',
]
const POD = [
  '.spec.nodeName',
  '.status.podIP',
  '.status.conditions[?(@.type=="Ready")].status',
  `.metadata.annotations.${DIGEST_ANNOTATION}`,
]
const OWN = rows('node', 'kind=="Node"', NODE) + rows('flannel', 'metadata.labels.app=="flannel"', POD)
const DNS =
  rows('dns', 'kind=="Pod"', POD) + rows('dns-service', 'metadata.name=="kube-dns"', ['.spec.clusterIP'])

/** jsonpath: a line for each object that the filter leaves, its kind and fields with tabs between them. */
function rows(kind: string, filter: string, fields: readonly string[]): string {
  const columns = fields.map((field) => `{"\\t"}{${field}}`).join('')
  return `{range .items[?(@.${filter})]}${kind}${columns}{"\\n"}{end}`
}

/** What `observeCluster`'s script prints. */
export function parseCluster(text: string): ClusterView {
  const lines = text.split('\n').map((line) => line.split('\t'))
  const of = (kind: string) => lines.filter(([first]) => first === kind).map(([, ...fields]) => fields)
  return {
    nodes: of('node').map(
      ([name = '', addresses = '', podCidr = '', ready, publicIp = '', backend = '']) => ({
        name,
        // With two stacks there are two.
        address: addresses.split(' ')[0] ?? '',
        podCidr,
        ready: ready === 'True',
        publicIp,
        backend,
      }),
    ),
    flannel: of('flannel').map(podView),
    dns: of('dns').map(podView),
    dnsService: of('dns-service')[0]?.[0] ?? '',
  }
}

function podView([node = '', address = '', ready, digest = '']: readonly string[]): PodView {
  return { node, address, ready: ready === 'True', digest }
}
