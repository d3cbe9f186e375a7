import { AsyncLocalStorage } from 'node:async_hooks'
import type { Host } from '../inventory/host.ts'
import type { AppliedRole, RoleContext } from '../role.ts'
import type { Connection } from '../transport/connection.ts'
import { type ConvergeOptions, converge, label } from './converge.ts'
import type { Coordination, GateOptions } from './coordination.ts'
import type { RunEvent, RunMode, ScriptReport } from './events.ts'
import { Knowledge } from './knowledge.ts'
import { createQuery } from './query.ts'
import type { Resource } from './resource.ts'
import type { Review } from './review.ts'
import type { HostSession } from './session.ts'
import { tap } from './tap.ts'
import { tellWait } from './wait.ts'

/** A host that takes part in a run. */
export interface HostRun {
  readonly host: Host
  readonly connection: HostSession
  /** In check mode: what the host would be like after all that was planned so far. */
  readonly predicted: Knowledge
}

/** One role on one host. */
export interface RoleRun {
  readonly hostRun: HostRun
  readonly play: string
  readonly applied: AppliedRole
  readonly vars: unknown
  readonly hosts: readonly Host[]
  /** Of this role alone. */
  readonly coordination: Coordination
  readonly mode: RunMode
  readonly diff: boolean
  readonly emit: (event: RunEvent) => void
  readonly review?: Review | undefined
  /** Throws where the run has been told to stop. */
  readonly proceed: () => void
  /** Resolves once this run alone may change hosts; throws as `proceed`. */
  readonly mayChange: () => Promise<void>
  /** Resolves once no other run may disturb a host of the play. Default: none may. */
  readonly mayDisturb?: () => Promise<void>
}

/** What `apply` does inside of `rolling`: only plan (to learn whether a turn is needed), or work in its turn. */
interface Scope {
  readonly trial?: Knowledge
  /** How many hosts have their turn at the same time, where only that is told. */
  readonly max?: number
  ok: number
  changes: number
}

const scopes = new AsyncLocalStorage<Scope>()
/** True within the work of `once`. */
const elected = new AsyncLocalStorage<boolean>()

/** What a role's converge and verify see of a run. */
export function createRoleContext(run: RoleRun): RoleContext<never> {
  const { host, connection } = run.hostRun
  const { name } = run.applied.definition
  const key = keyMaker()
  const step = (text: string) =>
    run.emit({ type: 'step', host: host.name, play: run.play, step: text === '' ? name : `${name}: ${text}` })
  const context: RoleContext<never> = {
    vars: run.vars as never,
    host,
    hosts: run.hosts,
    facts: connection.facts,
    mode: run.mode,
    check: run.mode === 'check',
    query: createQuery(traced(run, 'query'), (work) => connection.retrying(work)),
    warn: (message) => run.emit({ type: 'warning', host: host.name, message }),
    apply: (...resources) => apply(run, resources, step),
    async once<Result>(name: string, work: () => Promise<Result>) {
      refuseInTurn('once')
      return (await once(run, name, key(`once ${name}`), work)) as Result
    },
    async everyone<Result>(name: string, value?: Result) {
      refuseInTurn('everyone')
      return (await everyone(run, name, key(`everyone ${name}`), value)) as ReadonlyMap<string, Result>
    },
    rolling: (work, options) => rolling(run, context, work, options ?? {}, key('rolling'), step),
  }
  return context
}

async function once(run: RoleRun, name: string, key: string, work: () => Promise<unknown>): Promise<unknown> {
  const { host } = run.hostRun
  const go = waiting(run, `once: ${name}`, run.coordination.working(key))
  try {
    return await run.coordination.once(key, host.name, async () => {
      go()
      await run.mayChange()
      return elected.run(true, work)
    })
  } finally {
    go()
  }
}

async function everyone(
  run: RoleRun,
  name: string,
  key: string,
  value: unknown,
): Promise<ReadonlyMap<string, unknown>> {
  const { host } = run.hostRun
  const go = waiting(run, `everyone: ${name}`, run.coordination.missing(key, host.name))
  try {
    return await run.coordination.everyone(key, host.name, value)
  } finally {
    go()
  }
}

/** Tells that this host waits; returns what tells that it goes on. */
function waiting(run: RoleRun, what: string, on: readonly string[]): () => void {
  return tellWait(run.emit, { ...placeIn(run), what, on })
}

function placeIn({ hostRun, play, applied }: RoleRun): { host: string; play: string; role: string } {
  return { host: hostRun.host.name, play, role: applied.definition.name }
}

/** The host's connection, each of its scripts told of. */
function traced(
  run: RoleRun,
  purpose: ScriptReport['purpose'],
  resource?: () => string | undefined,
): Connection {
  return tap(run.hostRun.connection, {
    at: placeIn(run),
    purpose,
    emit: run.emit,
    ...(resource && { resource }),
  })
}

async function apply(
  run: RoleRun,
  resources: readonly Resource[],
  step: (text: string) => void,
): Promise<{ changed: boolean }> {
  const { host, predicted } = run.hostRun
  const scope = scopes.getStore()
  let current: string | undefined
  const { name: role } = run.applied.definition
  const check = run.mode === 'check'
  if (scope?.trial === undefined) {
    run.proceed()
    step('observing')
  }
  const connection = traced(run, 'change', () => current)
  let made = 0
  const options: ConvergeOptions = {
    diff: run.diff,
    observer: traced(run, 'observe'),
    ...(scope?.trial !== undefined
      ? { check: true, knowledge: scope.trial }
      : {
          check,
          ...(check && { knowledge: predicted }),
          proceed: run.mayChange,
          review: ({ resource, ...found }) => {
            const { change, after } = found
            const at = { ...placeIn(run), resource: label(resource) }
            if (change === undefined && after !== undefined) run.emit({ type: 'unknown', ...at, after })
            run.review?.({ ...at, ...found, ...(elected.getStore() && { once: true }) })
          },
          onStep: (resource) => {
            current = label(resource)
            step(current)
          },
          onChange: (resource, { summary, diff }, after) => {
            made += 1
            run.emit({
              type: 'change',
              change: {
                host: host.name,
                play: run.play,
                role,
                resource: label(resource),
                summary,
                ...(diff && { diff }),
                ...(after !== undefined && { after }),
                ...(scope?.max !== undefined && { turn: scope.max }),
              },
            })
          },
        }),
  }
  // Desired state can be applied again: a host that was lost in the middle and came back is observed anew.
  const result = await run.hostRun.connection.retrying(() => converge(connection, resources, options))
  if (scope?.trial === undefined) run.emit({ type: 'ok', host: host.name, count: result.ok })
  if (scope !== undefined) {
    scope.ok += result.ok
    scope.changes += result.changes
  }
  if (scope?.trial === undefined && result.changes > 0) step('')
  return { changed: made > 0 || result.changes > 0 }
}

async function rolling(
  run: RoleRun,
  context: RoleContext<never>,
  work: () => Promise<unknown>,
  { max = 1, disturbs = async () => true, gate, healthy }: GateOptions,
  key: string,
  step: (text: string) => void,
): Promise<void> {
  if (run.mode === 'check') {
    if (!(await disturbs())) return void (await work())
    const scope: Scope = { max, ok: 0, changes: 0 }
    await scopes.run(scope, work)
    // What a real run would refuse, check has to refuse as well.
    if (scope.changes > 0) await gate?.()
    return
  }
  const trial: Scope = { trial: new Knowledge(), ok: 0, changes: 0 }
  await scopes.run(trial, work)
  const { host } = run.hostRun
  if (trial.changes === 0) return run.emit({ type: 'ok', host: host.name, count: trial.ok })
  if (!(await disturbs())) return void (await work())
  const turn = async () => {
    go()
    run.proceed()
    await run.mayDisturb?.()
    await gate?.()
    await work()
    step('checking health before the next turn')
    await (healthy ?? (() => run.applied.definition.verify?.(context)))()
  }
  const go = waiting(run, 'its turn', run.coordination.before(key, max))
  try {
    await run.coordination.takeTurn(key, host.name, max, () => scopes.run({ ok: 0, changes: 0 }, turn))
  } finally {
    go()
  }
}

/** Keys that are the same on every host: the n-th call of that name. */
function keyMaker(): (name: string) => string {
  const calls = new Map<string, number>()
  return (name) => {
    const call = (calls.get(name) ?? 0) + 1
    calls.set(name, call)
    return `${name} ${call}`
  }
}

function refuseInTurn(what: string): void {
  if (scopes.getStore() !== undefined) {
    throw new Error(
      `${what}() inside of rolling() would wait for hosts that wait for this one: call it before the turn`,
    )
  }
}
