import { setTimeout as sleep } from 'node:timers/promises'
import { UnreachableError } from '../errors.ts'
import { commandSocket, type WayThrough } from './proxy-command.ts'
import { type ConnectionSettings, type ConnectOptions, DEFAULT_PORT } from './settings.ts'
import { SshClient } from './ssh-client.ts'
import { inTurn, turnedAway } from './startups.ts'

const FIRST_WAIT_MS = 100
const LONGEST_WAIT_MS = 1000
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
  const door = endpoint(settings)
  let turnedAwaySince: number | undefined
  for (let attempt = 0; ; attempt++) {
    const outcome = await inTurn(door, () => tryOpen(settings, options))
    if ('client' in outcome) return outcome
    turnedAwaySince ??= performance.now()
    const waited = (performance.now() - turnedAwaySince) / 1000
    if (!outcome.turnedAway || waited >= outcome.patience) throw outcome.error
    turnedAway(door)
    // Not all at the same time again.
    await sleep(Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt) * (0.5 + Math.random()))
  }
}

interface Refusal {
  readonly error: unknown
  /** Whether the server only had too many callers. */
  readonly turnedAway: boolean
  /** Seconds. */
  readonly patience: number
}

async function tryOpen(settings: ConnectionSettings, options: ConnectOptions): Promise<OpenSsh | Refusal> {
  const client = new SshClient(settings, options)
  const way = await openWay(settings, options)
  const release = () => {
    client.hangUp()
    way?.release()
  }
  try {
    await client.connect(way?.socket)
    return { client, release }
  } catch (error) {
    const said = (await way?.said?.()) ?? ''
    release()
    return {
      error: withComplaint(error, said),
      turnedAway: client.turnedAway && (way?.said === undefined || TURNED_AWAY.test(said)),
      patience: client.timeoutSeconds,
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

function endpoint({ host, port = DEFAULT_PORT }: ConnectionSettings): string {
  return `${host} ${port}`
}
