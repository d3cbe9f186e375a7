import { networksOverlap, parseCidr } from '../../lib/index.ts'

/** A network by the name that the user knows it by. */
export interface Network {
  readonly name: string
  readonly cidr: string
}

/** Which of the networks overlap, in words. Addresses (`10.0.0.1`) count as networks of one. */
export function overlaps(networks: readonly Network[]): string[] {
  return networks.flatMap((network, index) =>
    networks
      .slice(index + 1)
      .filter((other) => networksOverlap(network.cidr, other.cidr))
      .map(
        (other) =>
          `${network.name} ${network.cidr} overlaps ${other.name} ${other.cidr}: no address may be in both`,
      ),
  )
}

/** Whether `cidr` names its network by the first address, as in 10.244.0.0/16. */
export function isNetworkAddress(cidr: string): boolean {
  const parsed = parseCidr(cidr)
  return parsed !== undefined && parsed.address === parsed.network
}
