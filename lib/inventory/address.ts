import { isIP, isIPv4, isIPv6 } from 'node:net'

// What may stand in a name where a label or a part of an address would: [1:3], [a:f], [01:10:2].
const RANGE = /\[(?:[a-z]:[a-z]|[0-9]+:[0-9]+)(?::[0-9]+)?\]/gi
const HEX_RANGE = /\[[0-9a-f]+:[0-9a-f]+(?::[0-9]+)?\]/gi
const BRACKETED_PORT = /^\[(.+)\]:([0-9]+)$/
const PORT = /^((?:[^:[\]]|\[[^\]]*\])*):([0-9]+)$/
// Most names are plain, and letters of all the world take milliseconds to compile.
const PLAIN_NAME = hostName('A-Za-z0-9')
let anyName: RegExp | undefined
const LIKE_IPV4 = /^[0-9]+(?:\.[0-9]+){2,}(?:\/[0-9]+)?$/
const LIKE_IPV6 = /^(?=.*:.*:)[0-9a-z:.]+$/i

/**
 * Splits `name:port` as Ansible does. A bare IPv6 address has no port: `[::1]:22` has. What is no host name with a
 * port (`h:abc`, `user@h:22`) is all name.
 */
export function splitPort(pattern: string): { name: string; port: number | undefined } {
  let name = pattern
  let port: number | undefined
  for (const form of [BRACKETED_PORT, PORT]) {
    const [, host, digits] = form.exec(name) ?? []
    if (host === undefined) continue
    name = host
    port = Number(digits)
  }
  return isHostPattern(name) ? { name, port } : { name: pattern, port: undefined }
}

/** Whether `name` is an IP address or follows the rules for host names (which allow `_`). */
export function isHostName(name: string): boolean {
  if (PLAIN_NAME.test(name) || isIP(name) !== 0) return true
  anyName ??= hostName(String.raw`\p{L}\p{N}`)
  return anyName.test(name)
}

/** @param letters That a label may begin and end with. */
function hostName(letters: string): RegExp {
  const label = `[${letters}_](?:[${letters}_-]*[${letters}])?`
  return new RegExp(`^${label}(?:\\.${label})*$`, 'u')
}

/** As {@link isHostName}, with ranges allowed in it. */
export function isHostPattern(name: string): boolean {
  return isHostName(name.replace(RANGE, '1')) || isIPv6(name.replace(HEX_RANGE, '1'))
}

/** Whether `text` was meant to be an IP address and is none: `10.0.0.256`, `10.0.0.1/24`, `fe80::g`. */
export function isBrokenAddress(text: string): boolean {
  return (LIKE_IPV4.test(text) && !isIPv4(text)) || (LIKE_IPV6.test(text) && !isIPv6(text))
}

/** One spelling for every spelling of an address: `FE80::0:1` and `fe80::1` are the same host. */
export function canonicalAddress(address: string): string {
  // Asked of every host, and what knows IPv6 takes milliseconds to compile.
  if (!address.includes(':') || !isIPv6(address) || address.includes('%')) return address.toLowerCase()
  return new URL(`http://[${address}]`).hostname.slice(1, -1)
}
