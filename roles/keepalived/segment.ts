import { type Query, QuorateError } from '../../lib/index.ts'
import { askNeighbours, parseNeighbours, strangerOf } from '../balancer/neighbours.ts'
import { vipAddress, virtualRouterId } from './config.ts'
import type { KeepalivedVars } from './vars.ts'

/** Adverts are sent each second by default. */
const LISTEN_SECONDS = 1.5

/**
 * Prints a line `vrrp SOURCE BYTE…` for each advert to everybody that comes by the interface with this index. Debian
 * and its kin always have a perl with all that this needs, so that it works before anything is installed.
 */
const LISTEN_IN_PERL = `use Socket qw(:DEFAULT IPPROTO_IP IP_ADD_MEMBERSHIP); $| = 1;
socket(my $s, PF_INET, SOCK_RAW, 112) or exit;
setsockopt($s, IPPROTO_IP, IP_ADD_MEMBERSHIP, pack("a4 x4 i", inet_aton("224.0.0.18"), shift)) or exit;
while (defined recv($s, my $packet, 2048, 0)) {
  my @bytes = unpack("C*", $packet);
  print "vrrp ", join(".", @bytes[12 .. 15]), " @bytes[4 * ($bytes[0] & 15) .. $#bytes]\\n";
}`

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
 * Listens for VRRP adverts, and asks by ARP who has the VIP and the members' addresses. Takes some seconds. Adverts are
 * not seen on a host that has neither perl nor socat.
 */
export async function observeSegment(query: Query, vars: KeepalivedVars, device: string): Promise<Segment> {
  const vip = vipAddress(vars)
  const addresses = vars.members.map(({ address }) => address)
  const { stdout } = await query.nothrow`
if command -v perl >/dev/null; then
  timeout ${LISTEN_SECONDS} perl -e ${LISTEN_IN_PERL} "$(cat /sys/class/net/${device}/ifindex)" 2>/dev/null &
else
  timeout ${LISTEN_SECONDS} socat -u IP4-RECVFROM:112,ip-add-membership=224.0.0.18:${device},fork \
    SYSTEM:'echo vrrp $SOCAT_PEERADDR $(od -An -v -tu1)' 2>/dev/null &
fi
${askNeighbours(vip, addresses, device)}
wait`
  return parseSegment(stdout)
}

/** The lines that `observeSegment`'s script prints. */
export function parseSegment(text: string): Segment {
  const lines = text.split('\n')
  const adverts = lines.flatMap((line) => {
    const [kind, source = '', ...bytes] = line.trim().split(/\s+/)
    return kind === 'vrrp' ? parseAdvert(source, bytes.map(Number)) : []
  })
  return { neighbours: parseNeighbours(lines), adverts }
}

/** @throws QuorateError where the VIP or the VRRP id is somebody else's. */
export function refuseCollisions(
  { neighbours, adverts }: Segment,
  vars: KeepalivedVars,
  device: string,
): void {
  const vip = vipAddress(vars)
  const members = vars.members.map(({ address }) => address)
  const stranger = strangerOf(neighbours, vip, members)
  if (stranger !== undefined) {
    throw new QuorateError(
      `the VIP ${vip} is in use on ${device} by ${stranger}, which is none of the members`,
      {
        hint: 'choose a free address for vip, or take it away from that machine',
      },
    )
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
