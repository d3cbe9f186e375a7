import { defineRole, QuorateError, type RoleContext } from '../../lib/index.ts'
import { mostSkew } from './clock.ts'
import { observe } from './observe.ts'
import { problemsOf, type Situation } from './problems.ts'
import { baseResources } from './resources.ts'
import { type BaseVars, baseVars } from './vars.ts'
import { warningsOf } from './warnings.ts'

/**
 * What every host of a cluster needs before anything else, and a look at whether it is fit at all.
 *
 * @example base((host) => ({ hosts: group('k8s-cluster'), purposes: host.groups.includes('etcd') ? ['etcd'] : [] }))
 */
export const base = defineRole({
  name: 'base',
  summary: 'a host that is fit for Kubernetes: kernel settings, no swap, names, and nothing in the way',
  vars: baseVars,

  async converge(context) {
    const { vars, host, facts, check, apply, warn } = context
    const situation = await look(context, vars.purposes.includes('etcd') && vars.checkDisk && !check)
    for (const warning of warningsOf(situation)) warn(warning)
    requireFit(situation)
    await apply(...baseResources(vars, host.name, situation.node, facts))
  },

  async verify(context) {
    const situation = await look(context, false)
    requireFit(situation)
    const skew = mostSkew([...situation.nodes.values()].map(({ clock }) => clock))
    return `fit; the clocks of ${situation.nodes.size} hosts agree within ${skew.toFixed(1)} s`
  },
})

async function look(
  { vars, host, facts, query, everyone }: RoleContext<BaseVars>,
  measureDisk: boolean,
): Promise<Situation> {
  const node = await observe(query, vars, measureDisk)
  const nodes = await everyone('what the hosts are', node)
  return { vars, name: host.name, facts, node, nodes }
}

/** @throws QuorateError that names all that is wrong with this host. */
function requireFit(situation: Situation): void {
  const problems = problemsOf(situation)
  if (problems.length > 0) throw new QuorateError(`${situation.name} is not fit: ${problems.join('; ')}`)
}
