import { randomBytes } from 'node:crypto'
import type { RunEvent } from '../engine/events.ts'
import { DriftError, type Review } from '../engine/review.ts'
import type { ReadyPlay } from '../engine/run.ts'
import { type Problem, UsageError } from '../errors.ts'
import { drift, identityOf, refusal } from './compare.ts'
import { type Digest, planDigest } from './digests.ts'
import { type Plan, writePlan } from './document.ts'
import { ANY_HOST, type Found, Recorder } from './recorder.ts'
import { differences, subjectOf } from './subject.ts'

export { type Plan, readPlan } from './document.ts'

const MAKE_ANOTHER = 'make another plan with --plan-out'

/** What is planned. */
export interface Planned {
  readonly playbook: string
  readonly plays: readonly ReadyPlay[]
}

/** A plan in the making: `review` writes down what a check finds, `write` keeps it. */
export function newPlan({ playbook, plays }: Planned): {
  readonly review: Review
  write(path: string, rest: Pick<Plan, 'quorate' | 'selection'>): Promise<void>
} {
  const salt = randomBytes(16).toString('hex')
  const digest = planDigest(salt, plays)
  const recorder = new Recorder(digest)
  const subject = subjectOf(playbook, plays, salt, digest)
  return {
    review: (finding) => void recorder.record(finding),
    write: (path, { quorate, selection }) =>
      writePlan(path, {
        quorate,
        created: new Date().toISOString(),
        ...{ playbook, selection, salt, variables: subject.variables, plays: subject.plays },
        hosts: Object.fromEntries(
          Object.entries(subject.hosts).map(([name, host]) => [
            name,
            { ...host, ...foundOn(recorder, name) },
          ]),
        ),
        once: foundOn(recorder, ANY_HOST),
      }),
  }
}

/** A plan that is to be applied. */
export class Approval {
  readonly #plan: Plan
  readonly #digest: Digest
  readonly #made: Recorder
  /** How many changes were refused. */
  refused = 0

  /** @throws UsageError where the plan is one of another playbook, of other hosts or of other variables. */
  constructor(plan: Plan, { playbook, plays }: Planned) {
    this.#plan = plan
    this.#digest = planDigest(plan.salt, plays)
    this.#made = new Recorder(this.#digest)
    refuse(differences(plan, subjectOf(playbook, plays, plan.salt, this.#digest)))
  }

  /** Watches a check of the same run, before anything is changed. */
  rehearsal(): { readonly review: Review; readonly emit: (event: RunEvent) => void; finish(): void } {
    const recorder = new Recorder(this.#digest)
    const failures: Problem[] = []
    return {
      review: (finding) => void recorder.record(finding),
      emit(event) {
        if (event.type !== 'failed') return
        const { host, role, message, hint } = event.failure
        failures.push({ message: [host, role, message].filter(Boolean).join(': '), ...(hint && { hint }) })
      },
      /** @throws UsageError with every difference from the plan. */
      finish: () => {
        refuse(failures, 'nothing was changed')
        refuse(this.#planned().flatMap(([name, host]) => drift(name, host, foundOn(recorder, name))))
      },
    }
  }

  /** Lets only those changes be made that the plan has. */
  readonly review: Review = (finding) => {
    const change = this.#made.record(finding)
    const planned = finding.once ? this.#once : this.#plan.hosts[finding.host]
    if (change === undefined || planned === undefined) return
    const reason = refusal(planned, change)
    if (reason === undefined) return
    this.refused += 1
    throw new DriftError(`${identityOf(change)}: ${reason}`, {
      hint: `the plan does not allow this change, and the run has ended before it; ${MAKE_ANOTHER}`,
    })
  }

  /** What was planned and sure, but is not among what was made: `m1: etcd: file /etc/etcd/ca.crt`. */
  leftOut(): string[] {
    return this.#planned().flatMap(([name, { changes }]) => {
      const made = new Set(foundOn(this.#made, name).changes.map(identityOf))
      const sure = changes.filter(({ after }) => after === undefined)
      return sure.map(identityOf).flatMap((each) => (made.has(each) ? [] : [`${name}: ${each}`]))
    })
  }

  get #once(): Found {
    return this.#plan.once ?? { changes: [], unknown: [] }
  }

  #planned(): [name: string, found: Found][] {
    return [...Object.entries(this.#plan.hosts), [ANY_HOST, this.#once]]
  }
}

function foundOn(recorder: Recorder, host: string) {
  return recorder.hosts.get(host) ?? { changes: [], unknown: [] }
}

function refuse(problems: readonly Problem[], consequence = `nothing was changed; ${MAKE_ANOTHER}`): void {
  if (problems.length === 0) return
  const last = problems.length - 1
  throw new UsageError(
    problems.map((problem, index) =>
      index === last && problem.hint === undefined ? { ...problem, hint: consequence } : problem,
    ),
  )
}
