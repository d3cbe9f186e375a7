import { type Query, QuorateError } from '../../lib/index.ts'
import type { ClusterView } from './cluster.ts'

/** What one host is to reach. */
export interface Targets {
  /** Pods of the cluster's DNS: they answer HTTP. */
  readonly dns: readonly string[]
  readonly dnsService: string
  /** Addresses that answer pings: vxlan interfaces of the other nodes, and pods. */
  readonly pings: readonly string[]
  /** A name, and the address that DNS has to give for it. */
  readonly name: string
  readonly answer: string
}

/** What a host reached; `from` says whether it was asked inside of a pod's network or in its own. */
export interface Reach {
  readonly from: 'pod' | 'host'
  /** False where the host has no ping: then only the DNS was asked. */
  readonly pinged: boolean
  readonly failed: readonly string[]
}

/** The targets of the host at `address`, of those that take part (others may be down). */
export function targetsOf(
  view: ClusterView,
  address: string,
  participants: ReadonlySet<string>,
  { backend, clusterDomain }: { readonly backend: string; readonly clusterDomain: string },
  pods: readonly string[] = [],
): Targets {
  const others = view.nodes.filter((node) => node.address !== address && participants.has(node.address))
  const alive = new Set(view.nodes.filter((node) => participants.has(node.address)).map(({ name }) => name))
  return {
    dns: view.dns.filter(({ ready, node }) => ready && alive.has(node)).map((pod) => pod.address),
    dnsService: view.dnsService,
    // flannel.1 has the first address of its node's podCIDR; with host-gw there is nothing to ask before pods are.
    pings: [
      ...(backend === 'vxlan' ? others.map(({ podCidr }) => podCidr.split('/')[0] ?? '') : []),
      ...pods,
    ],
    name: `kube-dns.kube-system.svc.${clusterDomain}`,
    answer: view.dnsService,
  }
}

/**
 * Tries to reach the targets, from inside of a pod's network where this host has one. Nothing is started: the host's
 * own curl and ping run there.
 */
export async function tryReach(query: Query, targets: Targets): Promise<Reach> {
  const { dns, dnsService, pings, name, answer } = targets
  const question = dnsQuestion(name)
  // curl ends when it has an answer that nobody reads, and not when its input ends: the question is put several times.
  // An answer repeats the question, and has 16 bytes more at least.
  const twoAnswers = 2 * (question.length / '\\000'.length + 16)
  const { lines } = await query`
inside=
for namespace in $(ip netns list 2>/dev/null | sed -n 's/^\\(cni-[^ ]*\\).*/\\1/p'); do
  [ -n "$(ip -n "$namespace" -4 -o address show scope global 2>/dev/null)" ] && inside="ip netns exec $namespace" && break
done
[ -n "$inside" ] && echo pod
for address in ${dns}; do
  $inside curl --silent --output /dev/null --fail --noproxy '*' --max-time 3 "http://$address:8181/ready" ||
    echo "failed the DNS pod $address" &
done
command -v ping >/dev/null && echo pinged && for address in ${pings}; do
  $inside ping -n -q -c 2 -i 0.2 -W 2 "$address" >/dev/null 2>&1 || echo "failed $address" &
done
wait
[ -z ${dnsService} ] || for try in ${[...Array(20).keys()]}; do printf ${question} || break; sleep 0.2; done 2>/dev/null |
  $inside curl --silent --no-buffer --noproxy '*' --connect-timeout 3 --max-time 4 telnet://${dnsService}:53 2>/dev/null |
  head -c ${twoAnswers} |
  od -An -v -tu1 | tr -s ' \\n' ' ' | grep -qF ${` ${answer.replaceAll('.', ' ')} `} ||
  echo ${`failed the name ${name} at ${dnsService}`}
:`
  return {
    from: lines.includes('pod') ? 'pod' : 'host',
    pinged: lines.includes('pinged'),
    failed: lines.filter((line) => line.startsWith('failed ')).map((line) => line.replace('failed ', '')),
  }
}

/** A question for the address of `name` over TCP, as an argument for printf. */
export function dnsQuestion(name: string): string {
  const labels = name
    .split('.')
    .map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]))
  const message = Buffer.concat([
    // Id, recursion desired, one question.
    Buffer.from([0x51, 0x75, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]),
    ...labels,
    // End of the name, type A, class IN.
    Buffer.from([0, 0, 1, 0, 1]),
  ])
  const length = Buffer.from([message.length >> 8, message.length & 0xff])
  return [...Buffer.concat([length, message])]
    .map((byte) => `\\${byte.toString(8).padStart(3, '0')}`)
    .join('')
}

/** `a pod reaches 2 DNS pods and 3 other nodes or pods, DNS answers` */
export function describeReach({ from, pinged }: Reach, { dns, dnsService, pings }: Targets): string {
  const others = pinged ? `${pings.length} other nodes or pods` : 'no others, as there is no ping'
  const answers = dnsService === '' ? '' : ', DNS answers'
  return `${from === 'pod' ? 'a pod' : 'the host'} reaches ${dns.length} DNS pods and ${others}${answers}`
}

/** @throws QuorateError where this host did not reach everything. */
export function requireReach({ from, failed }: Reach, host: string): void {
  if (failed.length === 0) return
  throw new QuorateError(`${from === 'pod' ? 'a pod on ' : ''}${host} does not reach ${failed.join(', ')}`, {
    hint: 'between all nodes UDP 8472 (vxlan) or routed pod traffic (host-gw) must pass; kubectl logs -n kube-flannel tells more',
  })
}
