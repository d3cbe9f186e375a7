import type { Host } from '../inventory/host.ts'
import type { AppliedRole } from '../role.ts'

/** A play that is ready to run: hosts chosen, every role's variables typed for every host. */
export interface ReadyPlay {
  readonly name: string
  readonly tags: readonly string[]
  readonly hosts: readonly Host[]
  /** Hosts of the play that a limit leaves out. Default: none. */
  readonly leftOut?: readonly Host[]
  readonly roles: readonly ReadyRole[]
  readonly serial: readonly (number | string)[]
  /** Undefined: a failed host is left behind, the others go on. */
  readonly maxFailures: number | string | undefined
}

export interface ReadyRole {
  readonly applied: AppliedRole
  /** Typed variables by host name. */
  readonly vars: ReadonlyMap<string, unknown>
}
