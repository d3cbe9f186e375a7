import { containsAddress, type Facts, type Host, parseCidr, QuorateError } from '../../lib/index.ts'
import type { KubeVipVars } from './vars.ts'

/**
 * The network interface that the VIP goes on: the one that was given, else with arp the one with the host's address.
 *
 * @throws QuorateError where there is none, or with arp its network has no room for the VIP.
 */
export function interfaceOf(vars: KubeVipVars, host: Host, { addresses }: Facts): string {
  if (vars.mode === 'bgp') return vars.interface ?? 'lo'
  const found = addresses.filter((entry) =>
    vars.interface === undefined ? entry.address === host.address : entry.interface === vars.interface,
  )
  const [first] = found
  if (first === undefined) {
    const wanted = vars.interface ?? `with the address ${host.address}`
    const has = addresses.map((entry) => `${entry.interface} ${entry.address}/${entry.prefix}`).join(', ')
    throw new QuorateError(`${host.name} has no network interface ${wanted}; it has ${has || 'none'}`, {
      hint: `set ip=… for ${host.name} in the inventory to the address that the other nodes reach it by, or kube_vip_interface`,
    })
  }
  const vip = parseCidr(vars.vip)?.address ?? ''
  const networks = found
    .filter(({ address }) => address !== vip)
    .flatMap(({ address, prefix }) => parseCidr(`${address}/${prefix}`) ?? [])
  if (networks.some((network) => containsAddress(network, vip))) return first.interface
  throw new QuorateError(
    `the VIP ${vip} is outside of the network of ${first.interface} on ${host.name}: ${networks.map((network) => `${network.network}/${network.prefix}`).join(', ')}`,
    { hint: 'nobody on that network could reach it: choose a free address inside, or another interface' },
  )
}
