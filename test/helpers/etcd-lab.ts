import type { RunEvent, RunMode } from '../../lib/engine/events.ts'
import { runPlays } from '../../lib/engine/run.ts'
import { loadInventory } from '../../lib/inventory/index.ts'
import type { Lab } from '../../lib/lab/index.ts'
import { play } from '../../lib/playbook.ts'
import { prepare } from '../../lib/prepare.ts'
import type { Connection } from '../../lib/transport/connection.ts'
import { etcd } from '../../roles/etcd/index.ts'
import { connectToLab } from './lab-connection.ts'

export interface EtcdRunOptions {
  readonly pkiDir: string
  /** Names of the members. */
  readonly members: readonly string[]
  /** Further variables of the role. */
  readonly vars?: Record<string, unknown>
  readonly mode?: RunMode
  readonly limit?: string
  readonly onEvent?: (event: RunEvent) => void
}

export interface EtcdRun {
  /** `m1: service etcd.service: restart: ...` */
  readonly changes: readonly string[]
  /** `m1: what went wrong | what to do`, by host name. */
  readonly failures: ReadonlyMap<string, string>
  readonly warnings: readonly string[]
  readonly verified: readonly string[]
  /** By host name. */
  readonly roundTrips: ReadonlyMap<string, number>
}

/** Runs the etcd role on hosts of a lab, as a playbook with one play does. */
export async function runEtcd(lab: Lab, options: EtcdRunOptions): Promise<EtcdRun> {
  const { pkiDir, members, vars = {}, mode = 'apply', limit, onEvent } = options
  const inventory = await loadInventory(lab.inventory)
  const plays = ({ hosts }: { hosts: (pattern: string) => Parameters<typeof play>[1] }) => {
    const group = hosts(members.join(','))
    return [play('etcd', group, [etcd({ ...vars, members: [...group], pkiDir })])]
  }
  const prepared = await prepare({ name: 'etcd', definition: { plays } }, inventory, {
    limit,
    tags: [],
    skipTags: [],
  })
  const events: RunEvent[] = []
  const roundTrips = new Map<string, number>()
  await runPlays(prepared.plays, {
    playbook: 'etcd',
    mode,
    diff: false,
    forks: 10,
    signal: new AbortController().signal,
    emit(event) {
      events.push(event)
      onEvent?.(event)
    },
    async connect({ name }) {
      const connection = await connectToLab(lab, name)
      return counting(connection, () => roundTrips.set(name, (roundTrips.get(name) ?? 0) + 1))
    },
  })
  return summary(events, roundTrips)
}

function summary(events: readonly RunEvent[], roundTrips: ReadonlyMap<string, number>): EtcdRun {
  const of = <Type extends RunEvent['type']>(type: Type) =>
    events.filter((event): event is Extract<RunEvent, { type: Type }> => event.type === type)
  return {
    changes: of('change').map(({ change }) => `${change.host}: ${change.resource}: ${change.summary}`),
    failures: new Map(
      of('failed').map(({ failure }) => [
        failure.host,
        `${failure.message} | ${failure.hint ?? ''} ${failure.stderr ?? ''}`.trimEnd(),
      ]),
    ),
    warnings: of('warning').map(({ message }) => message),
    verified: of('verified').map(({ message }) => message),
    roundTrips,
  }
}

function counting(connection: Connection, count: () => void): Connection {
  return {
    facts: connection.facts,
    run(script, options) {
      count()
      return connection.run(script, options)
    },
    runAll(scripts, options) {
      count()
      return connection.runAll(scripts, options)
    },
    upload(...args) {
      count()
      return connection.upload(...args)
    },
    close: () => connection.close(),
  }
}
