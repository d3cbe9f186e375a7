import type { Connection, RunAllOptions, RunOptions, ScriptResult } from '../transport/connection.ts'
import type { RunEvent, ScriptReport } from './events.ts'
import { LineSplitter } from './line-splitter.ts'

/** Where a script belongs. */
export interface TapOptions {
  readonly at: { readonly host: string; readonly play: string; readonly role: string }
  readonly purpose: ScriptReport['purpose']
  /** The resource that is being worked on, where there is one. Default: none. */
  readonly resource?: () => string | undefined
  readonly emit: (event: RunEvent) => void
}

/**
 * The same connection, but each script is told of with its time, and what a script that changes the host prints is
 * told while it runs. What observations and queries read stays here: it may be secret, and nobody has said so yet.
 */
export function tap(connection: Connection, options: TapOptions): Connection {
  return new Tap(connection, options)
}

class Tap implements Connection {
  readonly #connection: Connection
  readonly #options: TapOptions

  constructor(connection: Connection, options: TapOptions) {
    this.#connection = connection
    this.#options = options
  }

  get facts() {
    return this.#connection.facts
  }

  async run(script: string, options: RunOptions = {}): Promise<ScriptResult> {
    const started = performance.now()
    const lines = this.#lines()
    const result = await this.#connection.run(script, {
      ...options,
      onOutput(chunk, stream) {
        lines?.push(chunk, stream)
        options.onOutput?.(chunk, stream)
      },
    })
    lines?.end()
    this.#tell(script, result, started)
    return result
  }

  runAll(scripts: readonly string[], options: RunAllOptions = {}): Promise<ScriptResult[]> {
    let started = performance.now()
    let lines = this.#lines()
    return this.#connection.runAll(scripts, {
      ...options,
      onOutput: (chunk, stream, index) => {
        lines?.push(chunk, stream)
        options.onOutput?.(chunk, stream, index)
      },
      onResult: (result, index) => {
        lines?.end()
        this.#tell(scripts[index] as string, result, started)
        started = performance.now()
        lines = this.#lines()
        options.onResult?.(result, index)
      },
    })
  }

  upload(...args: Parameters<Connection['upload']>): Promise<void> {
    return this.#connection.upload(...args)
  }

  close(): Promise<void> {
    return this.#connection.close()
  }

  #lines(): LineSplitter | undefined {
    const { at, purpose, emit } = this.#options
    if (purpose !== 'change') return undefined
    return new LineSplitter((text, stream) =>
      emit({ type: 'output', ...at, ...this.#resource(), stream, text }),
    )
  }

  #tell(script: string, { rc }: ScriptResult, started: number): void {
    const { at, purpose, emit } = this.#options
    const seconds = (performance.now() - started) / 1000
    emit({ type: 'script', ...at, ...this.#resource(), purpose, script: withoutContent(script), rc, seconds })
  }

  #resource(): { resource?: string } {
    const resource = this.#options.resource?.()
    return resource === undefined ? {} : { resource }
  }
}

// File contents travel as base64, where no mask can find a secret; digests are left out with them.
const CONTENT = /(?<=printf %s )'?[A-Za-z0-9+/=]+'?(?= \| base64 -d)|[A-Za-z0-9+/=]{48,}/g

/** A script as people read it: of the contents that it carries only how much there is. */
function withoutContent(script: string): string {
  return script.replace(CONTENT, ({ length }) => `(${length} characters)`)
}
