import { type Place, QuorateError } from '../errors.ts'
import type { Connection, ScriptResult } from '../transport/connection.ts'
import { type Contents, Knowledge } from './knowledge.ts'
import type { Change, Need, PlanContext, Resource } from './resource.ts'

export interface ConvergeOptions {
  /** Only tell what would change. Default: false. */
  readonly check?: boolean
  /** Have changes show contents before and after. Default: false. */
  readonly diff?: boolean
  /** What is already known. Default: nothing, so the host is asked. In check mode it carries predictions from one batch to the next. */
  readonly knowledge?: Knowledge
  /** What observes. Default: the connection that changes. */
  readonly observer?: Connection
  /** A change is made (in check mode: would be made, for sure or `after` another change). */
  readonly onChange?: (resource: Resource, change: Change, after: string | undefined) => void
  /**
   * Told each change before it is made, and may throw to keep it and what is pending with it from being made; in check
   * mode also (without a change) what is as desired only as far as can be known.
   */
  readonly review?: (found: Reviewed) => void
  /** Work on a resource begins. */
  readonly onStep?: (resource: Resource) => void
  /** Throws where the run has been told to stop: asked before each thing that changes the host. */
  readonly proceed?: () => void | Promise<void>
}

/** How many resources were as desired, and how many changes were made or would be. */
export interface ConvergeResult {
  readonly ok: number
  readonly changes: number
}

/** A resource could not be brought to its desired state. */
export class ResourceError extends QuorateError {
  readonly resource: string
  readonly place: Place | undefined
  readonly rc: number | undefined
  readonly stderr: string | undefined

  constructor(
    resource: Resource,
    message: string,
    details: { result?: ScriptResult; cause?: unknown; hint?: string } = {},
  ) {
    super(message, details)
    this.resource = label(resource)
    this.place = resource.place
    this.rc = details.result?.rc
    this.stderr = details.result?.stderr.toString()
  }
}

/** What `review` is told. */
export interface Reviewed {
  readonly resource: Resource
  readonly change?: Change
  readonly after?: string
  /** Digests of the files that the plan looked at, by path. */
  readonly before: Contents
}

interface Pending {
  readonly resource: Resource
  readonly change: Change
  readonly before: Contents
}

/**
 * Brings a host to the desired state of `resources`, in order: observes all of them in one round trip, plans, and
 * makes just the changes that are needed. Asks the host again only for what a change has made unknown.
 *
 * @throws ResourceError where a plan is impossible or a change fails; nothing behind it is touched.
 */
export async function converge(
  connection: Connection,
  resources: readonly Resource[],
  options: ConvergeOptions = {},
): Promise<ConvergeResult> {
  const { check = false, knowledge = new Knowledge(), observer = connection } = options
  const context: PlanContext = { facts: connection.facts, diff: options.diff ?? false }
  await knowledge.observe(observer, needsOf(resources, context), { refresh: false })
  const pending: Pending[] = []
  let [ok, changes] = [0, 0]
  for (const [index, resource] of resources.entries()) {
    const needs = resource.needs(context)
    if (!check && isStale(knowledge, needs)) {
      await flush(connection, pending, options)
      await knowledge.observe(observer, needsOf(resources.slice(index), context), { refresh: true })
    }
    const after = needs.map((need) => knowledge.staleAfter(need)).find((cause) => cause !== undefined)
    const before = options.review === undefined ? [] : knowledge.contents(needs)
    const planned = plan(resource, knowledge, context, after)
    for (const change of planned) {
      knowledge.learn(change.effects, label(resource))
      if (check) {
        options.review?.({ resource, change, before, ...(after !== undefined && { after }) })
        options.onChange?.(resource, change, after)
      } else pending.push({ resource, change, before })
    }
    if (planned.length === 0) {
      ok += 1
      if (check && after !== undefined) options.review?.({ resource, after, before })
    }
    changes += planned.length
  }
  await flush(connection, pending, options)
  return { ok, changes }
}

/** `file /etc/hosts`: a resource as people read it. */
export function label(resource: Resource): string {
  return `${resource.kind} ${resource.name}`
}

function needsOf(resources: readonly Resource[], context: PlanContext): Need[] {
  return resources.flatMap((resource) => resource.needs(context))
}

function isStale(knowledge: Knowledge, needs: readonly Need[]): boolean {
  return needs.some((need) => knowledge.staleAfter(need) !== undefined)
}

function plan(
  resource: Resource,
  knowledge: Knowledge,
  context: PlanContext,
  after: string | undefined,
): readonly Change[] {
  try {
    return resource.plan(knowledge, context)
  } catch (error) {
    if (!(error instanceof QuorateError)) throw error
    if (after === undefined) {
      throw new ResourceError(resource, error.message, {
        cause: error,
        ...(error.hint && { hint: error.hint }),
      })
    }
    // What is in the way now may be gone once the earlier change is made: not a failure, but not known either.
    const content = context.diff ? resource.preview?.() : undefined
    return [
      {
        summary: `cannot be planned yet (${error.message})`,
        ...(content !== undefined && { diff: { before: '', after: content } }),
        action: '',
        effects: {},
      },
    ]
  }
}

/** Makes the pending changes: scripts of one stretch travel together, in one round trip. */
async function flush(connection: Connection, pending: Pending[], options: ConvergeOptions): Promise<void> {
  for (const each of pending) options.review?.(each)
  while (pending.length > 0) {
    await options.proceed?.()
    const first = pending[0] as Pending
    options.onStep?.(first.resource)
    if (typeof first.change.action === 'function') {
      await runAction(connection, first, first.change.action)
      options.onChange?.(first.resource, first.change, undefined)
      pending.shift()
      continue
    }
    const end = pending.findIndex(({ change }) => typeof change.action === 'function')
    await runScripts(connection, pending.splice(0, end === -1 ? pending.length : end), options)
  }
}

async function runAction(
  connection: Connection,
  { resource }: Pending,
  action: (connection: Connection) => Promise<void>,
): Promise<void> {
  try {
    await action(connection)
  } catch (error) {
    if (error instanceof QuorateError && error.name === 'QuorateError') {
      throw new ResourceError(resource, error.message, {
        cause: error,
        ...(error.hint && { hint: error.hint }),
      })
    }
    throw error
  }
}

async function runScripts(
  connection: Connection,
  stretch: readonly Pending[],
  options: ConvergeOptions,
): Promise<void> {
  const results = await connection.runAll(
    stretch.map(({ change }) => change.action as string),
    {
      stopOnError: true,
      onResult({ rc }, index) {
        const { resource, change } = stretch[index] as Pending
        if (rc === 0) options.onChange?.(resource, change, undefined)
        const next = stretch[index + 1]
        if (rc === 0 && next !== undefined) options.onStep?.(next.resource)
      },
    },
  )
  const result = results.at(-1) as ScriptResult
  if (result.rc === 0) return
  const { resource, change } = stretch[results.length - 1] as Pending
  throw new ResourceError(resource, `${change.summary}: failed with exit code ${result.rc}`, { result })
}
