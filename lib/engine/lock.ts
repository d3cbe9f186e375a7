import { QuorateError, UnreachableError } from '../errors.ts'
import type { Connection } from '../transport/connection.ts'
import { pause } from './interruption.ts'
import { type LockAnswer, type LockOptions, lockScript, parseLockAnswer } from './lock-script.ts'

const RACE_ATTEMPTS = 5

/** Other runs change some of the hosts. */
export class LockedError extends QuorateError {}

type Busy = Extract<LockAnswer, { state: 'busy' }>

/** One host's lock. */
export async function takeLock(connection: Connection, options: LockOptions): Promise<LockAnswer> {
  const { stdout, stderr } = await connection.run(lockScript(options))
  return parseLockAnswer(stdout.toString(), stderr.toString())
}

/** What `takeLocks` needs to know of a host. */
export interface LockedHost {
  readonly options: LockOptions
  readonly connection: Connection
}

/**
 * The locks of all hosts, or none: a run that is refused one must end, which frees the others. Two runs that begin at
 * the same moment may each get a part; the one that has the first name of all waits for the other to give up.
 *
 * @param warn Told of hosts that know no locks.
 * @returns who has the locks that were refused.
 */
export async function takeLocks(
  hosts: readonly LockedHost[],
  warn: (host: string, message: string) => void,
): Promise<ReadonlyMap<string, Busy>> {
  const first = hosts.map(({ options }) => options.host).sort()[0]
  let open = hosts
  let busy = new Map<string, Busy>()
  for (let attempt = 1; attempt <= RACE_ATTEMPTS; attempt += 1) {
    busy = await ask(open, warn)
    if (busy.size === 0 || first === undefined || busy.has(first)) break
    open = open.filter(({ options }) => busy.has(options.host))
    await pause(1)
  }
  return busy
}

async function ask(
  hosts: readonly LockedHost[],
  warn: (host: string, message: string) => void,
): Promise<Map<string, Busy>> {
  const busy = new Map<string, Busy>()
  await Promise.all(
    hosts.map(async ({ connection, options }) => {
      const answer = await takeLock(connection, options).catch((error) => {
        // Whoever talks to it next finds that it is lost, and takes the lock when it comes back.
        if (error instanceof UnreachableError) return { state: 'held' } as const
        throw error
      })
      if (answer.state === 'busy') busy.set(options.host, answer)
      if (answer.state === 'unknown') {
        warn(options.host, `not locked against other runs: ${answer.reason}`)
      }
    }),
  )
  return busy
}

/** `m1, m2: in use by another run: HA cluster by root@control, pid 4711, for 3 min` */
export function refusal(busy: ReadonlyMap<string, Busy>): LockedError {
  const holders = new Map<string, { hosts: string[]; seconds: number }>()
  for (const [host, { who, what, seconds }] of busy) {
    const holder = holders.get(`${what} by ${who}`) ?? { hosts: [], seconds: 0 }
    holders.set(`${what} by ${who}`, {
      hosts: [...holder.hosts, host],
      seconds: Math.max(holder.seconds, seconds),
    })
  }
  const told = [...holders].map(
    ([name, { hosts, seconds }]) =>
      `${hosts.sort().join(', ')}: in use by another run: ${name}, for ${age(seconds)}`,
  )
  return new LockedError(`${told.join('; ')}; nothing was changed`, {
    hint: 'wait until it has ended; --force-unlock ends what it runs on the hosts and takes over',
  })
}

function age(seconds: number): string {
  if (seconds < 120) return `${seconds} s`
  return seconds < 7200 ? `${Math.floor(seconds / 60)} min` : `${Math.floor(seconds / 3600)} h`
}
