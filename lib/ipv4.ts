import { isIPv4 } from 'node:net'

/** An address and the network that it is in: what `10.0.0.100/24` says. */
export interface Cidr {
  readonly address: string
  readonly prefix: number
  readonly network: string
  readonly broadcast: string
}

/** What a text in CIDR form means; undefined where it is none. */
export function parseCidr(text: string): Cidr | undefined {
  const match = /^([\d.]+)\/(\d{1,2})$/.exec(text)
  const [, address = '', prefixText] = match ?? []
  const prefix = Number(prefixText)
  if (match === null || !isIPv4(address) || prefix > 32) return undefined
  const mask = prefix === 0 ? 0 : (0xffffffff << (32 - prefix)) >>> 0
  const network = (toNumber(address) & mask) >>> 0
  return { address, prefix, network: toText(network), broadcast: toText((network | ~mask) >>> 0) }
}

/** Whether an address is in the network of `cidr`. */
export function containsAddress(cidr: Cidr, address: string): boolean {
  return parseCidr(`${address}/${cidr.prefix}`)?.network === cidr.network
}

/** Whether two networks share an address. An address (`10.0.0.1`) counts as a network of one; what is none, as nothing. */
export function networksOverlap(left: string, right: string): boolean {
  const [a, b] = [left, right].map((text) => parseCidr(text.includes('/') ? text : `${text}/32`))
  if (a === undefined || b === undefined) return false
  return a.prefix <= b.prefix ? containsAddress(a, b.address) : containsAddress(b, a.address)
}

function toNumber(address: string): number {
  return address.split('.').reduce((number, byte) => number * 256 + Number(byte), 0)
}

function toText(number: number): string {
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 0xff).join('.')
}
