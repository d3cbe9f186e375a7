import { userInfo } from 'node:os'
import type { Duplex } from 'node:stream'
import type { Client, ClientChannel, ConnectConfig } from 'ssh2'
import { type QuorateError, UnreachableError } from '../errors.ts'
import { quote } from '../quote.ts'
import { HostKeyCheck } from './host-key-check.ts'
import type { HostProcess } from './host-process.ts'
import { afterRunning } from './running-time.ts'
import {
  type ConnectionSettings,
  type ConnectOptions,
  DEFAULT_PORT,
  DEFAULT_TIMEOUT_SECONDS,
} from './settings.ts'
import { SshAuthentication } from './ssh-authentication.ts'
import { connectFailure, lostFailure } from './ssh-failures.ts'

const NO_ROOM = 2
const GOODBYE_MS = 1000

/** One ssh connection, and the programs that run over it. */
export class SshClient {
  /** For messages. */
  readonly name: string
  readonly user: string
  readonly timeoutSeconds: number
  /** Why the connection is gone; undefined while it is there. */
  lost: QuorateError | undefined
  /** The server ended the connection before it said who it is: it may have too many callers (MaxStartups). */
  turnedAway = false
  readonly #settings: ConnectionSettings
  readonly #options: ConnectOptions
  #client: Client | undefined

  constructor(settings: ConnectionSettings, options: ConnectOptions) {
    this.#settings = settings
    this.#options = options
    this.name = options.name
    this.user = settings.user ?? userInfo().username
    this.timeoutSeconds = options.timeoutSeconds ?? settings.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS
  }

  /** @param socket Leads to the host's sshd. Default: a TCP connection of our own. */
  async connect(socket?: Duplex): Promise<void> {
    const { Client } = (await import('ssh2')).default
    const { host, port = DEFAULT_PORT } = this.#settings
    const hostKey = new HostKeyCheck(this.#settings, this.#options)
    const authentication = await SshAuthentication.prepare(
      { ...this.#settings, user: this.user },
      this.#options.name,
    )
    const client = new Client()
    this.#client = client
    await new Promise<void>((resolve, reject) => {
      let isGreeted = false
      const stopWaiting = afterRunning(this.timeoutSeconds, () =>
        fail(Object.assign(new Error('Timed out while waiting for handshake'), { level: 'client-timeout' })),
      )
      const fail = (error: Error) => {
        // The agent is one of several ways in: without it the next one is tried.
        if ((error as SshError).level === 'agent') return authentication.agentFailed(error)
        stopWaiting()
        client.destroy()
        const place = { name: this.#options.name, host, port, timeoutSeconds: this.timeoutSeconds }
        this.turnedAway = !isGreeted && hostKey.refusal === undefined && isHangUp(error)
        reject(hostKey.refusal ?? connectFailure(error, place, authentication))
      }
      client.on('error', fail)
      client.once('close', () => fail(new Error('the connection was closed')))
      client.once('handshake', () => {
        isGreeted = true
      })
      client.once('ready', () => {
        stopWaiting()
        client.removeAllListeners()
        this.#watch(client)
        resolve()
      })
      // What is in between may have ended already, and ssh2 would wait for it.
      if (socket?.destroyed) return fail(new Error('the connection was closed'))
      client.connect(this.#connectConfig(hostKey, authentication, socket))
    })
  }

  #connectConfig(
    hostKey: HostKeyCheck,
    authentication: SshAuthentication,
    socket: Duplex | undefined,
  ): ConnectConfig {
    const { host, port = DEFAULT_PORT, config } = this.#settings
    return {
      ...(socket === undefined ? { host, port } : { sock: socket as NonNullable<ConnectConfig['sock']> }),
      ...(config?.family === 4 && { forceIPv4: true }),
      ...(config?.family === 6 && { forceIPv6: true }),
      username: this.user,
      // Ours: see afterRunning.
      readyTimeout: 0,
      keepaliveInterval: 10_000,
      keepaliveCountMax: 3,
      hostVerifier: (key: Buffer) => hostKey.accepts(key),
      algorithms: { serverHostKey: { prepend: hostKey.preferredAlgorithms(), append: [], remove: [] } },
      authHandler: (offered, _partial, next) => authentication.next(offered, next),
    }
  }

  /** A stream to another host, as this one sees it. */
  forward(host: string, port: number): Promise<Duplex> {
    return new Promise((resolve, reject) => {
      if (this.lost !== undefined || this.#client === undefined) return reject(this.lost)
      this.#client.forwardOut('127.0.0.1', 0, host, port, (error, channel) => {
        if (error) reject(new UnreachableError(`${this.#options.name}: ${error.message}`, { cause: error }))
        else resolve(channel)
      })
    })
  }

  /** Runs a program in a channel of its own; rejects with an error that `isNoRoom` knows where the server has none. */
  async start(argv: readonly string[]): Promise<HostProcess> {
    return this.#processOf(await this.#exec(`exec ${argv.map(quote).join(' ')}`))
  }

  hangUp(): void {
    this.lost ??= new UnreachableError(`the connection to ${this.#options.name} was closed`)
    this.#client?.end()
    // A host that does not answer any more will not say goodbye either.
    setTimeout(() => this.#client?.destroy(), GOODBYE_MS).unref()
  }

  #watch(client: Client): void {
    // Nagle's algorithm would hold every short script back until the last answer is acknowledged.
    client.setNoDelay(true)
    const lose = (error?: Error) => {
      this.lost ??= lostFailure(this.#options.name, error)
    }
    client.on('error', lose)
    client.once('close', () => lose())
  }

  #exec(command: string): Promise<ClientChannel> {
    return new Promise((resolve, reject) => {
      if (this.lost !== undefined || this.#client === undefined) return reject(this.lost)
      const gone = () => reject(this.lost ?? lostFailure(this.#options.name))
      this.#client.once('close', gone)
      this.#client.exec(command, (error, channel) => {
        this.#client?.off('close', gone)
        if (error) reject(error)
        else resolve(channel)
      })
    })
  }

  #processOf(channel: ClientChannel): HostProcess {
    let code: number | undefined
    channel.on('exit', (status: number | null) => {
      code = status ?? undefined
    })
    channel.on('error', () => {})
    let hungUp = () => {}
    const ended = new Promise<number | undefined>((resolve) => {
      // What had arrived before the connection broke is delivered first.
      hungUp = () => setImmediate(resolve, undefined)
      this.#client?.once('close', hungUp)
      channel.once('close', () => {
        this.#client?.off('close', hungUp)
        resolve(code)
      })
    })
    const destroy = () => {
      channel.close()
      hungUp()
    }
    return { stdin: channel, stdout: channel, stderr: channel.stderr, ended, destroy }
  }
}

/** Whether the server refused a channel for want of room. */
export function isNoRoom(error: unknown): boolean {
  return (error as SshError | undefined)?.reason === NO_ROOM
}

function isHangUp(error: Error): boolean {
  const { code = '' } = error as SshError
  return ['ECONNRESET', 'EPIPE'].includes(code) || /before handshake|was closed/.test(error.message)
}

interface SshError extends Error {
  readonly level?: string
  readonly code?: string
  readonly reason?: number
}
