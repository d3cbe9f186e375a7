import { containsAddress, type Facts, parseCidr, QuorateError } from '../../lib/index.ts'
import type { KeepalivedVars, Member } from './vars.ts'

/**
 * The network interface that the VIP goes on: the one that was given, else the one with the member's address.
 *
 * @throws QuorateError where there is none, or its network has no room for the VIP.
 */
export function interfaceOf(vars: KeepalivedVars, member: Member, facts: Facts): string {
  const found = facts.addresses.find((entry) =>
    vars.interface === undefined ? entry.address === member.address : entry.interface === vars.interface,
  )
  if (found === undefined) {
    const wanted = vars.interface ?? `with the address ${member.address}`
    throw new QuorateError(`${member.name} has no network interface ${wanted}; it has ${list(facts)}`, {
      hint: `set ip=… for ${member.name} in the inventory to the address that the other members reach it by, or keepalived_interface`,
    })
  }
  refuseForeignNetwork(vars, found.interface, facts)
  return found.interface
}

function refuseForeignNetwork({ vip }: KeepalivedVars, device: string, facts: Facts): void {
  const address = parseCidr(vip)?.address ?? vip
  const networks = facts.addresses
    .filter((entry) => entry.interface === device && entry.address !== address)
    .flatMap((entry) => parseCidr(`${entry.address}/${entry.prefix}`) ?? [])
  if (networks.some((network) => containsAddress(network, address))) return
  const named = networks.map(({ network, prefix }) => `${network}/${prefix}`).join(', ') || 'no IPv4 network'
  throw new QuorateError(`the VIP ${address} is outside of the network of ${device}: ${named}`, {
    hint: 'nobody on that network could reach it: choose a free address inside, or another interface',
  })
}

function list({ addresses }: Facts): string {
  return addresses.map((entry) => `${entry.interface} ${entry.address}/${entry.prefix}`).join(', ') || 'none'
}
