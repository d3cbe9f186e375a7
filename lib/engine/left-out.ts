import type { Host } from '../inventory/host.ts'
import type { Connection } from '../transport/connection.ts'
import type { RunEvent } from './events.ts'
import { LockedError, takeLock } from './lock.ts'
import type { LockOwner } from './lock-script.ts'

/** What locking hosts that a limit leaves out needs of a run. */
interface Locking {
  readonly connect: (host: Host) => Promise<Connection>
  readonly forks: number
  readonly emit: (event: RunEvent) => void
  readonly lock?: { readonly owner: LockOwner; readonly force: boolean }
}

/**
 * Locks of hosts that a limit leaves out, taken when a host of their play is about to be disturbed: two runs, each limited
 * to another member of a cluster, would both find it healthy, and together cost its quorum.
 */
export class LeftOut {
  readonly #run: Locking
  readonly #locks = new Map<string, Promise<void>>()
  readonly #connections: Connection[] = []

  constructor(run: Locking) {
    this.#run = run
  }

  /** @throws LockedError where another run has one of them; a host that cannot be reached is warned of. */
  async lock(hosts: readonly Host[]): Promise<void> {
    if (this.#run.lock === undefined) return
    const waiting = [...hosts]
    const lockNext = async (): Promise<void> => {
      for (let host = waiting.shift(); host !== undefined; host = waiting.shift()) {
        const lock = this.#locks.get(host.name) ?? this.#lock(host)
        this.#locks.set(host.name, lock)
        await lock
      }
    }
    await Promise.all(Array.from({ length: Math.min(this.#run.forks, hosts.length) }, lockNext))
  }

  /** Frees them. */
  async end(): Promise<void> {
    await Promise.allSettled(this.#locks.values())
    await Promise.allSettled(this.#connections.map((connection) => connection.close()))
  }

  async #lock(host: Host): Promise<void> {
    const { lock, connect } = this.#run
    if (lock === undefined) return
    try {
      const connection = await connect(host)
      this.#connections.push(connection)
      const answer = await takeLock(connection, { ...lock, host: host.name })
      if (answer.state === 'unknown') this.#warn(host, answer.reason)
      if (answer.state !== 'busy') return
      throw new LockedError(`${host.name} is in use by another run, ${answer.what} by ${answer.who}`, {
        hint: 'it is of the same play, though the limit leaves it out, and both at once could cost a quorum: wait until that run has ended',
      })
    } catch (error) {
      if (error instanceof LockedError) throw error
      this.#warn(host, error instanceof Error ? error.message : String(error))
    }
  }

  #warn({ name }: Host, reason: string): void {
    const message = `left out by the limit, and not locked against other runs: ${reason}`
    this.#run.emit({ type: 'warning', host: name, message })
  }
}
