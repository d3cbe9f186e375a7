import { isIPv6 } from 'node:net'

/** Where the apiserver of a host is: `https://10.0.0.1:6443`. */
export function apiUrl({ address }: { readonly address: string }, port: number): string {
  return `https://${isIPv6(address) ? `[${address}]` : address}:${port}`
}
