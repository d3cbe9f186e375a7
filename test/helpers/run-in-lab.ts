import type { ChangeReport, FailureReport, HostRecap, RunEvent, RunMode } from '../../lib/engine/events.ts'
import { runPlays } from '../../lib/engine/run.ts'
import type { AppliedRole, Host } from '../../lib/index.ts'
import { loadInventory } from '../../lib/inventory/index.ts'
import type { Lab } from '../../lib/lab/index.ts'
import { type PlaybookTools, play } from '../../lib/playbook.ts'
import { prepare } from '../../lib/prepare.ts'
import { connectToLab } from './lab-connection.ts'

export interface LabRunOptions {
  /** @default 'apply' */
  readonly mode?: RunMode
  /** The hosts of the play, as a pattern. @default 'all' */
  readonly hosts?: string
  /** What `--limit` leaves of them. @default all */
  readonly limit?: string
}

/** What a run told. */
export interface LabRun {
  readonly changes: readonly ChangeReport[]
  readonly failures: readonly FailureReport[]
  readonly warnings: readonly string[]
  /** What the verify of the last role found, by host. */
  readonly verified: ReadonlyMap<string, string>
  readonly recap: readonly HostRecap[]
}

/** Runs roles on hosts of a lab, as a playbook with one play does. */
export async function runInLab(
  lab: Lab,
  roles: (hosts: readonly Host[]) => readonly AppliedRole[],
  { mode = 'apply', hosts: pattern = 'all', limit }: LabRunOptions = {},
): Promise<LabRun> {
  const plays = ({ hosts }: PlaybookTools<unknown>) => [play('lab', hosts(pattern), roles(hosts(pattern)))]
  const inventory = await loadInventory(lab.inventory)
  const prepared = await prepare({ name: 'lab', definition: { plays } }, inventory, {
    limit,
    tags: [],
    skipTags: [],
  })
  const events: RunEvent[] = []
  const recap = await runPlays(prepared.plays, {
    playbook: 'lab',
    mode,
    diff: false,
    forks: 10,
    signal: new AbortController().signal,
    emit: (event) => events.push(event),
    connect: ({ name }) => connectToLab(lab, name),
  })
  return summary(events, recap)
}

function summary(events: readonly RunEvent[], recap: readonly HostRecap[]): LabRun {
  return {
    changes: events.flatMap((event) => (event.type === 'change' ? [event.change] : [])),
    failures: events.flatMap((event) => (event.type === 'failed' ? [event.failure] : [])),
    warnings: events.flatMap((event) => (event.type === 'warning' ? [event.message] : [])),
    verified: new Map(
      events.flatMap((event) => (event.type === 'verified' ? [[event.host, event.message]] : [])),
    ),
    recap,
  }
}
