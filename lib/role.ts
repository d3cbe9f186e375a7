import type { z } from 'zod'
import type { GateOptions } from './engine/coordination.ts'
import type { RunMode } from './engine/events.ts'
import { callPlace } from './engine/place.ts'
import type { Query } from './engine/query.ts'
import type { Resource } from './engine/resource.ts'
import type { Place } from './errors.ts'
import type { Host } from './inventory/host.ts'
import type { Facts } from './transport/connection.ts'

/** What `converge` and `verify` of a role work with, on one host. */
export interface RoleContext<Vars> {
  /** The role's variables for this host, checked and typed by its schema. */
  readonly vars: Vars
  readonly host: Host
  /** The hosts that this role runs on in this play (a limit or an earlier failure leaves hosts out). */
  readonly hosts: readonly Host[]
  readonly facts: Facts
  readonly mode: RunMode
  /** True in check mode, where nothing may be changed: `apply` only plans. */
  readonly check: boolean
  /** Brings the host to the desired state of all resources, in order: one round trip where nothing has to change. */
  apply(...resources: readonly Resource[]): Promise<{ readonly changed: boolean }>
  /** Asks the host something; the command must not change anything, it runs in check mode too. */
  readonly query: Query
  /** One healthy host runs `work`; all hosts get its result. If the host is lost in the middle, another one tries. */
  once<Result>(name: string, work: () => Promise<Result>): Promise<Result>
  /** Waits for all hosts that are still healthy, and gives what each brought along. */
  everyone<Result>(name: string, value?: Result): Promise<ReadonlyMap<string, Result>>
  /** Hosts take turns; those with nothing to change, or where it disturbs nobody, take none. */
  rolling(work: () => Promise<unknown>, options?: GateOptions): Promise<void>
  /** Tells the user something that is not an error. */
  warn(message: string): void
}

/** What `preflight` of a role works with: nothing that could change a host. */
export type PreflightContext<Vars> = Omit<RoleContext<Vars>, 'apply' | 'rolling'>

export interface RoleDefinition<Schema extends z.ZodType> {
  /** The role's name; inventory variables are prefixed with it: `haproxy` reads `haproxy_port` as `port`. */
  readonly name: string
  /** One line: what a host has once the role is done. */
  readonly summary: string
  /** What the role can be told. Every field describes itself. */
  readonly vars: Schema
  /**
   * Asks the host before anything is changed on any host of the run, by whichever play; also in check mode. A
   * QuorateError says why the run must not begin. A role that comes several times asks each host once.
   */
  preflight?(context: PreflightContext<z.output<Schema>>): Promise<void>
  converge(context: RoleContext<z.output<Schema>>): Promise<void>
  /** The role's own health check. Returns what it found; throws a QuorateError where something is wrong. */
  verify?(context: RoleContext<z.output<Schema>>): Promise<string | undefined>
}

/** Values given in the playbook; what is left out comes from the inventory or the schema's defaults. */
export type RoleInput<Schema extends z.ZodType> = Partial<z.input<Schema>>

/** A role with the values that a playbook gives it. */
export interface AppliedRole {
  /** Of a lazy role: not before it is loaded. */
  // biome-ignore lint/suspicious/noExplicitAny: plays hold roles of every schema
  readonly definition: RoleDefinition<any>
  /** Reads the code of a lazy role. */
  readonly load?: () => Promise<unknown>
  readonly input: (host: Host) => Readonly<Record<string, unknown>>
  readonly place: Place | undefined
}

/** A role: called in a playbook with its values, or with a function that gives them for each host. */
export interface Role<Schema extends z.ZodType> {
  (input?: RoleInput<Schema> | ((host: Host) => RoleInput<Schema>)): AppliedRole
  readonly definition: RoleDefinition<Schema>
}

/**
 * Makes a role from a schema of its variables and its desired state.
 *
 * @example
 * export const motd = defineRole({
 *   name: 'motd',
 *   summary: 'a message of the day',
 *   vars: z.object({ text: z.string() }),
 *   async converge({ vars, apply }) {
 *     await apply(file('/etc/motd', { content: `${vars.text}\n` }))
 *   },
 * })
 */
export function defineRole<Schema extends z.ZodType>(definition: RoleDefinition<Schema>): Role<Schema> {
  const role = (input: RoleInput<Schema> | ((host: Host) => RoleInput<Schema>) = {}): AppliedRole => ({
    definition,
    input: (typeof input === 'function' ? input : () => input) as AppliedRole['input'],
    place: callPlace(),
  })
  return Object.assign(role, { definition })
}

/** A role whose code is read when a play has it: a playbook that knows of twenty roles starts as fast as one of two. */
export function lazyRole<Schema extends z.ZodType>(load: () => Promise<Role<Schema>>): Role<Schema> {
  let loaded: Role<Schema> | undefined
  const lazy = {
    get definition(): RoleDefinition<Schema> {
      if (loaded === undefined) throw new Error('this role is not loaded yet')
      return loaded.definition
    },
    async load() {
      loaded = await load()
    },
  }
  const role = (input: RoleInput<Schema> | ((host: Host) => RoleInput<Schema>) = {}): AppliedRole =>
    Object.create(lazy, {
      input: { value: typeof input === 'function' ? input : () => input },
      place: { value: callPlace() },
    })
  return Object.defineProperties(role, Object.getOwnPropertyDescriptors(lazy)) as Role<Schema>
}
