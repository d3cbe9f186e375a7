import type { Place } from '../errors.ts'
import type { Facts } from '../transport/connection.ts'
import type { Diff } from './resource.ts'

/** A change that was made, or in check mode would be made. */
export interface ChangeReport {
  readonly host: string
  readonly play: string
  readonly role: string
  /** `file /etc/haproxy/haproxy.cfg` */
  readonly resource: string
  readonly summary: string
  readonly diff?: Diff
  /** In check mode: the earlier change that has to happen before this one can be known for sure. */
  readonly after?: string
  /** In check mode: a change that hosts make in turns, this many at the same time. */
  readonly turn?: number
}

/** In check mode: a resource that is as desired as far as can be seen. */
export interface UnknownReport {
  readonly host: string
  readonly play: string
  readonly role: string
  readonly resource: string
  /** The change that has to happen before it is known whether something differs. */
  readonly after: string
}

/** Why a host stopped. */
export interface FailureReport {
  readonly host: string
  readonly play: string
  readonly role?: string
  readonly resource?: string
  readonly place?: Place
  readonly message: string
  readonly hint?: string
  /** The last lines of the failed script's stderr. */
  readonly stderr?: string
  readonly rc?: number
  readonly unreachable: boolean
}

/** A group of the inventory. */
export interface GroupReport {
  readonly name: string
  readonly hosts: readonly string[]
}

/** A host can do nothing until others have. */
export interface WaitReport {
  readonly host: string
  readonly play: string
  readonly role: string
  /** `its turn`, `everyone: converged`, `once: join token`. */
  readonly what: string
  /** The hosts that it waited for when the wait began. */
  readonly on: readonly string[]
}

/** What a script that changes the host has just printed: whole lines, without the last line break. */
export interface OutputReport {
  readonly host: string
  readonly play: string
  readonly role: string
  /** Absent where the script belongs to none: a role's own work. */
  readonly resource?: string
  readonly stream: 'stdout' | 'stderr'
  readonly text: string
}

/** A script that has run on a host. What it printed is not in here: a query may have read what is secret. */
export interface ScriptReport {
  readonly host: string
  readonly play: string
  readonly role: string
  /** Of the script that changes something: for which resource. */
  readonly resource?: string
  readonly purpose: 'observe' | 'change' | 'query'
  readonly script: string
  readonly rc: number
  readonly seconds: number
}

/** Everything that a run tells: the only thing that renderers read. */
export type RunEvent =
  | {
      readonly type: 'runStart'
      readonly playbook: string
      readonly mode: RunMode
      readonly hosts: readonly string[]
      /** The groups that these hosts are in, with those of their members that take part. Default: not told. */
      readonly groups?: readonly GroupReport[]
    }
  | {
      readonly type: 'playStart'
      readonly play: string
      readonly hosts: readonly string[]
      /** With `serial`: the hosts that run at the same time, in the order in which they come. */
      readonly batches?: readonly (readonly string[])[]
    }
  | { readonly type: 'playEnd'; readonly play: string }
  /** A host is connected: what it is. */
  | { readonly type: 'facts'; readonly host: string; readonly facts: Facts }
  /** What a host is doing now: `connecting`, `etcd: file /etc/etcd/etcd.yml`. */
  | {
      readonly type: 'step'
      readonly host: string
      readonly play: string
      readonly step: string
      /** Of `connecting`: the way to the host, and who we are there. */
      readonly route?: string
    }
  | ({ readonly type: 'wait' } & WaitReport)
  /** The wait is over, for better or worse. */
  | ({ readonly type: 'waited'; readonly seconds: number } & WaitReport)
  | ({ readonly type: 'output' } & OutputReport)
  | ({ readonly type: 'script' } & ScriptReport)
  /** Resources that were found as desired. */
  | { readonly type: 'ok'; readonly host: string; readonly count: number }
  | { readonly type: 'change'; readonly change: ChangeReport }
  | ({ readonly type: 'unknown' } & UnknownReport)
  /** What a role's verify found: `VIP 10.0.0.100 is on m2`. */
  | { readonly type: 'verified'; readonly host: string; readonly role: string; readonly message: string }
  | { readonly type: 'warning'; readonly host?: string; readonly message: string }
  | { readonly type: 'failed'; readonly failure: FailureReport }
  /** The host has done all that the play asks of it. */
  | { readonly type: 'hostDone'; readonly host: string; readonly play: string }
  | {
      readonly type: 'runEnd'
      readonly recap: readonly HostRecap[]
      readonly seconds: number
      readonly interrupted: boolean
    }

/** `apply` changes hosts, `check` only tells what it would change, `verify` only asks the roles whether all is well. */
export type RunMode = 'apply' | 'check' | 'verify'

/** One host's line of the closing table. */
export interface HostRecap {
  readonly host: string
  readonly ok: number
  readonly changed: number
  readonly failed: number
  readonly unreachable: boolean
  readonly seconds: number
}

/** Takes the events of a run and shows them. */
export interface Reporter {
  event(event: RunEvent): void
  /** Waits until everything is shown. */
  close(): Promise<void>
}
