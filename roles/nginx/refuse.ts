import { QuorateError } from '../../lib/index.ts'
import { type Build, isActive } from './config.ts'
import type { NginxVars } from './vars.ts'

/** @throws QuorateError where checks are wanted that the installed nginx cannot do. */
export function refuseMissingChecks(vars: NginxVars, build: Build): void {
  if (!isActive(vars, build) || build.activeChecks) return
  throw new QuorateError('this build of nginx has no active health checks: only the commercial one does', {
    hint: "set nginx_health_check to 'passive', or use haproxy, which asks every apiserver for /readyz",
  })
}
