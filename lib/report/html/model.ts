import type {
  ChangeReport,
  FailureReport,
  GroupReport,
  HostRecap,
  RunEvent,
  RunMode,
  WaitReport,
} from '../../engine/events.ts'
import type { Facts } from '../../transport/connection.ts'
import { Timelines } from './timeline.ts'

/** The same thing told of several hosts. */
export interface Shared<What> {
  readonly what: What
  readonly hosts: string[]
}

export interface Span {
  readonly name: string
  readonly from: number
  to: number | undefined
}

/** Hosts that waited for the same, on the same. */
export interface SharedWait {
  readonly what: Omit<WaitReport, 'host'>
  readonly hosts: string[]
  /** Of the host that waited longest. */
  seconds: number
}

/** Everything that the page shows; times are in milliseconds since the start of the run. */
export interface RunModel {
  playbook: string
  mode: RunMode
  /** Since 1970. */
  start: number
  /** How long the run took, or has taken so far. */
  length: number
  /** It was ended before it was done: by Ctrl-C, or with its process. */
  interrupted: boolean
  hosts: readonly string[]
  groups: readonly GroupReport[]
  recap: Map<string, HostRecap>
  plays: Span[]
  timelines: Timelines
  changes: Map<string, Shared<Omit<ChangeReport, 'host'>>>
  failures: Map<string, Shared<Omit<FailureReport, 'host'>>>
  findings: Map<string, Shared<string>>
  warnings: Map<string, Shared<string>>
  /** In check mode: what cannot be known yet, and the order of plays with `serial`. */
  unknown: Map<string, Shared<string>>
  batches: Map<string, Shared<string>>
  waits: Map<string, SharedWait>
  facts: Map<string, Facts>
}

/** A run as the page shows it, from all of its events and when they happened. */
export function modelOf(events: readonly (readonly [RunEvent, number])[]): RunModel {
  const start = events[0]?.[1] ?? 0
  const model: RunModel = {
    playbook: '',
    mode: 'apply',
    start,
    length: Math.max(1, (events.at(-1)?.[1] ?? start) - start),
    interrupted: true,
    hosts: [],
    groups: [],
    recap: new Map(),
    plays: [],
    timelines: new Timelines(start),
    changes: new Map(),
    failures: new Map(),
    findings: new Map(),
    warnings: new Map(),
    unknown: new Map(),
    batches: new Map(),
    waits: new Map(),
    facts: new Map(),
  }
  for (const [event, at] of events) {
    model.timelines.event(event, at)
    take(model, event, at - start)
  }
  const order = new Map(model.hosts.map((host, index) => [host, index]))
  for (const all of [
    model.changes,
    model.failures,
    model.findings,
    model.warnings,
    model.waits,
    model.unknown,
  ])
    for (const { hosts } of all.values()) hosts.sort((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0))
  return model
}

function take(model: RunModel, event: RunEvent, now: number): void {
  switch (event.type) {
    case 'runStart':
      Object.assign(model, { playbook: event.playbook, mode: event.mode, hosts: event.hosts })
      model.groups = event.groups ?? []
      return
    case 'playStart':
      model.plays.push({ name: event.play, from: now, to: undefined })
      if (model.mode === 'check') shareBatches(model, event)
      return
    case 'playEnd':
      for (const play of model.plays) play.to ??= now
      return
    case 'facts':
      model.facts.set(event.host, event.facts)
      return
    case 'runEnd':
      model.recap = new Map(event.recap.map((row) => [row.host, row]))
      model.interrupted = event.interrupted
      return
    default:
      takeShared(model, event)
  }
}

/** What is told of several hosts in the same words is kept once. */
function takeShared(model: RunModel, event: RunEvent): void {
  if (event.type === 'change') {
    const { host, ...change } = event.change
    share(model.changes, host, change)
  }
  if (event.type === 'failed') {
    const { host, ...failure } = event.failure
    share(model.failures, host, failure)
  }
  if (event.type === 'unknown') {
    share(model.unknown, event.host, `${event.role}: ${event.resource} (after ${event.after})`)
  }
  if (event.type === 'verified') share(model.findings, event.host, `${event.role}: ${event.message}`)
  if (event.type === 'warning') share(model.warnings, event.host, event.message)
  if (event.type === 'waited') {
    const { type, host, seconds, ...wait } = event
    const key = JSON.stringify(wait)
    const shared = model.waits.get(key) ?? { what: wait, hosts: [], seconds: 0 }
    shared.hosts.push(host)
    shared.seconds = Math.max(shared.seconds, seconds)
    model.waits.set(key, shared)
  }
}

function shareBatches(
  model: RunModel,
  { play, batches = [] }: Extract<RunEvent, { type: 'playStart' }>,
): void {
  for (const [index, batch] of batches.entries()) {
    for (const host of batch)
      share(model.batches, host, `play ${play}: batch ${index + 1} of ${batches.length}`)
  }
}

function share<What>(all: Map<string, Shared<What>>, host: string | undefined, what: What): void {
  const key = JSON.stringify(what)
  const shared = all.get(key) ?? { what, hosts: [] }
  if (host !== undefined) shared.hosts.push(host)
  all.set(key, shared)
}
