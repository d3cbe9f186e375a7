import type { Sight } from './ask.ts'
import type { ExternalLbVars } from './vars.ts'

/**
 * What is wrong with the load balancer, as the hosts that take part see it; empty where all is well. A balancer with no
 * apiserver behind it may refuse connections: that is no fault before one is ready.
 */
export function problems(sights: ReadonlyMap<string, Sight>, vars: ExternalLbVars): string[] {
  const { address, port } = vars.loadbalancerApiserver
  const where = `${address}:${port}`
  const anyReady = vars.requireUp || [...sights.values()].some(({ ownReady }) => ownReady)
  const found = [...sights].flatMap(([name, sight]) => {
    if (sight.certificate !== '')
      return [`${name} does not trust the certificate that it gets at ${where}: ${sight.certificate}`]
    if (!anyReady || sight.ready) return []
    if (!sight.connects) return [`${name} cannot connect to ${where}`]
    if (!sight.answers) return [`${name} connects to ${where}, but no apiserver answers`]
    return [`${name} gets an answer at ${where}, but not from a ready apiserver`]
  })
  return found
}

/** What to tell the user where nothing is wrong. */
export function describe(sights: ReadonlyMap<string, Sight>, vars: ExternalLbVars): string {
  const { address, port } = vars.loadbalancerApiserver
  const all = [...sights.values()]
  const count = (is: (sight: Sight) => boolean) => all.filter(is).length
  if (all.every(({ ready }) => ready))
    return `${address}:${port} leads all ${all.length} hosts to a ready apiserver`
  return `no apiserver is ready yet; ${count(({ connects }) => connects)} of ${all.length} hosts can connect to ${address}:${port}`
}
