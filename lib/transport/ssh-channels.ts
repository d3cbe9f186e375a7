import { setTimeout as sleep } from 'node:timers/promises'
import { UnreachableError } from '../errors.ts'
import type { HostProcess } from './host-process.ts'
import { isNoRoom } from './ssh-client.ts'
import type { OpenSsh } from './ssh-open.ts'

// sshd's MaxSessions is 10, and it frees the place of one that has ended late: stay well below, and come back.
const MOST = 4
const FEW_ATTEMPTS = 6
const MANY_ATTEMPTS = 200
const LATE_MS = 50

/**
 * The programs that run over one connection: as many at a time as the server takes. Where it takes no more than the
 * shell that runs as long as the connection (MaxSessions 1), the others get a second connection.
 */
export class SshChannels {
  readonly #ssh: OpenSsh
  readonly #openAnother: () => Promise<OpenSsh>
  readonly #isSecond: boolean
  /** Channels that are open or being opened. */
  #running = 0
  #granted = 0
  readonly #waiting: (() => void)[] = []
  #second: Promise<SshChannels> | undefined

  constructor(ssh: OpenSsh, openAnother: () => Promise<OpenSsh>, isSecond = false) {
    this.#ssh = ssh
    this.#openAnother = openAnother
    this.#isSecond = isSecond
  }

  /** Runs a program in a channel of its own, when there is room for one. */
  async launch(argv: readonly string[]): Promise<HostProcess> {
    const staying = this.#isSecond ? 0 : 1
    for (let late = 1; ; late++) {
      if (this.#second !== undefined) return (await this.#second).launch(argv)
      const process = await this.#tryLaunch(argv)
      if (process !== undefined) return process
      if (this.#granted > staying) await this.#someoneLeaves()
      else if (late < (this.#isSecond ? MANY_ATTEMPTS : FEW_ATTEMPTS)) await sleep(LATE_MS)
      else if (this.#isSecond || this.#granted === 0) throw noChannel(this.#ssh.client.name)
      else this.#second ??= this.#openSecond()
    }
  }

  /** Ends the connection, and the second one. */
  release(): void {
    this.#ssh.release()
    this.#second?.then(
      (second) => second.release(),
      () => {},
    )
  }

  /** Undefined where the server has no room for one more. */
  async #tryLaunch(argv: readonly string[]): Promise<HostProcess | undefined> {
    const { client } = this.#ssh
    while (this.#running >= MOST) await this.#someoneLeaves()
    this.#running++
    try {
      const process = await client.start(argv)
      this.#granted++
      process.ended.then(() => {
        this.#granted--
        this.#leave()
      })
      return process
    } catch (error) {
      this.#leave()
      if (isNoRoom(error)) return undefined
      throw client.lost ?? noChannel(client.name, error as Error)
    }
  }

  async #openSecond(): Promise<SshChannels> {
    try {
      return new SshChannels(await this.#openAnother(), this.#openAnother, true)
    } catch (error) {
      this.#second = undefined
      throw error
    }
  }

  #someoneLeaves(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  #leave(): void {
    this.#running--
    for (const wake of this.#waiting.splice(0)) wake()
  }
}

function noChannel(name: string, cause?: Error): UnreachableError {
  const why = cause?.message ?? 'the server takes no more sessions (MaxSessions)'
  return new UnreachableError(`${name}: cannot open a channel: ${why}`, { cause })
}
