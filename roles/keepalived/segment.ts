import { type Query, QuorateError } from '../../lib/index.ts'
import { vipAddress, virtualRouterId } from './config.ts'
import type { KeepalivedVars } from './vars.ts'

/** Adverts are sent each second by default. */
const LISTEN_SECONDS = 3

/** What a network segment shows to a host that listens. */
export interface Segment {
  /** MAC address of every neighbour that answers ARP. */
  readonly neighbours: ReadonlyMap<string, string>
  /** VRRP adverts that others send to everybody. */
  readonly adverts: readonly Advert[]
}

export interface Advert {
  readonly source: string
  readonly routerId: number
  readonly addresses: readonly string[]
}

/**
 * Listens for VRRP adverts, and asks by ARP who has the VIP and the members' addresses. Takes some seconds.
 *
 * The kernel sends the ARP requests, so that nothing has to be installed for them. The host's memory of who had the VIP
 * is dropped first: it may be minutes old. Adverts are not seen on a host that has no socat yet.
 */
export async function observeSegment(query: Query, vars: KeepalivedVars, device: string): Promise<Segment> {
  const vip = vipAddress(vars)
  const addresses = [vip, ...vars.members.map(({ address }) => address)]
  const { stdout } = await query.nothrow`
timeout ${LISTEN_SECONDS} socat -u IP4-RECVFROM:112,ip-add-membership=224.0.0.18:${device},fork \
  SYSTEM:'echo vrrp $SOCAT_PEERADDR $(od -An -v -tu1)' 2>/dev/null &
ip -4 neigh flush to ${vip} dev ${device} 2>/dev/null
for address in ${addresses}; do ip neigh replace "$address" dev ${device} use 2>/dev/null; done
for second in 1 2 3; do
  ip -4 neigh show dev ${device} | grep -q INCOMPLETE || break
  sleep 1
done
wait
ip -4 neigh show dev ${device} | sed 's/^/neigh /'`
  return parseSegment(stdout)
}

/** The lines that `observeSegment`'s script prints. */
export function parseSegment(text: string): Segment {
  const neighbours = new Map<string, string>()
  const adverts: Advert[] = []
  for (const line of text.split('\n')) {
    const [kind, source = '', ...words] = line.trim().split(/\s+/)
    if (kind === 'vrrp') adverts.push(...parseAdvert(source, words.map(Number)))
    const mac = words[words.indexOf('lladdr') + 1]
    if (kind === 'neigh' && words.includes('lladdr') && mac !== undefined) neighbours.set(source, mac)
  }
  return { neighbours, adverts }
}

/** @throws QuorateError where the VIP or the VRRP id is somebody else's. */
export function refuseCollisions(
  { neighbours, adverts }: Segment,
  vars: KeepalivedVars,
  device: string,
): void {
  const vip = vipAddress(vars)
  const members = vars.members.map(({ address }) => address)
  const mac = neighbours.get(vip)
  if (mac !== undefined && !members.some((address) => neighbours.get(address) === mac)) {
    throw new QuorateError(`the VIP ${vip} is in use on ${device} by ${mac}, which is none of the members`, {
      hint: 'choose a free address for vip, or take it away from that machine',
    })
  }
  const id = virtualRouterId(vars)
  const rival = adverts.find(
    ({ source, routerId, addresses }) =>
      !members.includes(source) && (routerId === id || addresses.includes(vip)),
  )
  if (rival === undefined) return
  const { source, routerId, addresses } = rival
  throw new QuorateError(
    `${source} sends VRRP adverts on ${device} with virtual_router_id ${routerId} for ${addresses.join(', ')}`,
    {
      hint:
        routerId === id
          ? `set keepalived_virtual_router_id to another id than ${id}`
          : `choose another VIP than ${vip}`,
    },
  )
}

/** A VRRP packet of version 2 or 3, byte by byte; nothing where it is no advert. */
function parseAdvert(source: string, bytes: readonly number[]): Advert[] {
  const [type = 0, routerId = 0, , count = 0] = bytes
  if ((type & 0x0f) !== 1 || routerId === 0) return []
  const addresses = Array.from({ length: count }, (_, index) =>
    bytes.slice(8 + 4 * index, 12 + 4 * index).join('.'),
  )
  return [{ source, routerId, addresses }]
}
