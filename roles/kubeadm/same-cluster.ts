import { type PreflightContext, type Query, QuorateError } from '../../lib/index.ts'
import { caCertHash } from './fingerprint.ts'
import { ADMIN_CONF, BIN, KUBELET_CONF, KUBERNETES, PKI, UNFINISHED } from './paths.ts'
import { type ReleaseVars, releaseOf } from './release.ts'
import { resetCommand } from './run-kubeadm.ts'
import type { Master } from './vars.ts'

/** What a host tells about the cluster that it belongs to, without asking anybody else. */
export interface Membership {
  /** kubeadm has made it a node, and came to its end. */
  readonly isNode: boolean
  /** It has an apiserver's manifest. */
  readonly isMaster: boolean
  /** `sha256:…` of the CA that it trusts; undefined where it knows none. */
  readonly caHash: string | undefined
  /** Of its apiserver, `v1.36.2`; on a worker that nobody else can speak for, of its kubelet; empty where there is none. */
  readonly version: string
  /** Where its administrator's kubeconfig leads to, such as `10.0.0.100:8443`; empty where there is none. */
  readonly endpoint: string
}

interface Wanted {
  readonly masters: readonly Master[]
  /** `10.0.0.100:8443` */
  readonly controlPlaneEndpoint: string
}

interface Vars extends Wanted, ReleaseVars {}

/**
 * The preflight of masters and workers.
 *
 * @throws QuorateError where the bundle is not for this host, or the host belongs to another cluster.
 */
export async function requireSameCluster(context: PreflightContext<Vars>): Promise<void> {
  const { vars, host, facts, query, once, everyone } = context
  const { version } = await releaseOf({ vars, facts, once })
  const { stdout } = await query`
[ -e ${KUBELET_CONF} ] && [ ! -e ${UNFINISHED} ] && echo node=yes
[ -e ${KUBERNETES}/manifests/kube-apiserver.yaml ] && echo master=yes
if [ -e ${PKI}/ca.crt ]; then echo "ca=$(base64 <${PKI}/ca.crt | tr -d '\n')"
else sed -n 's/^ *certificate-authority-data: */ca=/p' ${KUBELET_CONF} 2>/dev/null
fi
sed -n 's|^ *server: *https://|endpoint=|p' ${ADMIN_CONF} 2>/dev/null
sed -n 's|^ *image: .*/kube-apiserver:\\(v[0-9.]*\\).*|version=\\1|p' ${KUBERNETES}/manifests/kube-apiserver.yaml 2>/dev/null
:`
  const memberships = await everyone('their clusters', parseMembership(stdout))
  const foreign = foreignProblem(host, vars, memberships)
  if (foreign !== undefined) {
    throw new QuorateError(foreign, {
      hint: `is the inventory the right one? To have ${host.name} join, drain it there, delete its node, and clear it with: ${resetCommand(false)}`,
    })
  }
  const running = runningVersions(vars, memberships)
  const own = memberships.get(host.name)?.isNode && running.size === 0 ? await kubeletVersion(query) : []
  refuseOtherVersion(version, new Set([...running, ...own]))
}

/** Versions of the apiservers that take part. */
export function runningVersions(
  { masters }: Pick<Wanted, 'masters'>,
  memberships: ReadonlyMap<string, Membership>,
): Set<string> {
  const found = masters.map(({ name }) => memberships.get(name))
  return new Set(found.flatMap((master) => (master?.isNode && master.version !== '' ? [master.version] : [])))
}

/** A worker that no master takes part with is asked itself. */
async function kubeletVersion(query: Query): Promise<string[]> {
  const { lines } = await query.nothrow`${BIN}/kubelet --version`
  return lines.flatMap((line) => /^Kubernetes (v\S+)$/.exec(line)?.[1] ?? [])
}

/** @throws QuorateError where that would be an upgrade: programs and etcd would be new, and the control plane not. */
export function refuseOtherVersion(wanted: string, running: ReadonlySet<string>): void {
  const others = [...running].filter((version) => version !== wanted).sort()
  if (others.length === 0) return
  throw new QuorateError(`the cluster runs Kubernetes ${others.join(' and ')}, and ${wanted} is wanted`, {
    hint: `no run changes the version of a cluster: give ${others[0]}; an upgrade is made with kubeadm upgrade`,
  })
}

/** What {@link requireSameCluster} asks for. */
export function parseMembership(output: string): Membership {
  const value = (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(output)?.[1] ?? ''
  const ca = value('ca')
  return {
    isNode: value('node') === 'yes',
    isMaster: value('master') === 'yes',
    caHash: ca === '' ? undefined : caCertHash(Buffer.from(ca, 'base64').toString()),
    version: value('version'),
    endpoint: value('endpoint'),
  }
}

/** Why a host cannot be of the cluster that the others are in; undefined where it can. */
export function foreignProblem(
  host: { readonly name: string; readonly address: string },
  { masters, controlPlaneEndpoint }: Wanted,
  memberships: ReadonlyMap<string, Membership>,
): string | undefined {
  const own = memberships.get(host.name)
  if (own === undefined || !own.isNode) return undefined
  const { name } = host
  const others = masters.filter((master) => master.name !== name)
  const inCluster = others.filter((master) => {
    const { isNode = false, isMaster = false } = memberships.get(master.name) ?? {}
    return isNode && isMaster
  })
  const stranger = inCluster.find((master) => memberships.get(master.name)?.caHash !== own.caHash)
  if (stranger !== undefined)
    return `${name} belongs to another cluster than ${stranger.name}: its CA is a different one`
  const server = own.endpoint.replace(/:\d+$/, '')
  if (own.isMaster && !['', host.address, '127.0.0.1', 'localhost'].includes(server)) {
    if (own.endpoint === controlPlaneEndpoint) return undefined
    return `${name} is a master of a cluster whose API is at ${own.endpoint}, not at ${controlPlaneEndpoint}`
  }
  const isAlone = inCluster.length === 0 && masters.every((master) => memberships.has(master.name))
  if (own.isMaster || !isAlone) return undefined
  return `${name} is a node of a cluster that none of the masters is in`
}
