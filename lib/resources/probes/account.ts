import type { Need, Probe } from '../../engine/resource.ts'
import { sh } from '../../quote.ts'

/** A user as the host knows it, from whatever source (`getent passwd`). */
export interface UserState {
  readonly uid: number
  /** Primary group, by name where it has one. */
  readonly group: string
  /** Supplementary groups. */
  readonly groups: readonly string[]
  readonly comment: string
  readonly home: string
  readonly shell: string
}

export interface GroupState {
  readonly gid: number
}

/** Users and their groups by two `getent`; undefined where there is no such user. */
export const userProbe: Probe<UserState | undefined> = {
  name: 'user',
  script: (names) => sh`getent passwd ${[...names]}; echo; getent group`.text,
  parse(stdout, names) {
    const [users = '', groups = ''] = split(stdout.toString())
    const entries = parseEntries(users)
    const memberships = [...parseEntries(groups).values()]
    return names.map((name) => {
      const entry = entries.get(name)
      return entry && userState(entry, memberships)
    })
  },
}

/** Groups by one `getent`; undefined where there is no such group. */
export const groupProbe: Probe<GroupState | undefined> = {
  name: 'group',
  script: (names) => sh`getent group ${[...names]}`.text,
  parse(stdout, names) {
    const entries = parseEntries(stdout.toString())
    return names.map((name) => {
      const entry = entries.get(name)
      return entry && { gid: Number(entry[2]) }
    })
  },
}

/** The need of one user's state. */
export function userNeed(name: string): Need<UserState | undefined> {
  return { probe: userProbe, arg: name }
}

/** The need of one group's state. */
export function groupNeed(name: string): Need<GroupState | undefined> {
  return { probe: groupProbe, arg: name }
}

type Entry = readonly string[]

function userState(
  [name = '', , uid, gid = '', comment = '', home = '', shell = '']: Entry,
  groups: readonly Entry[],
): UserState {
  const isMember = (group: Entry) => (group[3] ?? '').split(',').includes(name)
  return {
    uid: Number(uid),
    group: groups.find((group) => group[2] === gid)?.[0] ?? gid,
    groups: groups.filter(isMember).map((group) => group[0] ?? ''),
    comment,
    home,
    shell,
  }
}

/** Where the answer for users ends: nothing found leaves an empty line at the very beginning. */
function split(output: string): [string, string] {
  const end = output.startsWith('\n') ? 0 : output.indexOf('\n\n') + 1
  return [output.slice(0, end), output.slice(end + 1)]
}

function parseEntries(text: string): Map<string, Entry> {
  const entries = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(':'))
  return new Map(entries.map((entry) => [entry[0] ?? '', entry]))
}
