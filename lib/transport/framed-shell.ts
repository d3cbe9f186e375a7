import { randomBytes } from 'node:crypto'
import type { QuorateError } from '../errors.ts'
import type { RunAllOptions, RunOptions, ScriptResult } from './connection.ts'
import { type FrameTemplate, guardedFrame, plainFrame, SKIPPED, START_GROUP } from './frame.ts'
import { FrameReader } from './frame-reader.ts'
import type { HostProcess } from './host-process.ts'

// A host looks every so often whether we live; we are a bit faster.
const BEAT_SHARE = 0.6
// What waits behind a running script must fit into a pipe: who forwards it would get stuck, and look dead.
const WINDOW = 32 * 1024
// Small frames share a packet; a large one is written on its own.
const WRITE_SIZE = 32 * 1024

/**
 * One long-lived `sh` that reads scripts from its stdin. Scripts are sent without waiting for the ones before
 * them; each runs in a subshell of its own, and a marker on both output streams tells where its output ends.
 */
export class FramedShell {
  readonly #process: HostProcess
  readonly #nonce = randomBytes(16).toString('hex')
  readonly #stdout = new FrameReader()
  readonly #stderr = new FrameReader()
  readonly #pending = new Set<Frame>()
  readonly #queue: Text[] = []
  readonly #beat: NodeJS.Timeout
  /** Bytes of frames that were sent and have not ended. */
  #outstanding = 0
  #sequence = 0
  #blocked = false
  #closed: QuorateError | undefined

  /**
   * @param closed Resolves with the reason when the shell can no longer be used.
   * @param beatSeconds How often the host wants a sign of life.
   */
  constructor(process: HostProcess, closed: Promise<QuorateError>, beatSeconds: number) {
    this.#process = process
    process.stdout.on('data', (chunk: Buffer) => this.#stdout.push(chunk))
    process.stderr.on('data', (chunk: Buffer) => this.#stderr.push(chunk))
    process.stdin.on('drain', () => {
      this.#blocked = false
      this.#flush()
    })
    // An empty line is nothing to a shell, and between two frames there is always one of its lines.
    this.#beat = setInterval(
      () => {
        if (!this.#blocked) process.stdin.write('\n')
      },
      beatSeconds * BEAT_SHARE * 1000,
    ).unref()
    closed.then((reason) => this.#fail(reason))
  }

  async run(script: string, options: RunOptions = {}): Promise<ScriptResult> {
    return (await this.#submit(script, plainFrame, options)) as ScriptResult
  }

  async runAll(scripts: readonly string[], options: RunAllOptions = {}): Promise<ScriptResult[]> {
    const { stopOnError = false, onOutput, onResult } = options
    const template = stopOnError ? guardedFrame : plainFrame
    if (stopOnError) this.#send(START_GROUP)
    const results = await Promise.all(
      scripts.map(async (script, index) => {
        const result = await this.#submit(
          script,
          template,
          onOutput && { onOutput: (chunk, stream) => onOutput(chunk, stream, index) },
        )
        if (result !== undefined) onResult?.(result, index)
        return result
      }),
    )
    return results.filter((result) => result !== undefined)
  }

  /** A frame that the program prints of its own accord when it starts. */
  async expect(tag: string, options: RunOptions = {}): Promise<ScriptResult> {
    return (await this.#await(tag, options)) as ScriptResult
  }

  /** Nothing more to run: the shell on the host is ended, and what it still runs. */
  end(): void {
    clearInterval(this.#beat)
    this.#process.stdin.end()
  }

  #submit(
    script: string,
    template: FrameTemplate,
    options: RunOptions = {},
  ): Promise<ScriptResult | undefined> {
    if (script.includes('\0')) throw new TypeError('a script cannot hold a NUL byte')
    const tag = `${this.#nonce}-${++this.#sequence}`
    const text = template(script, tag)
    const result = this.#await(tag, options)
    this.#send(text, result)
    return result
  }

  #await(tag: string, { onOutput }: RunOptions): Promise<ScriptResult | undefined> {
    if (this.#closed !== undefined) return Promise.reject(this.#closed)
    return new Promise((resolve, reject) => {
      const frame: Frame = { stdout: [], stderr: [], rc: '', open: 2, reject }
      const end = () => {
        if (--frame.open > 0) return
        this.#pending.delete(frame)
        resolve(resultOf(frame))
      }
      const sink = (stream: 'stdout' | 'stderr', done: (trailer: string) => void) => ({
        tag,
        output(chunk: Buffer) {
          frame[stream].push(chunk)
          onOutput?.(chunk, stream)
        },
        end: done,
      })
      this.#pending.add(frame)
      this.#stderr.expect(sink('stderr', end))
      this.#stdout.expect(
        sink('stdout', (rc) => {
          frame.rc = rc
          end()
        }),
      )
    })
  }

  /** @param result Settles when the text has been dealt with. */
  #send(text: string, result?: Promise<unknown>): void {
    const size = Buffer.byteLength(text)
    this.#queue.push({ text, size })
    const done = () => {
      this.#outstanding -= size
      this.#flush()
    }
    if (result === undefined) this.#outstanding -= size
    else result.then(done, () => {})
    // Scripts that are submitted in the same tick travel together.
    if (this.#queue.length === 1) queueMicrotask(() => this.#flush())
  }

  #flush(): void {
    while (this.#queue.length > 0 && !this.#blocked && this.#closed === undefined) {
      const texts: string[] = []
      for (let size = 0; size < WRITE_SIZE && this.#hasRoom(); ) {
        const next = this.#queue.shift() as Text
        texts.push(next.text)
        size += next.size
        this.#outstanding += next.size
      }
      if (texts.length === 0) return
      this.#blocked = !this.#process.stdin.write(texts.join(''))
    }
  }

  /** A frame that is larger than all room goes alone. */
  #hasRoom(): boolean {
    const [next] = this.#queue
    if (next === undefined) return false
    return this.#outstanding <= 0 || this.#outstanding + next.size <= WINDOW
  }

  #fail(reason: QuorateError): void {
    this.#closed = reason
    clearInterval(this.#beat)
    this.#queue.length = 0
    for (const frame of this.#pending) frame.reject(reason)
    this.#pending.clear()
  }
}

interface Text {
  readonly text: string
  readonly size: number
}

interface Frame {
  readonly stdout: Buffer[]
  readonly stderr: Buffer[]
  rc: string
  /** How many of its two streams have not ended. */
  open: number
  readonly reject: (reason: Error) => void
}

function resultOf({ stdout, stderr, rc }: Frame): ScriptResult | undefined {
  if (rc === SKIPPED) return undefined
  return { stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr), rc: Number(rc) }
}
