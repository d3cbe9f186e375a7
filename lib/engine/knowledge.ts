import type { Connection } from '../transport/connection.ts'
import type { Effects, Need, Observed, Probe } from './resource.ts'

interface Answer {
  value: unknown
  /** The change that made this answer out of date, as people read it: `package haproxy`. */
  staleAfter?: string
}

/** What is known of all that lies below a path, without asking. */
interface Rule extends Answer {
  readonly need: Need
}

/** Digests of files by path. */
export type Contents = readonly (readonly [path: string, sha256: string])[]

/** What is known of one host: answers of probes, and which of them a change has made out of date. */
export class Knowledge implements Observed {
  readonly #answers = new Map<Probe<unknown>, Map<string, Answer>>()
  #below: Rule[] = []
  /** A change after which nothing is sure, not even what was not asked yet. */
  #everythingAfter: string | undefined
  #volatileAfter: string | undefined

  get<A>(probe: Probe<A>, arg: string): A {
    const answer = this.#find({ probe, arg })
    if (answer === undefined)
      throw new Error(`${probe.name} of ${arg} was planned with but not listed in needs()`)
    return answer.value as A
  }

  /** The change that has to happen before this answer can be known; undefined where it is known. */
  staleAfter(need: Need): string | undefined {
    return this.#find(need)?.staleAfter
  }

  /** Of those answers that hold the digest of a file's content. */
  contents(needs: readonly Need[]): Contents {
    return needs.flatMap((need): [string, string][] => {
      const sha256 = digestIn(this.#find(need)?.value)
      return sha256 === undefined ? [] : [[need.arg, sha256]]
    })
  }

  /** Asks the host for all of `needs` that are unknown or (with `refresh`) out of date: one round trip, one script a probe. */
  async observe(
    connection: Connection,
    needs: readonly Need[],
    { refresh }: { refresh: boolean },
  ): Promise<void> {
    const questions = this.#open(needs, refresh)
    if (questions.length === 0) return
    const results = await connection.runAll(questions.map(({ probe, args }) => probe.script(args)))
    if (refresh) this.#below = []
    questions.forEach(({ probe, args }, index) => {
      const answers = probe.parse(results[index]?.stdout ?? Buffer.alloc(0), args)
      for (const [position, arg] of args.entries()) {
        const ruled = this.#below.findLast(({ need }) => isBelow({ probe, arg }, need))
        this.#set({ probe, arg }, ruled ? { ...ruled } : this.#fresh(probe, answers[position], refresh))
      }
    })
    if (refresh) this.#everythingAfter = this.#volatileAfter = undefined
  }

  /** Takes over what a change has made known and unknown. */
  learn(effects: Effects, cause: string): void {
    if (effects.unknown === 'everything') {
      this.#everythingAfter = cause
      for (const answers of this.#answers.values())
        for (const answer of answers.values()) answer.staleAfter = cause
      for (const rule of this.#below) rule.staleAfter = cause
    } else {
      for (const need of effects.unknown ?? []) this.#markStale(need, cause)
    }
    this.#volatileAfter = cause
    for (const [probe, answers] of this.#answers) {
      if (probe.volatile) for (const answer of answers.values()) answer.staleAfter = cause
    }
    for (const [need, value] of effects.knownBelow ?? []) this.#learnBelow(need, value)
    for (const [need, value] of effects.known ?? []) this.#set(need, { value })
  }

  #learnBelow(need: Need, value: unknown): void {
    this.#below.push({ need, value })
    for (const arg of this.#answers.get(need.probe)?.keys() ?? []) {
      if (isBelow({ ...need, arg }, need)) this.#set({ ...need, arg }, { value })
    }
  }

  #open(needs: readonly Need[], refresh: boolean): { probe: Probe<unknown>; args: string[] }[] {
    const open = new Map<Probe<unknown>, Set<string>>()
    for (const need of needs) {
      const answer = this.#find(need)
      if (answer !== undefined && !(refresh && answer.staleAfter !== undefined)) continue
      const args = open.get(need.probe) ?? new Set()
      open.set(need.probe, args.add(need.arg))
    }
    return [...open].map(([probe, args]) => ({ probe, args: [...args] }))
  }

  #fresh(probe: Probe<unknown>, value: unknown, refresh: boolean): Answer {
    const cause = refresh
      ? undefined
      : (this.#everythingAfter ?? (probe.volatile ? this.#volatileAfter : undefined))
    return cause === undefined ? { value } : { value, staleAfter: cause }
  }

  #markStale(need: Need, cause: string): void {
    const answer = this.#find(need)
    if (answer !== undefined) answer.staleAfter = cause
  }

  #find({ probe, arg }: Need): Answer | undefined {
    return this.#answers.get(probe)?.get(arg)
  }

  #set({ probe, arg }: Need, answer: Answer): void {
    const answers = this.#answers.get(probe) ?? new Map<string, Answer>()
    this.#answers.set(probe, answers.set(arg, answer))
  }
}

function isBelow({ probe, arg }: Need, above: Need): boolean {
  return probe === above.probe && arg.startsWith(`${above.arg}/`)
}

/** The sha256 of an answer or an effect that tells of a file's content. */
export function digestIn(value: unknown): string | undefined {
  const sha256 = typeof value === 'object' && value !== null && 'sha256' in value ? value.sha256 : undefined
  return typeof sha256 === 'string' ? sha256 : undefined
}
