import type { Review } from '../engine/review.ts'
import { type RunOptions, runPlays } from '../engine/run.ts'
import type { Problem } from '../errors.ts'
import type { Selection } from '../prepare.ts'
import type { Plan } from './document.ts'
import { Approval, newPlan, type Planned } from './index.ts'

/** Exit code of a run that has failed. */
const FAILED = 3

/** What a run with a plan does beside running. */
export interface Planning {
  readonly review: Review
  /** What comes first. @throws UsageError where the run must not begin. */
  before(options: RunOptions): Promise<void>
  /** What is left to do; the exit code, given the run's own. */
  after(code: number): Promise<number>
}

/** `--plan-out`: a check that is written down; no plan is written of one that has failed. */
export function planning(
  path: string,
  planned: Planned,
  made: { readonly quorate: string; readonly selection: Selection },
): Planning {
  const plan = newPlan(planned)
  return {
    review: plan.review,
    before: async () => {},
    async after(code) {
      if (code === 0) await plan.write(path, { ...made, selection: kept(made.selection) })
      return code
    },
  }
}

/** `--apply-plan`: a check first, that has to find what the plan has; then nothing but that is made. */
export function applying(plan: Plan, planned: Planned, warn: (problem: Problem) => void): Planning {
  const approval = new Approval(plan, planned)
  return {
    review: approval.review,
    async before({ lock, confirm, ...options }) {
      const { review, emit, finish } = approval.rehearsal()
      await runPlays(planned.plays, { ...options, mode: 'check', diff: false, review, emit })
      if (!options.signal.aborted) finish()
    },
    async after(code) {
      if (approval.refused > 0) return code === 0 ? FAILED : code
      if (code !== 0) return code
      for (const each of approval.leftOut())
        warn({ message: `${each}: planned, but there was no need for it any more` })
      return code
    },
  }
}

function kept({ limit, only, tags, skipTags, startAt, args = [] }: Selection): Plan['selection'] {
  return {
    ...(limit !== undefined && { limit }),
    ...(only !== undefined && { only: [...only] }),
    ...(startAt !== undefined && { startAt }),
    ...{ tags: [...tags], skipTags: [...skipTags], args: [...args] },
  }
}
