import type { Need, Probe } from '../../engine/resource.ts'
import { sh } from '../../quote.ts'
import { DIGESTS } from './digests.ts'

export type PathType = 'file' | 'directory' | 'symlink' | 'other' | 'absent'

/** What is at a path; of a symlink the link itself. Nothing but `type` means anything where it is `absent`. */
export interface PathState {
  readonly type: PathType
  /** Permission bits, 0 to 0o7777. */
  readonly mode: number
  /** Name, or the number where the host knows no name for it. */
  readonly owner: string
  readonly group: string
  /** Absent where predicted. */
  readonly uid?: number
  /** Absent where predicted. */
  readonly gid?: number
  /** Bytes. */
  readonly size: number
  /** Where a symlink points to, as it was written. */
  readonly target?: string
  /** What is found when a symlink is followed; absent where predicted. */
  readonly targetType?: PathType
  /** Hex digest of a regular file; absent where it could not be read. */
  readonly sha256?: string
}

export const ABSENT: PathState = { type: 'absent', mode: 0, owner: '', group: '', size: 0 }

/** Type, attributes and digest of paths: one `stat` and one `sha256sum` for all of them. */
export const pathProbe: Probe<PathState> = {
  name: 'path',
  script: (paths) => `${sh`set -- ${[...paths]}`}\n${SCRIPT}`,
  parse(stdout, paths) {
    const states = parseStates(stdout.toString())
    return paths.map((path) => states.get(path) ?? ABSENT)
  },
}

/** The need of one path's state. */
export function pathNeed(path: string): Need<PathState> {
  return { probe: pathProbe, arg: path }
}

// Three sections, ended by NUL: stat lines, sha256sum lines, then `path NUL target NUL type NUL` for each symlink.
// Processes: one `stat`, one `sha256sum`, a `readlink` for each symlink; the rest is built into the shell.
const SCRIPT = `${DIGESTS}
for p in "$@"; do
  shift
  if [ -e "$p" ] || [ -L "$p" ]; then set -- "$@" "$p"; fi
done
[ $# -eq 0 ] || stat -c '%f:%s:%u:%g:%U:%G:%n' -- "$@" 2>/dev/null
printf '\\0'
(
  for p in "$@"; do
    shift
    if [ -f "$p" ] && [ -r "$p" ] && [ ! -L "$p" ]; then set -- "$@" "$p"; fi
  done
  [ $# -eq 0 ] || digests "$@"
)
printf '\\0'
for p in "$@"; do
  [ -L "$p" ] || continue
  if [ -d "$p" ]; then t=directory; elif [ -f "$p" ]; then t=file; elif [ -e "$p" ]; then t=other; else t=absent; fi
  printf '%s\\0%s\\0%s\\0' "$p" "$(readlink -- "$p")" "$t"
done
`

function parseStates(output: string): Map<string, PathState> {
  const [stats = '', digests = '', ...links] = output.split('\0')
  const states = new Map<string, PathState>()
  for (const line of lines(stats)) addStat(states, line)
  for (const line of lines(digests)) addDigest(states, line)
  for (let i = 0; i + 2 < links.length; i += 3) {
    const [path, target, targetType] = links.slice(i, i + 3) as [string, string, PathType]
    const state = states.get(path)
    if (state?.type === 'symlink') states.set(path, { ...state, target, targetType })
  }
  return states
}

const FILE_TYPES: ReadonlyMap<number, PathType> = new Map([
  [0o04, 'directory'],
  [0o10, 'file'],
  [0o12, 'symlink'],
])

function addStat(states: Map<string, PathState>, line: string): void {
  const match = /^([0-9a-f]+):(\d+):(\d+):(\d+):([^:]*):([^:]*):(.*)$/.exec(line)
  if (match === null) return
  const [, bits = '', size, uid = '', gid = '', user = '', group = '', path = ''] = match
  const raw = Number.parseInt(bits, 16)
  states.set(path, {
    type: FILE_TYPES.get(raw >> 12) ?? 'other',
    mode: raw & 0o7777,
    owner: user === 'UNKNOWN' ? uid : user,
    group: group === 'UNKNOWN' ? gid : group,
    uid: Number(uid),
    gid: Number(gid),
    size: Number(size),
  })
}

function addDigest(states: Map<string, PathState>, line: string): void {
  const match = /^(\\?)([0-9a-f]{64}) [ *](.*)$/.exec(line)
  if (match === null) return
  const [, escaped, sha256 = '', name = ''] = match
  // GNU sha256sum starts a line with a backslash where it had to escape one in the name.
  const path =
    escaped === ''
      ? name
      : name.replace(/\\(.)/g, (_, c: string) => (c === '\\' ? c : c === 'n' ? '\n' : '\r'))
  const state = states.get(path)
  if (state?.type === 'file') states.set(path, { ...state, sha256 })
}

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '')
}
