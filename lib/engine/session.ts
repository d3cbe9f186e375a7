import type { Readable } from 'node:stream'
import { UnreachableError } from '../errors.ts'
import type {
  Connection,
  Facts,
  RunAllOptions,
  RunOptions,
  ScriptResult,
  UploadOptions,
} from '../transport/connection.ts'
import { pause } from './interruption.ts'

/** How often the same work is begun again at most: what ends its own connection must not do so for ever. */
const MOST_RETRIES = 2
const LONGEST_PAUSE_SECONDS = 8

export interface SessionOptions {
  /** A new connection to the same host. Any error but an UnreachableError means that there must not be one. */
  readonly reopen: () => Promise<Connection>
  /** How long a host that was lost may take to come back. */
  readonly seconds: number
  /** Told when the connection is lost, before the first attempt to come back. */
  readonly onLost: (error: UnreachableError) => void
  /** False where nothing new may begin. */
  readonly mayGoOn: () => boolean
}

/** A host for as long as a run needs it: a connection that may be lost, and come back. */
export class HostSession implements Connection {
  #connection: Connection
  #return: Promise<void> | undefined
  #closed = false
  #ended = false
  readonly #options: SessionOptions

  constructor(connection: Connection, options: SessionOptions) {
    this.#connection = connection
    this.#options = options
  }

  get facts(): Facts {
    return this.#connection.facts
  }

  run(script: string, options?: RunOptions): Promise<ScriptResult> {
    return this.#connection.run(script, options)
  }

  runAll(scripts: readonly string[], options?: RunAllOptions): Promise<ScriptResult[]> {
    return this.#connection.runAll(scripts, options)
  }

  upload(source: string | Readable, path: string, options?: UploadOptions): Promise<void> {
    return this.#connection.upload(source, path, options)
  }

  /** Ends what runs on the host; work that may be done again opens a new connection. */
  close(): Promise<void> {
    this.#closed = true
    return this.#connection.close()
  }

  /** Closes for good. */
  end(): Promise<void> {
    this.#ended = true
    return this.close()
  }

  /** Does `work`, which only reads or can be done again: once more where the host was lost in the middle and came back. */
  async retrying<Result>(work: () => Promise<Result>): Promise<Result> {
    for (let retries = 0; ; retries += 1) {
      const connection = this.#connection
      try {
        return await work()
      } catch (error) {
        if (!(error instanceof UnreachableError) || retries === MOST_RETRIES || !this.#mayGoOn()) throw error
        await this.#comeBack(connection, error)
      }
    }
  }

  #mayGoOn(): boolean {
    return !this.#ended && this.#options.mayGoOn()
  }

  /** One attempt for all that was lost together. */
  async #comeBack(lost: Connection, error: UnreachableError): Promise<void> {
    if (this.#connection !== lost) return
    this.#return ??= this.#reopen(error).finally(() => {
      this.#return = undefined
    })
    await this.#return
  }

  async #reopen(lost: UnreachableError): Promise<void> {
    if (!this.#closed) this.#options.onLost(lost)
    void this.#connection.close()
    const end = performance.now() + this.#options.seconds * 1000
    for (let wait = 0.5; ; wait = Math.min(wait * 2, LONGEST_PAUSE_SECONDS)) {
      try {
        this.#connection = await this.#options.reopen()
        this.#closed = false
        return
      } catch (error) {
        if (!(error instanceof UnreachableError)) throw error
        if (performance.now() >= end || !this.#mayGoOn()) throw lost
      }
      await pause(wait)
    }
  }
}
