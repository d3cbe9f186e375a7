import { type Script, sh } from '../../lib/index.ts'

/**
 * Shell: asks by ARP who has a VIP and the hosts' own addresses, and prints a line `neigh ADDRESS … lladdr MAC …` for
 * each neighbour. The kernel sends the requests, so that nothing has to be installed for them: one at once, one a second later.
 * What the host remembers of the VIP's owner is dropped first: it may be minutes old.
 */
export function askNeighbours(vip: string, addresses: readonly string[], device: string): Script {
  return sh`ip -4 neigh flush to ${vip} dev ${device} 2>/dev/null
for address in ${[vip, ...addresses]}; do ip neigh replace "$address" dev ${device} use 2>/dev/null; done
for fifth in 1 2 3 4 5 6 7; do
  ip -4 neigh show dev ${device} | grep -q INCOMPLETE || break
  sleep 0.2
done
ip -4 neigh show dev ${device} | sed 's/^/neigh /'`
}

/** MAC address of every neighbour that answered, from what {@link askNeighbours} printed. */
export function parseNeighbours(lines: readonly string[]): Map<string, string> {
  return new Map(
    lines.flatMap((line) => {
      const [, address = '', mac = ''] = /^neigh (\S+) .*\blladdr (\S+)/.exec(line) ?? []
      return mac === '' ? [] : [[address, mac] as const]
    }),
  )
}

/** MAC address of a machine that answers for the VIP and for none of the hosts. */
export function strangerOf(
  neighbours: ReadonlyMap<string, string>,
  vip: string,
  addresses: readonly string[],
): string | undefined {
  const owner = neighbours.get(vip)
  return addresses.some((address) => neighbours.get(address) === owner) ? undefined : owner
}
