import type { Readable, Writable } from 'node:stream'

/** A program that runs on a host. */
export interface HostProcess {
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
  /** Its exit code (undefined: a signal or a lost connection), once all of its output was delivered. Never rejects. */
  readonly ended: Promise<number | undefined>
  /** Hangs up: closes our ends of its streams, and waits no longer for it to end. */
  destroy(): void
}

/** Starts a program on a host. Rejects with an UnreachableError when there is no way to it any more. */
export type Launch = (argv: readonly string[]) => Promise<HostProcess>
