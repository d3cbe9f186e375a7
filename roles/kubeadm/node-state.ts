import { type Query, sh } from '../../lib/index.ts'
import { askApi } from './ask-api.ts'
import { type Certificate, PRINT_CERTIFICATES, parseCertificates } from './certificates.ts'
import { caCertHash } from './fingerprint.ts'
import { ADMIN_CONF, BIN, KUBELET_CONF, KUBERNETES, LOCK, PKI, RENEWING, UNFINISHED } from './paths.ts'

/** What a host tells about itself. */
export interface NodeState {
  /** kubeadm began here, and did not come to its end. */
  readonly unfinished: 'init' | 'join' | undefined
  readonly adminConf: boolean
  readonly kubeletConf: boolean
  /** The manifest of an apiserver is there. */
  readonly manifest: boolean
  /** Members of a stacked etcd keep their data here. */
  readonly etcdData: boolean
  /** Whether its kubelet runs. */
  readonly kubelet: boolean
  /** `sha256:…` of the cluster's CA that it trusts; undefined where it knows none. */
  readonly caHash: string | undefined
  /** What kubeadm has made for this master, that which ends first before the others. */
  readonly certificates: readonly Certificate[]
  /** Those that come from elsewhere, such as that of an etcd which is not kubeadm's. */
  readonly given: readonly Certificate[]
  /** The cluster's CAs, in the same order. */
  readonly authorities: readonly Certificate[]
  /** A renewal of them did not come to its end. */
  readonly renewing: boolean
  /** Its own apiserver answers /readyz with ok. */
  readonly ready: boolean
  /** Why its apiserver is not ready. */
  readonly reason: string
}

/** A host that belongs to no cluster and has nothing of one. */
export const FRESH: NodeState = {
  unfinished: undefined,
  adminConf: false,
  kubeletConf: false,
  manifest: false,
  etcdData: false,
  kubelet: false,
  caHash: undefined,
  certificates: [],
  given: [],
  authorities: [],
  renewing: false,
  ready: false,
  reason: 'there is none',
}

/** A master that kubeadm is done with. */
export function isComplete({ unfinished, adminConf, kubeletConf, manifest }: NodeState): boolean {
  return unfinished === undefined && adminConf && kubeletConf && manifest
}

/** Asks a host about itself. Where a kubeadm of an earlier run is still at work its end is waited for. */
export async function observeNode(query: Query, apiServer: string): Promise<NodeState> {
  const { stdout } = await query`[ ! -e ${LOCK} ] || flock -w 300 ${LOCK} true
for path in ${ADMIN_CONF} ${KUBELET_CONF} ${KUBERNETES}/manifests/kube-apiserver.yaml /var/lib/etcd/member ${RENEWING}; do
  [ ! -e "$path" ] || echo "has=$path"
done
echo "unfinished=$(cat ${UNFINISHED} 2>/dev/null)"
echo "kubelet=$(systemctl is-active kubelet 2>/dev/null)"
if [ -e ${PKI}/ca.crt ]; then echo "ca=$(base64 <${PKI}/ca.crt | tr -d '\n')"
else sed -n 's/^ *certificate-authority-data: */ca=/p' ${KUBELET_CONF} 2>/dev/null
fi
[ -s ${ADMIN_CONF} ] && [ -x ${BIN}/kubectl ] || exit 0
${PRINT_CERTIFICATES}
echo "readyz=$(${askApi(apiServer, '/readyz', 5)} | tail -n 1)"`
  return parseNodeState(stdout)
}

/** What {@link observeNode} printed. */
export function parseNodeState(output: string): NodeState {
  const lines = output.split('\n').map((line) => /^(\w+)=(.*)$/.exec(line) ?? [])
  const all = (key: string) => lines.filter(([, name]) => name === key).map(([, , value = '']) => value)
  const has = new Set(all('has'))
  const unfinished = all('unfinished')[0]
  const readyz = all('readyz')[0] ?? 'there is none'
  const ca = all('ca')[0] ?? ''
  return {
    unfinished: unfinished === 'init' || unfinished === 'join' ? unfinished : undefined,
    adminConf: has.has(ADMIN_CONF),
    kubeletConf: has.has(KUBELET_CONF),
    manifest: has.has(`${KUBERNETES}/manifests/kube-apiserver.yaml`),
    etcdData: has.has('/var/lib/etcd/member'),
    kubelet: all('kubelet')[0] === 'active',
    caHash: ca === '' ? undefined : caCertHash(Buffer.from(ca, 'base64').toString()),
    ...parseCertificates(output),
    renewing: has.has(RENEWING),
    ready: readyz === 'ok',
    reason: readyz,
  }
}

/** A kubectl of a master: `server` is one apiserver, else the cluster's endpoint is asked. */
export function kubectl(server?: string): string {
  return sh`${BIN}/kubectl --kubeconfig ${ADMIN_CONF} --request-timeout 20s ${server === undefined ? [] : ['--server', server]}`
    .text
}
