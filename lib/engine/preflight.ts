import type { Host } from '../inventory/host.ts'
import { Coordination } from './coordination.ts'
import type { RunEvent, RunMode } from './events.ts'
import { failureReport } from './failure.ts'
import { Stopped } from './interruption.ts'
import type { ReadyPlay, ReadyRole } from './ready-play.ts'
import { createRoleContext, type HostRun } from './role-run.ts'

/** What the asking needs of a run. */
export interface PreflightRun {
  readonly mode: RunMode
  readonly diff: boolean
  readonly emit: (event: RunEvent) => void
  readonly alive: ReadonlyMap<string, HostRun>
  /** Throws where the run has been told to stop. */
  readonly proceed: () => void
}

/** A role that has something to ask, with the hosts that it is going to run on. */
interface Inquiry {
  readonly play: string
  readonly role: ReadyRole
  readonly hosts: readonly Host[]
  readonly coordination: Coordination
}

/**
 * Has every role of every play ask its hosts whether the run may begin: nothing is changed anywhere before all have
 * answered. All that is in the way is told.
 *
 * @returns the names of hosts that something is in the way of.
 */
export async function preflight(run: PreflightRun, plays: readonly ReadyPlay[]): Promise<Set<string>> {
  const refused = new Set<string>()
  const inquiries = inquiriesOf(run, plays)
  await Promise.all(
    [...run.alive.values()].map(async (hostRun) => {
      const { name } = hostRun.host
      // All hosts go through the same roles in the same order, so that none waits for one that waits for it.
      for (const inquiry of inquiries.filter(({ hosts }) => hosts.includes(hostRun.host))) {
        const isFit = await ask(run, inquiry, hostRun)
        inquiry.coordination.leave(name)
        if (!isFit) refused.add(name)
      }
    }),
  )
  return refused
}

/** A role that comes again in a later play has asked its hosts already. */
function inquiriesOf({ alive }: PreflightRun, plays: readonly ReadyPlay[]): Inquiry[] {
  const asked = new Set<string>()
  return plays.flatMap(({ name: play, hosts, roles }) =>
    roles.flatMap((role): Inquiry[] => {
      const { definition } = role.applied
      if (definition.preflight === undefined) return []
      const isNew = ({ name }: Host) => alive.has(name) && !asked.has(`${definition.name} ${name}`)
      const present = hosts.filter(isNew).map(({ name }) => (alive.get(name) as HostRun).host)
      for (const { name } of present) asked.add(`${definition.name} ${name}`)
      const coordination = new Coordination(present.map(({ name }) => name))
      return [{ play, role, hosts: present, coordination }]
    }),
  )
}

/** Whether the role finds nothing in the way on a host. */
async function ask(
  run: PreflightRun,
  { play, role, hosts, coordination }: Inquiry,
  hostRun: HostRun,
): Promise<boolean> {
  const { applied, vars } = role
  const { name } = hostRun.host
  const { definition } = applied
  try {
    run.proceed()
    run.emit({ type: 'step', host: name, play: '', step: `${definition.name}: asking before any change` })
    await definition.preflight?.(
      createRoleContext({
        ...{ ...run, hostRun, play: '', applied, vars: vars.get(name), hosts, coordination },
        mayChange: async () => run.proceed(),
      }),
    )
    return true
  } catch (error) {
    if (error instanceof Stopped) return true
    run.emit({ type: 'failed', failure: failureReport(error, { host: name, play, role: definition.name }) })
    return false
  }
}
