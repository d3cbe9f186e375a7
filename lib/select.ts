import { type Problem, UsageError } from './errors.ts'
import type { Play } from './playbook.ts'
import { didYouMean } from './suggest.ts'

export interface PlaySelection {
  readonly tags: readonly string[]
  readonly skipTags: readonly string[]
  /** The play, role or `play/role` to begin with. Default: the first. */
  readonly startAt?: string | undefined
}

/** Tags that mean something of their own, as in Ansible. */
const SPECIAL = ['all', 'tagged', 'untagged', 'always', 'never']

/**
 * The plays and roles that the user chose. A role has its play's tags and its own name.
 *
 * @throws UsageError for a tag or a start that no play or role has.
 */
export function selectPlays(plays: readonly Play[], { tags, skipTags, startAt }: PlaySelection): Play[] {
  const problems = [...unknownTags(plays, [...tags, ...skipTags]), ...unknownStart(plays, startAt)]
  if (problems.length > 0) throw new UsageError(problems)
  return from(plays, startAt).flatMap((play) => {
    const own = play.tags ?? []
    const roles = play.roles.filter(({ definition }) =>
      isChosen({ own, name: definition.name }, { tags, skipTags }),
    )
    // A play without roles only connects: its own tags choose it.
    const stays = roles.length > 0 || (play.roles.length === 0 && isChosen({ own }, { tags, skipTags }))
    return stays ? [{ ...play, roles }] : []
  })
}

/** Ansible's rules; a role's name chooses it, but does not make it `tagged`. */
function isChosen(
  { own, name }: { own: readonly string[]; name?: string },
  { tags: only, skipTags: skip }: PlaySelection,
): boolean {
  const matches = (tags: readonly string[]) =>
    tags.some((tag) => own.includes(tag) || tag === name) || (tags.includes('untagged') && own.length === 0)
  const never = own.includes('never')
  const wanted =
    own.includes('always') ||
    matches(only) ||
    ((only.length === 0 || only.includes('all')) && !never) ||
    (only.includes('tagged') && own.length > 0 && !never)
  if (!wanted) return false
  if (skip.includes('all')) return own.includes('always') && !skip.includes('always')
  return !matches(skip) && !(skip.includes('tagged') && own.length > 0)
}

function unknownTags(plays: readonly Play[], tags: readonly string[]): Problem[] {
  const known = new Set(
    plays.flatMap((play) => [...(play.tags ?? []), ...play.roles.map(({ definition }) => definition.name)]),
  )
  return tags
    .filter((tag) => !known.has(tag) && !SPECIAL.includes(tag))
    .map((tag) => ({ message: `no play or role has the tag ${tag}`, hint: didYouMean(tag, known) }))
}

function unknownStart(plays: readonly Play[], startAt: string | undefined): Problem[] {
  if (startAt === undefined) return []
  const names = new Set(
    plays.flatMap((play) => [play.name, ...play.roles.flatMap((_, at) => namesOf(play, at))]),
  )
  if (names.has(startAt)) return []
  return [
    { message: `--start-at ${startAt}: there is no such play or role`, hint: didYouMean(startAt, names) },
  ]
}

/** What the role at that position answers to. */
function namesOf(play: Play, position: number): string[] {
  const name = play.roles[position]?.definition.name ?? ''
  return [name, `${play.name}/${name}`]
}

/** The plays from the first that has the name on; of that one, the roles from the one that has it on. */
function from(plays: readonly Play[], startAt: string | undefined): readonly Play[] {
  if (startAt === undefined) return plays
  for (const [index, play] of plays.entries()) {
    if (play.name === startAt) return plays.slice(index)
    const position = play.roles.findIndex((_, at) => namesOf(play, at).includes(startAt))
    if (position >= 0) return [{ ...play, roles: play.roles.slice(position) }, ...plays.slice(index + 1)]
  }
  return []
}
