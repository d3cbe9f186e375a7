import { QuorateError, UnreachableError } from '../errors.ts'

export interface GateOptions {
  /** How many hosts may have their turn at the same time. Default: 1. */
  readonly max?: number
  /**
   * Whether anybody relies on what the work touches on this host; asked where something is to change. A host that
   * nobody relies on needs no turn, and its health is left to `verify`. Default: somebody does.
   */
  readonly disturbs?: () => Promise<boolean>
  /** Asked right before a turn: throws a QuorateError that says why this host must not be disturbed now. Default: none. */
  readonly gate?: () => Promise<unknown>
  /** Must not throw before the next turn begins. Default: the role's verify. */
  readonly healthy?: () => Promise<unknown>
}

interface Meeting {
  readonly values: Map<string, unknown>
  readonly open: (values: ReadonlyMap<string, unknown>) => void
  readonly opened: Promise<ReadonlyMap<string, unknown>>
}

interface Election {
  leader: string | undefined
  readonly waiting: Map<string, () => void>
  outcome?: { readonly value?: unknown; readonly error?: unknown }
}

interface Roll {
  readonly running: Set<string>
  readonly queue: { readonly host: string; readonly wake: () => void }[]
  failure?: string
}

/** A host was kept from its turn because an earlier one failed: it has not been touched. */
export class RollStopped extends QuorateError {}

/** Lets the hosts of a play wait for each other. A host that fails leaves, so nobody waits for it. */
export class Coordination {
  readonly #hosts: Set<string>
  readonly #meetings = new Map<string, Meeting>()
  readonly #elections = new Map<string, Election>()
  readonly #rolls = new Map<string, Roll>()

  constructor(hosts: Iterable<string>) {
    this.#hosts = new Set(hosts)
  }

  /** Takes a failed host out of all that others wait for. */
  leave(host: string): void {
    this.#hosts.delete(host)
    for (const meeting of this.#meetings.values()) {
      meeting.values.delete(host)
      this.#openIfComplete(meeting)
    }
  }

  /** Whom `everyone` would keep this host waiting for. */
  missing(key: string, host: string): string[] {
    const values = this.#meetings.get(key)?.values
    return [...this.#hosts].filter((other) => other !== host && !values?.has(other))
  }

  /** Whom `once` would keep this host waiting for. */
  working(key: string): string[] {
    const { leader, outcome } = this.#elections.get(key) ?? {}
    return leader === undefined || outcome !== undefined ? [] : [leader]
  }

  /** Whom `takeTurn` would keep this host waiting for: those that have theirs, and those that come first. */
  before(key: string, max: number): string[] {
    const { running = new Set<string>(), queue = [] } = this.#rolls.get(key) ?? {}
    return running.size < max ? [] : [...running, ...queue.map(({ host }) => host)]
  }

  /** Resolves once every host that has not left has come, to what each brought. */
  everyone(key: string, host: string, value: unknown): Promise<ReadonlyMap<string, unknown>> {
    const meeting = this.#meetings.get(key) ?? newMeeting()
    this.#meetings.set(key, meeting)
    meeting.values.set(host, value)
    this.#openIfComplete(meeting)
    return meeting.opened
  }

  /** The first host to come works, all get its result; where its connection is lost the next one tries. */
  async once(key: string, host: string, work: () => Promise<unknown>): Promise<unknown> {
    const election: Election = this.#elections.get(key) ?? { leader: undefined, waiting: new Map() }
    this.#elections.set(key, election)
    while (election.outcome === undefined && election.leader !== undefined) {
      await new Promise<void>((resolve) => election.waiting.set(host, resolve))
    }
    if (election.outcome === undefined) await lead(election, host, work)
    const { value, error } = election.outcome as NonNullable<Election['outcome']>
    if (error !== undefined) throw error
    return value
  }

  /**
   * Runs `turn` when it is this host's, at most `max` at a time.
   *
   * @throws RollStopped where an earlier turn failed.
   */
  async takeTurn(key: string, host: string, max: number, turn: () => Promise<void>): Promise<void> {
    const roll: Roll = this.#rolls.get(key) ?? { running: new Set(), queue: [] }
    this.#rolls.set(key, roll)
    if (roll.running.size >= max) await new Promise<void>((wake) => roll.queue.push({ host, wake }))
    else roll.running.add(host)
    try {
      if (roll.failure !== undefined)
        throw new RollStopped(`not touched: the roll stopped because ${roll.failure}`)
      await turn()
    } catch (error) {
      roll.failure ??= `${host} failed: ${error instanceof Error ? error.message : String(error)}`
      throw error
    } finally {
      roll.running.delete(host)
      const next = roll.queue.shift()
      if (next !== undefined) {
        roll.running.add(next.host)
        next.wake()
      }
    }
  }

  #openIfComplete(meeting: Meeting): void {
    const hosts = [...this.#hosts]
    if (hosts.every((host) => meeting.values.has(host))) {
      meeting.open(new Map(hosts.map((host) => [host, meeting.values.get(host)])))
    }
  }
}

async function lead(election: Election, host: string, work: () => Promise<unknown>): Promise<void> {
  election.leader = host
  try {
    election.outcome = { value: await work() }
  } catch (error) {
    // A lost host says nothing about the work: any other healthy host may do it.
    if (error instanceof UnreachableError) throw error
    election.outcome = { error }
  } finally {
    election.leader = undefined
    for (const wake of election.waiting.values()) wake()
    election.waiting.clear()
  }
}

function newMeeting(): Meeting {
  let open: Meeting['open'] = () => {}
  const opened = new Promise<ReadonlyMap<string, unknown>>((resolve) => {
    open = resolve
  })
  return { values: new Map(), open, opened }
}
