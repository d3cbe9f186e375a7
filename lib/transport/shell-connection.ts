import { randomBytes } from 'node:crypto'
import type { Readable } from 'node:stream'
import { type QuorateError, UnreachableError } from '../errors.ts'
import { becomeFailure, elevate, PasswordPrompt } from './become.ts'
import type { Complaint } from './become-methods.ts'
import { bootstrap, factsStart } from './bootstrap.ts'
import type {
  Connection,
  Facts,
  RunAllOptions,
  RunOptions,
  ScriptResult,
  UploadOptions,
} from './connection.ts'
import { parseFacts } from './facts.ts'
import { FramedShell } from './framed-shell.ts'
import type { HostProcess, Launch } from './host-process.ts'
import { type Become, DEFAULT_HEARTBEAT_SECONDS } from './settings.ts'
import { uploadTo } from './upload.ts'

// What a login script or sudo says is of interest only while it is short.
const NOISE_LIMIT = 8192
const CLOSE_GRACE_MS = 3000

/** What a kind of transport brings along. */
export interface Way {
  readonly name: string
  /** Who we are there before we become anybody else. */
  readonly user: string
  readonly become: Become | undefined
  readonly timeoutSeconds: number
  /** Default: 20. */
  readonly heartbeatSeconds: number | undefined
  readonly launch: Launch
  /** Why the way to the host is gone; undefined while it is there. */
  lost(): QuorateError | undefined
  hangUp(): void
}

/**
 * Starts the shell on the host and learns the facts, in one round trip.
 *
 * @throws UnreachableError when there is no POSIX shell, sudo refuses, or it takes too long.
 */
export async function openShell(way: Way): Promise<Connection> {
  const beat = way.heartbeatSeconds ?? DEFAULT_HEARTBEAT_SECONDS
  const hello = randomBytes(16).toString('hex')
  const { argv, question } = elevate(['sh', '-c', bootstrap(hello, beat)], way)
  const process = await way.launch(argv)
  const password = new PasswordPrompt(process, question, way.become)
  const noise = { stdout: '', stderr: '' }
  let timedOut = false
  let connection: ShellConnection | undefined
  const closed = process.ended.then((rc) => {
    const reason =
      connection?.endReason() ?? startFailure(way, { ...noise, rc, timedOut, complaint: password.complaint })
    return way.lost() ?? reason
  })
  const shell = new FramedShell(process, closed, beat)
  const timer = setTimeout(() => {
    timedOut = true
    process.destroy()
  }, way.timeoutSeconds * 1000)
  const onOutput = (chunk: Buffer, stream: 'stdout' | 'stderr') => {
    if (stream === 'stderr') password.watch(chunk)
    noise[stream] = (noise[stream] + chunk.toString()).slice(-NOISE_LIMIT)
  }
  try {
    const { stdout } = await shell.expect(hello, { onOutput })
    connection = new ShellConnection(way, { process, shell, facts: factsOf(stdout.toString(), hello) })
    return connection
  } finally {
    clearTimeout(timer)
  }
}

class ShellConnection implements Connection {
  readonly facts: Facts
  readonly #way: Way
  readonly #process: HostProcess
  readonly #shell: FramedShell
  #closing = false

  constructor(
    way: Way,
    { process, shell, facts }: { process: HostProcess; shell: FramedShell; facts: Facts },
  ) {
    this.#way = way
    this.#process = process
    this.#shell = shell
    this.facts = facts
  }

  run(script: string, options?: RunOptions): Promise<ScriptResult> {
    return this.#shell.run(script, options)
  }

  runAll(scripts: readonly string[], options?: RunAllOptions): Promise<ScriptResult[]> {
    return this.#shell.runAll(scripts, options)
  }

  upload(source: string | Readable, path: string, options?: UploadOptions): Promise<void> {
    return uploadTo(this.#way, { source, path, mode: options?.mode ?? 0o600 })
  }

  /** Why the shell has ended although the way to the host is still there. */
  endReason(): QuorateError {
    const { name } = this.#way
    if (this.#closing) return new UnreachableError(`the connection to ${name} was closed`)
    return new UnreachableError(
      `the shell on ${name} has ended: was it killed by a script, or for want of memory, or were we suspended?`,
    )
  }

  async close(): Promise<void> {
    this.#closing = true
    this.#shell.end()
    const timer = setTimeout(() => this.#process.destroy(), CLOSE_GRACE_MS)
    await this.#process.ended
    clearTimeout(timer)
    this.#way.hangUp()
  }
}

function factsOf(output: string, hello: string): Facts {
  const start = `\n${factsStart(hello)}\n`
  return parseFacts(output.slice(output.indexOf(start) + start.length))
}

interface Start {
  readonly stdout: string
  readonly stderr: string
  readonly rc: number | undefined
  readonly timedOut: boolean
  readonly complaint: Complaint | undefined
}

function startFailure(way: Way, start: Start): QuorateError {
  const { name, timeoutSeconds } = way
  const { stdout, stderr, rc, timedOut } = start
  const refused = becomeFailure(way, start)
  if (refused !== undefined) return refused
  const said = (stderr.trim() || stdout.trim()).split('\n').slice(-5).join('\n')
  const what = timedOut
    ? `no shell after ${timeoutSeconds} s`
    : `no POSIX shell there (exit code ${rc ?? 'none'})`
  return new UnreachableError(`${name}: ${what}${said === '' ? '' : `: ${said}`}`)
}
