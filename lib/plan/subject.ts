import type { ReadyPlay } from '../engine/run.ts'
import type { Problem } from '../errors.ts'
import { type Digest, variablesDigest } from './digests.ts'
import type { HostPlan, Plan } from './document.ts'

/** What a plan was made for: it fits nothing else. */
export interface Subject {
  readonly playbook: string
  readonly plays: Plan['plays']
  readonly hosts: Readonly<Record<string, Pick<HostPlan, 'address' | 'variables'>>>
  readonly variables: string
}

/** What a run is made of, as a plan keeps it. */
export function subjectOf(
  playbook: string,
  plays: readonly ReadyPlay[],
  salt: string,
  digest: Digest,
): Subject {
  const hosts: Record<string, { address: string; variables: Record<string, string> }> = {}
  for (const play of plays) {
    for (const { name, address } of play.hosts) {
      const host = hosts[name] ?? { address, variables: {} }
      hosts[name] = host
      for (const { applied, vars } of play.roles) {
        const role = `${play.name}/${applied.definition.name}`
        host.variables[role] = variablesDigest(salt, vars.get(name))
      }
    }
  }
  return {
    playbook,
    plays: plays.map(({ name, roles, hosts }) => ({
      name,
      roles: roles.map(({ applied }) => applied.definition.name),
      hosts: hosts.map((host) => host.name),
    })),
    hosts,
    variables: digest('variables'),
  }
}

/** In what a run differs from the one that was planned, in the words of an error; empty where it is the same. */
export function differences(planned: Subject, now: Subject): Problem[] {
  if (planned.playbook !== now.playbook) {
    return [{ message: `the plan is one of the playbook ${planned.playbook}, not of ${now.playbook}` }]
  }
  const problems = [
    ...setDifferences('play', planned.plays.map(described), now.plays.map(described)),
    ...setDifferences('host', Object.keys(planned.hosts), Object.keys(now.hosts)),
    ...Object.entries(planned.hosts).flatMap(([name, host]) => hostDifferences(name, host, now.hosts[name])),
  ]
  if (problems.length > 0 || planned.variables === now.variables) return problems
  return [{ message: 'a secret variable has another value than when the plan was made' }]
}

function described({ name, roles, hosts }: Plan['plays'][number]): string {
  return `${name} (${roles.join(', ')}) on ${hosts.join(', ')}`
}

function setDifferences(what: string, planned: readonly string[], now: readonly string[]): Problem[] {
  return [
    ...planned
      .filter((name) => !now.includes(name))
      .map((name) => ({ message: `planned with ${what} ${name}, which is not there now` })),
    ...now
      .filter((name) => !planned.includes(name))
      .map((name) => ({ message: `planned without ${what} ${name}, which is there now` })),
  ]
}

type SubjectHost = Subject['hosts'][string]

function hostDifferences(name: string, planned: SubjectHost, now: SubjectHost | undefined): Problem[] {
  if (now === undefined) return []
  const moved = planned.address !== now.address && [
    { message: `${name}: planned with address ${planned.address}, now ${now.address}` },
  ]
  const changed = Object.entries(planned.variables)
    .filter(([role, digest]) => now.variables[role] !== undefined && now.variables[role] !== digest)
    .map(([role]) => ({
      message: `${name}: the variables of ${role} are not those that the plan was made with`,
    }))
  return [...(moved || []), ...changed]
}
