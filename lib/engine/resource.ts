import type { Place } from '../errors.ts'
import type { Connection, Facts } from '../transport/connection.ts'

/**
 * A question that a host can be asked for many arguments with one script: `stat` of fifty paths, `dpkg-query` of
 * twenty packages. Resources name the answers they need; the engine asks each question once for all of them.
 */
export interface Probe<Answer> {
  readonly name: string
  /** A read-only script that answers for all arguments. Its exit code is ignored. */
  script(args: readonly string[]): string
  /** One answer for each argument, in the same order. */
  parse(stdout: Buffer, args: readonly string[]): readonly Answer[]
  /** True where any change may alter the answer (the outcome of a command). Default: false. */
  readonly volatile?: boolean
}

/** One answer that a resource needs: the probe, and what it is asked about. */
export interface Need<Answer = unknown> {
  readonly probe: Probe<Answer>
  readonly arg: string
}

/** The answers that were asked for. */
export interface Observed {
  get<Answer>(probe: Probe<Answer>, arg: string): Answer
}

/** What a plan may depend on beside the observed state. */
export interface PlanContext {
  readonly facts: Facts
  /** True where the user wants to see file contents before and after. */
  readonly diff: boolean
}

export interface Diff {
  readonly before: string
  readonly after: string
}

/** What is known of the host once a change is made. */
export interface Effects {
  /** Answers that follow from the change without asking: written content has that digest. */
  readonly known?: readonly (readonly [Need, unknown])[]
  /** The same of all paths below that of the need, asked for or not: a directory that is removed. */
  readonly knownBelow?: readonly (readonly [Need, unknown])[]
  /** Answers that have to be asked again; `everything` where a change may have touched anything (a package's scripts). */
  readonly unknown?: 'everything' | readonly Need[]
}

/** One difference between what is and what should be, and how to remove it. */
export interface Change {
  /** What differs, in a few words: `mode 0600 → 0644`, `install`, `restart: /etc/haproxy/haproxy.cfg changed`. */
  readonly summary: string
  /** Absent where nothing can be shown or the content is secret. */
  readonly diff?: Diff
  /** A script, or what only the control machine can do (fetch, upload). Interrupted anywhere, the next run must be able to finish it. */
  readonly action: string | ((connection: Connection) => Promise<void>)
  readonly effects: Effects
  /** True where the content is a stand-in: the run that makes the change makes its own (a fresh key). Default: false. */
  readonly provisional?: boolean
}

/** Something that can be desired of a host: a value, without any effect until a role applies it. */
export interface Resource {
  /** `file`, `package`, `service`: the name of the function that made it. */
  readonly kind: string
  /** What of that kind: a path, a package, a unit. */
  readonly name: string
  /** Where the role wrote it. */
  readonly place: Place | undefined
  needs(context: PlanContext): readonly Need[]
  /**
   * Pure: what has to change, in order; empty where all is as desired.
   *
   * @throws QuorateError where the desired state cannot be reached, before anything is changed.
   */
  plan(observed: Observed, context: PlanContext): readonly Change[]
  /** What a file will hold, shown where an earlier change has to happen before it can be planned. Default: nothing is shown. */
  preview?(): string | undefined
}
