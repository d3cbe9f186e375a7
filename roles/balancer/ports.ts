import { type Host, type Query, QuorateError } from '../../lib/index.ts'

/** What a balancer listens on, and whom it leads to. */
export interface Listener {
  readonly port: number
  readonly bind: string
  readonly backendPort: number
  readonly backends: readonly { readonly name: string; readonly address: string }[]
}

/**
 * On a host that also runs an apiserver only one of the two gets the port.
 *
 * @throws QuorateError where the balancer would take it away from the apiserver, or fail to start.
 */
export function refuseSharedPort(
  program: string,
  { port, backendPort, bind, backends }: Listener,
  address: string,
): void {
  const shared = backends.find((backend) => backend.address === address)
  if (port !== backendPort || shared === undefined) return
  // An apiserver listens on all addresses unless told otherwise, but with a VIP as `bind` the two can live together.
  if (bind !== '*' && bind !== address) return
  throw new QuorateError(`${program} cannot listen on port ${port}: the apiserver of ${shared.name} does`, {
    hint: `give ${program} another port (8443 by default), or bind it to the VIP and the apiserver to ${address}`,
  })
}

/** @throws QuorateError where another program has the port: haproxy, when the balancer was changed to nginx. */
export async function refuseTakenPort(
  program: string,
  query: Query,
  { name }: Host,
  { port, bind }: Listener,
): Promise<void> {
  // On one address alone it may stand beside a program that has the port on another.
  if (bind !== '*') return
  const { stdout } = await query.nothrow`ss -Hltnp ${`sport = :${port}`}`
  const holder = portHolder(stdout)
  if (holder === undefined || holder === program) return
  throw new QuorateError(`port ${port} of ${name} is in use by ${holder}`, {
    hint: ['haproxy', 'nginx'].includes(holder)
      ? `${program} takes its place: systemctl disable --now ${holder} first, or give ${program} another port`
      : `give ${program} another port, or stop that program`,
  })
}

/** The program that listens, from what `ss -Hltnp` printed; undefined where none does. */
export function portHolder(text: string): string | undefined {
  if (text.trim() === '') return undefined
  return /users:\(\("([^"]+)"/.exec(text)?.[1] ?? 'another program'
}
