import { isIP, isIPv4 } from 'node:net'
import { z } from 'zod'
import { Secret } from './secret.ts'

// zod compiles a schema at its first use. Ours are used once a host: reading them takes less time than compiling them.
z.config({ jitless: true })

/** A TCP or UDP port, 1 to 65535. */
export function port() {
  const error = 'expected a port from 1 to 65535'
  return z.int({ error }).min(1, { error }).max(65_535, { error })
}

/** An IPv4 or IPv6 address. */
export function ipAddress() {
  return z.string().refine((text) => isIP(text) !== 0, { error: 'expected an IP address such as 10.0.0.1' })
}

/** An IPv4 address with its prefix length: `10.0.0.100/24`. */
export function cidr() {
  return z.string().refine(isCidr, {
    abort: true,
    error: ({ input }) =>
      String(input).includes(':')
        ? 'expected IPv4, such as 10.0.0.100/24: IPv6 and dual stack are not supported'
        : 'expected an IPv4 address with a prefix length, such as 10.0.0.100/24',
  })
}

/** A value that is never shown: a string becomes a `Secret`. */
export function secret() {
  return z.union([z.instanceof(Secret), z.string().transform((value) => new Secret(value))])
}

function isCidr(text: string): boolean {
  const [address, prefix, ...rest] = text.split('/')
  return rest.length === 0 && isIPv4(address ?? '') && /^\d+$/.test(prefix ?? '') && Number(prefix) <= 32
}
