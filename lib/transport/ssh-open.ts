import { setTimeout as sleep } from 'node:timers/promises'
import { UnreachableError } from '../errors.ts'
import { commandSocket, type WayThrough } from './proxy-command.ts'
import { type ConnectionSettings, type ConnectOptions, DEFAULT_PORT } from './settings.ts'
import { SshClient } from './ssh-client.ts'

// sshd begins to turn callers away when 10 of them have not logged in yet (MaxStartups).
const MOST_STARTUPS = 8
const ATTEMPTS = 6
const FIRST_WAIT_MS = 100
// What ssh(1) says of it, as a ProxyCommand. Other failures would repeat themselves, and count as attempts to log in.
const TURNED_AWAY = /kex_exchange_identification|Exceeded MaxStartups/

/** Logged in to a host, by way of all that its settings put in between. */
export interface OpenSsh {
  readonly client: SshClient
  /** Ends the connection, and what it went through where nobody else goes through it. */
  release(): void
}

/** @throws UnreachableError when the host, or one on the way to it, cannot be reached or does not let us in. */
export async function openSsh(settings: ConnectionSettings, options: ConnectOptions): Promise<OpenSsh> {
  for (let attempt = 1; ; attempt++) {
    const client = new SshClient(settings, options)
    const way = await openWay(settings, options)
    const release = () => {
      client.hangUp()
      way?.release()
    }
    try {
      await inTurn(endpoint(settings), () => client.connect(way?.socket))
      return { client, release }
    } catch (error) {
      const said = way?.said?.() ?? ''
      release()
      const isWorthAnother = client.turnedAway && (way?.said === undefined || TURNED_AWAY.test(said))
      if (!isWorthAnother || attempt === ATTEMPTS) throw withComplaint(error, said)
      await sleep(FIRST_WAIT_MS * 2 ** (attempt - 1) * (0.5 + Math.random()))
    }
  }
}

async function openWay(
  settings: ConnectionSettings,
  options: ConnectOptions,
): Promise<WayThrough | undefined> {
  const { host, port = DEFAULT_PORT, config } = settings
  if (config?.proxyCommand !== undefined) return commandSocket(config.proxyCommand, settings)
  if (config?.jump === undefined) return undefined
  const jump = await shareJump(config.jump, options).catch((error: Error) => {
    throw new UnreachableError(`${options.name}: no way through its jump host: ${error.message}`, {
      cause: error,
      ...(error instanceof UnreachableError && error.hint !== undefined && { hint: error.hint }),
    })
  })
  try {
    return { socket: await jump.client.forward(host, port), release: jump.release }
  } catch (error) {
    jump.release()
    throw new UnreachableError(`${options.name} (${host}:${port}): ${(error as Error).message}`, {
      cause: error,
    })
  }
}

interface Shared {
  readonly opening: Promise<OpenSsh>
  users: number
}

/** What a ProxyCommand said is nearer to the cause than that the stream has ended. */
function withComplaint(error: unknown, said: string): unknown {
  if (said === '' || !(error instanceof UnreachableError)) return error
  const where = error.message.replace(
    /: (Premature close|the connection was closed|Connection lost before handshake)$/,
    '',
  )
  return new UnreachableError(`${where}: its ProxyCommand has ended: ${said}`, { cause: error })
}

const jumps = new Map<string, Shared>()

/** One connection to a jump host serves all that go through it at the same time. */
async function shareJump(settings: ConnectionSettings, options: ConnectOptions): Promise<OpenSsh> {
  const through = { ...options, name: `jump host ${settings.host}` }
  const key = JSON.stringify([settings, through])
  const shared = jumps.get(key) ?? { opening: openSsh(settings, through), users: 0 }
  jumps.set(key, shared)
  shared.users++
  const forget = () => {
    if (jumps.get(key) === shared) jumps.delete(key)
  }
  try {
    const { client, release } = await shared.opening
    if (client.lost !== undefined) throw client.lost
    return {
      client,
      release: once(() => {
        if (--shared.users > 0) return
        forget()
        release()
      }),
    }
  } catch (error) {
    forget()
    throw error
  }
}

function once(run: () => void): () => void {
  let isDone = false
  return () => {
    if (!isDone) run()
    isDone = true
  }
}

const queues = new Map<string, { running: number; waiting: (() => void)[] }>()

/** Runs at most `MOST_STARTUPS` at the same time for one sshd. */
async function inTurn<T>(key: string, run: () => Promise<T>): Promise<T> {
  const queue = queues.get(key) ?? { running: 0, waiting: [] }
  queues.set(key, queue)
  if (queue.running >= MOST_STARTUPS) await new Promise<void>((resolve) => queue.waiting.push(resolve))
  queue.running++
  try {
    return await run()
  } finally {
    queue.running--
    queue.waiting.shift()?.()
    if (queue.running === 0 && queue.waiting.length === 0) queues.delete(key)
  }
}

function endpoint({ host, port = DEFAULT_PORT }: ConnectionSettings): string {
  return `${host} ${port}`
}
