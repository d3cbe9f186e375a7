import type { Host } from '../inventory/host.ts'
import type { Connection } from '../transport/connection.ts'
import type { RunEvent } from './events.ts'
import { failureReport } from './failure.ts'
import { Stopped } from './interruption.ts'
import { Knowledge } from './knowledge.ts'
import { LockedError, refusal, takeLock, takeLocks } from './lock.ts'
import type { LockOwner } from './lock-script.ts'
import type { Recap } from './recap.ts'
import type { HostRun } from './role-run.ts'
import { HostSession } from './session.ts'

const RECONNECT_SECONDS = 60

/** What opening the hosts of a run needs of it. */
export interface Opening {
  readonly connect: (host: Host) => Promise<Connection>
  readonly forks: number
  readonly emit: (event: RunEvent) => void
  readonly lock?: { readonly owner: LockOwner; readonly force: boolean }
  readonly reconnect?: (host: Host) => number | undefined
  readonly route?: (host: Host) => string
  readonly signal: AbortSignal
  readonly recap: Recap
  /** The hosts that are connected, by name. */
  readonly alive: Map<string, HostRun>
  /** Why nothing new may begin. */
  stopped: string | undefined
}

/** Connects to all hosts, as many at a time as the run may; those that cannot be reached are reported and left out. */
export async function openHosts(run: Opening, hosts: readonly Host[]): Promise<void> {
  const waiting = [...hosts]
  const openNext = async (): Promise<void> => {
    for (let host = waiting.shift(); host !== undefined; host = waiting.shift()) {
      if (run.signal.aborted) return
      await openHost(run, host)
    }
  }
  await Promise.all(Array.from({ length: Math.min(run.forks, hosts.length) }, openNext))
}

async function openHost(run: Opening, host: Host): Promise<void> {
  const { name } = host
  const route = run.route?.(host)
  run.emit({ type: 'step', host: name, play: '', step: 'connecting', ...(route && { route }) })
  const started = performance.now()
  try {
    const connection = sessionOf(run, host, await run.connect(host))
    run.alive.set(name, { host, connection, predicted: new Knowledge() })
    run.emit({ type: 'facts', host: name, facts: connection.facts })
  } catch (error) {
    run.emit({ type: 'failed', failure: failureReport(error, { host: name, play: '' }) })
  } finally {
    run.recap.addTime(name, (performance.now() - started) / 1000)
  }
}

function sessionOf(run: Opening, host: Host, connection: Connection): HostSession {
  return new HostSession(connection, {
    reopen: () => reopen(run, host),
    seconds: run.reconnect?.(host) ?? RECONNECT_SECONDS,
    mayGoOn: () => !run.signal.aborted && run.stopped === undefined,
    onLost: ({ message }) =>
      run.emit({ type: 'warning', host: host.name, message: `${message}; waiting for it to come back` }),
  })
}

/** While the host was away another run may have taken it: then it is no longer ours to change. */
async function reopen(run: Opening, host: Host): Promise<Connection> {
  const connection = await run.connect(host)
  if (run.lock === undefined) return connection
  try {
    const answer = await takeLock(connection, { ...run.lock, force: false, host: host.name })
    if (answer.state !== 'busy') return connection
    throw new LockedError(`another run has taken over: ${answer.what} by ${answer.who}`)
  } catch (error) {
    void connection.close()
    throw error
  }
}

/** Takes the locks of all hosts, and stops the run where that is refused. Sent ahead of the first question to each host. */
export async function lockHosts(run: Opening): Promise<void> {
  const { lock } = run
  if (lock === undefined) return
  const hosts = [...run.alive.values()].map(({ host, connection }) => ({
    connection,
    options: { ...lock, host: host.name },
  }))
  try {
    const busy = await takeLocks(hosts, (host, message) => run.emit({ type: 'warning', host, message }))
    if (busy.size === 0) return
    run.stopped ??= 'hosts are in use by another run'
    const [host = ''] = [...busy.keys()].sort()
    run.emit({ type: 'failed', failure: failureReport(refusal(busy), { host, play: '' }) })
  } catch (error) {
    run.stopped ??= 'hosts could not be locked'
    if (error instanceof Stopped) return
    const [host = ''] = run.alive.keys()
    run.emit({ type: 'failed', failure: failureReport(error, { host, play: '' }) })
  }
}
