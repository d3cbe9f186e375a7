import { isIPv4 } from 'node:net'

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
      .filter((other) => overlap(network.cidr, other.cidr))
      .map(
        (other) =>
          `${network.name} ${network.cidr} overlaps ${other.name} ${other.cidr}: no address may be in both`,
      ),
  )
}

/** The n-th address of a network: `nthAddress('10.96.0.0/12', 10)` is the cluster's DNS. */
export function nthAddress(cidr: string, n: number): string {
  const number = (range(cidr)?.first ?? 0) + n
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 0xff).join('.')
}

/** Whether `cidr` names its network by the first address, as in 10.244.0.0/16. */
export function isNetworkAddress(cidr: string): boolean {
  return nthAddress(cidr, 0) === cidr.split('/')[0]
}

function overlap(left: string, right: string): boolean {
  const [a, b] = [range(left), range(right)]
  return a !== undefined && b !== undefined && a.first <= b.last && b.first <= a.last
}

function range(cidr: string): { first: number; last: number } | undefined {
  const [address = '', prefix = '32'] = cidr.split('/')
  if (!isIPv4(address)) return undefined
  const number = address.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0)
  const size = 2 ** (32 - Number(prefix))
  const first = Math.floor(number / size) * size
  return { first, last: first + size - 1 }
}
