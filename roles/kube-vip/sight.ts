import { type Query, QuorateError, type Script } from '../../lib/index.ts'
import { DIGEST_ANNOTATION, SUPER_ADMIN } from './manifest.ts'
import { type KubeVipVars, vipAddress } from './vars.ts'

/** A lease must have been renewed within this time. */
const FRESH_SECONDS = 10

/** What one node sees of the VIP and of its own kube-vip. */
export interface Sight {
  readonly holds: boolean
  /** Whether an apiserver answers at the VIP. */
  readonly answers: boolean
  /** Who has the lease; empty where nobody has, and with bgp. */
  readonly holder: string
  /** Seconds since the lease was renewed, by this node's clock. */
  readonly age: number
  /** Digest of the manifest that its pod was started from; empty where there is none. */
  readonly digest: string
  readonly ready: boolean
  /** Files that would give kube-vip more rights than it needs. */
  readonly leftovers: readonly string[]
  /** Sessions with routers that are up, with bgp. */
  readonly sessions: number
}

/** Asks a node, in one round trip. */
export async function look(query: Query, kubectl: Script, vars: KubeVipVars, node: string): Promise<Sight> {
  const vip = vipAddress(vars)
  const lease = 'jsonpath=lease {.spec.holderIdentity} {.spec.renewTime}'
  const pod = `jsonpath=pod {.status.conditions[?(@.type=="Ready")].status} {.metadata.annotations.${DIGEST_ANNOTATION}}`
  const { stdout } = await query`
ip -4 -o address show to ${`${vip}/32`} | grep -q . && echo holds
curl --silent --insecure --output /dev/null --noproxy '*' --max-time 3 ${`https://${vip}:${vars.apiServerPort}/livez`} && echo answers
date -u '+now %Y-%m-%dT%H:%M:%S.%NZ'
grep -rlsF ${SUPER_ADMIN} /etc/kubernetes/manifests | sed 's/^/leftover /'
curl --silent --noproxy '*' --max-time 3 ${`http://127.0.0.1:${vars.metricsPort}/metrics`} | grep '^kube_vip_manager_bgp_session_info{.*ESTABLISHED.* 1$' | sed 's/^/session /'
${kubectl} get lease -n kube-system ${vars.leaseName} --ignore-not-found -o ${lease}
echo
${kubectl} get pod -n kube-system ${`kube-vip-${node}`} --ignore-not-found -o ${pod}`
  return parseSight(stdout)
}

/** What `look`'s script prints. */
export function parseSight(text: string): Sight {
  const lines = text.split('\n').map((line) => line.trim().split(' '))
  const all = (kind: string) => lines.filter(([first]) => first === kind).map(([, ...rest]) => rest)
  const [holder = '', renewed = ''] = all('lease')[0] ?? []
  const [ready, digest = ''] = all('pod')[0] ?? []
  const now = all('now')[0]?.[0] ?? ''
  return {
    holds: all('holds').length > 0,
    answers: all('answers').length > 0,
    holder,
    age: (Date.parse(now) - Date.parse(renewed)) / 1000,
    digest,
    ready: ready === 'True',
    leftovers: all('leftover').map(([file = '']) => file),
    sessions: all('session').length,
  }
}

/**
 * What one node can tell in its turn.
 *
 * @throws QuorateError where its kube-vip does not run as it should, or nobody answers at the VIP.
 */
export function requireOwn(sight: Sight, vars: KubeVipVars, digest: string): void {
  const problem = ownProblem(sight, vars, digest)
  if (problem === undefined) return
  throw new QuorateError(problem, { hint: 'crictl logs of the container kube-vip on this node tells more' })
}

function ownProblem(sight: Sight, vars: KubeVipVars, digest: string): string | undefined {
  const { holds, answers, ready, leftovers, sessions } = sight
  if (leftovers.length > 0) return `${leftovers.join(', ')} refers to ${SUPER_ADMIN}`
  if (sight.digest === '') return 'its pod of kube-vip is not there yet'
  if (sight.digest !== digest) return 'its pod of kube-vip was started from another manifest'
  if (!ready) return 'its pod of kube-vip is not ready'
  if (!answers) return `no apiserver answers at the VIP ${vipAddress(vars)}`
  if (vars.mode === 'arp') return undefined
  if (!holds) return `it does not have the VIP ${vipAddress(vars)}`
  const peers = vars.bgp?.peers.length ?? 0
  return sessions < peers ? `only ${sessions} of ${peers} routers have a BGP session with it` : undefined
}

/**
 * Where the VIP is, judged from what every node that takes part sees.
 *
 * @returns what to tell the user.
 * @throws QuorateError with arp, unless exactly the node with the lease has the VIP.
 */
export function judge(sights: ReadonlyMap<string, Sight>, vars: KubeVipVars): string {
  const vip = vipAddress(vars)
  const holders = [...sights].filter(([, { holds }]) => holds).map(([name]) => name)
  if (vars.mode === 'bgp') return `VIP ${vip} is announced by ${holders.join(', ')}`
  if (holders.length > 1)
    throw new QuorateError(`${holders.join(' and ')} have the VIP ${vip} at the same time`)
  const leases = new Set([...sights.values()].map(({ holder }) => holder))
  const [elected = ''] = leases
  if (leases.size > 1)
    throw new QuorateError(`the lease ${vars.leaseName} is moving: ${[...leases].join(', ')}`)
  if (elected === '') throw new QuorateError(`nobody has the lease ${vars.leaseName}`)
  const own = sights.get(elected)
  if (own === undefined) {
    // A node that was not asked has the lease: then none of these may have the VIP.
    if (holders.length === 0) return `VIP ${vip} answers from ${elected}, which was not asked`
    throw new QuorateError(`${holders[0]} has the VIP ${vip}, but ${elected} has the lease ${vars.leaseName}`)
  }
  if (!own.holds) {
    const other = holders[0] === undefined ? 'nobody has' : `${holders[0]} has`
    throw new QuorateError(`${elected} has the lease ${vars.leaseName}, but ${other} the VIP ${vip}`)
  }
  // Judged by the clock that wrote it. NaN is not fresh.
  if (!(own.age < FRESH_SECONDS))
    throw new QuorateError(`${elected} last renewed the lease ${vars.leaseName} ${Math.round(own.age)} s ago`)
  return `VIP ${vip} is on ${elected}`
}
