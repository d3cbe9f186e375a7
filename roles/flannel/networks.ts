import { containsAddress, parseCidr } from '../../lib/index.ts'

/** Whether an address is in the network of a text such as 10.0.0.1/24. */
export function contains(cidr: string, address: string): boolean {
  const network = parseCidr(cidr)
  return network !== undefined && containsAddress(network, address)
}

/** Whether all of `inner` is in `outer`. */
export function containsNetwork(outer: string, inner: string): boolean {
  const [large, small] = [parseCidr(outer), parseCidr(inner)]
  if (large === undefined || small === undefined) return false
  return small.prefix >= large.prefix && containsAddress(large, small.address)
}
