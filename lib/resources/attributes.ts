import type { Change } from '../engine/resource.ts'
import { sh } from '../quote.ts'
import type { Attributes } from './checked.ts'
import { type PathState, pathNeed } from './probes/path.ts'

/** The change of owner, group and mode that an existing path needs; none where they are as wanted. */
export function planAttributes(path: string, current: PathState, wanted: Attributes): readonly Change[] {
  const differences = attributeDifferences(current, wanted)
  if (differences.length === 0) return []
  return [
    {
      summary: differences.join(', '),
      // chown drops the setuid bit, so it comes first.
      action: sh`chown ${owners(wanted)} ${path} && chmod ${octal(wanted.mode)} ${path}`.text,
      effects: { known: [[pathNeed(path), withAttributes(current, wanted)]] },
    },
  ]
}

/** `mode 0600 → 0644`, `owner root → etcd`: what differs, each in a few words. */
export function attributeDifferences(current: PathState, wanted: Attributes): string[] {
  const differences: string[] = []
  if (!isAccount(wanted.owner, current.owner, current.uid)) {
    differences.push(`owner ${current.owner} → ${wanted.owner}`)
  }
  if (!isAccount(wanted.group, current.group, current.gid)) {
    differences.push(`group ${current.group} → ${wanted.group}`)
  }
  if (current.mode !== wanted.mode) differences.push(`mode ${octal(current.mode)} → ${octal(wanted.mode)}`)
  return differences
}

/** `owner:group`, as chown takes it. */
export function owners({ owner, group }: Attributes): string {
  return `${owner}:${group}`
}

/** `0644` */
export function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0')
}

function isAccount(wanted: string, name: string, id: number | undefined): boolean {
  return wanted === name || (/^\d+$/.test(wanted) && Number(wanted) === id)
}

function withAttributes({ uid, gid, ...state }: PathState, { owner, group, mode }: Attributes): PathState {
  return { ...state, owner, group, mode }
}
