import { QuorateError } from '../../lib/index.ts'
import type { HaproxyVars } from './vars.ts'

/**
 * On a host that also runs an apiserver only one of the two gets the port.
 *
 * @throws QuorateError where haproxy would take it away from the apiserver, or fail to start.
 */
export function refuseSharedPort({ port, backendPort, bind, backends }: HaproxyVars, address: string): void {
  const shared = backends.find((backend) => backend.address === address)
  if (port !== backendPort || shared === undefined) return
  // An apiserver listens on all addresses unless told otherwise, but with a VIP as `bind` the two can live together.
  if (bind !== '*' && bind !== address) return
  throw new QuorateError(`haproxy cannot listen on port ${port}: the apiserver of ${shared.name} does`, {
    hint: `give haproxy another port (8443 by default), or bind it to the VIP and the apiserver to ${address}`,
  })
}
