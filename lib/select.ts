import { type Problem, UsageError } from './errors.ts'
import type { Play } from './playbook.ts'
import { didYouMean } from './suggest.ts'

export interface TagSelection {
  readonly tags: readonly string[]
  readonly skipTags: readonly string[]
}

/**
 * The plays and roles that the tags choose. A role has its play's tags and its own name.
 *
 * @throws UsageError for a tag that no play or role has.
 */
export function selectPlays(plays: readonly Play[], { tags, skipTags }: TagSelection): Play[] {
  const known = new Set(
    plays.flatMap((play) => [...(play.tags ?? []), ...play.roles.map(({ definition }) => definition.name)]),
  )
  const problems = [...tags, ...skipTags]
    .filter((tag) => !known.has(tag))
    .map((tag): Problem => ({ message: `no play or role has the tag ${tag}`, hint: didYouMean(tag, known) }))
  if (problems.length > 0) throw new UsageError(problems)
  return plays
    .map((play) => ({
      ...play,
      roles: play.roles.filter(({ definition }) => {
        const own = new Set([...(play.tags ?? []), definition.name])
        return (
          (tags.length === 0 || tags.some((tag) => own.has(tag))) && !skipTags.some((tag) => own.has(tag))
        )
      }),
    }))
    .filter(({ roles }) => roles.length > 0)
}
