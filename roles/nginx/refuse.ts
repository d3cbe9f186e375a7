import { type Host, type Query, QuorateError } from '../../lib/index.ts'
import { type Build, isActive } from './config.ts'
import type { NginxVars } from './vars.ts'

/** @throws QuorateError where nginx would take the port away from the apiserver on the same host, or fail to start. */
export function refuseSharedPort({ port, backendPort, bind, backends }: NginxVars, address: string): void {
  const shared = backends.find((backend) => backend.address === address)
  if (port !== backendPort || shared === undefined) return
  if (bind !== '*' && bind !== address) return
  throw new QuorateError(`nginx cannot listen on port ${port}: the apiserver of ${shared.name} does`, {
    hint: `give nginx another port (8443 by default), or bind it to the VIP and the apiserver to ${address}`,
  })
}

/** @throws QuorateError where another program has the port: haproxy, when the balancer was changed. */
export async function refuseTakenPort(query: Query, { name }: Host, { port }: NginxVars): Promise<void> {
  const { stdout } = await query.nothrow`ss -Hltnp ${`sport = :${port}`}`
  const holder = portHolder(stdout)
  if (holder === undefined || holder === 'nginx') return
  throw new QuorateError(`port ${port} of ${name} is in use by ${holder}`, {
    hint:
      holder === 'haproxy'
        ? 'nginx takes its place: systemctl disable --now haproxy first, or give nginx another port'
        : 'give nginx another port, or stop that program',
  })
}

/** The program that listens, from what `ss -Hltnp` printed; undefined where none does. */
export function portHolder(text: string): string | undefined {
  if (text.trim() === '') return undefined
  return /users:\(\("([^"]+)"/.exec(text)?.[1] ?? 'another program'
}

/** @throws QuorateError where checks are wanted that the installed nginx cannot do. */
export function refuseMissingChecks(vars: NginxVars, build: Build): void {
  if (!isActive(vars, build) || build.activeChecks) return
  throw new QuorateError('this build of nginx has no active health checks: only the commercial one does', {
    hint: "set nginx_health_check to 'passive', or use haproxy, which asks every apiserver for /readyz",
  })
}
