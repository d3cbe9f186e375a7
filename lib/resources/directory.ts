import { posix } from 'node:path'
import { callPlace } from '../engine/place.ts'
import type { Change, Observed, Resource } from '../engine/resource.ts'
import { QuorateError } from '../errors.ts'
import { sh } from '../quote.ts'
import { octal, owners, planAttributes } from './attributes.ts'
import { type Attributes, checkedAttributes, checkedPath } from './checked.ts'
import { ownershipNeed, ownershipProbe } from './probes/ownership.ts'
import { type PathState, pathNeed, pathProbe } from './probes/path.ts'

export interface DirectoryOptions {
  /** Name or number. Default: `root`. */
  readonly owner?: string
  /** Name or number. Default: `root`. */
  readonly group?: string
  /** Default: 0o755. */
  readonly mode?: number
  /** Everything below belongs to `owner` and `group` too (symlinks themselves, not what they point to). Default: false. */
  readonly recursive?: boolean
}

/**
 * A directory with this owner, group and mode. Missing parents are made with mode 0755 and belong to root.
 *
 * @throws QuorateError for a path, mode or owner that cannot be meant.
 */
export function directory(path: string, options: DirectoryOptions = {}): Resource {
  const place = callPlace()
  const { owner = 'root', group = 'root', mode = 0o755, recursive = false } = options
  const wanted = checkedAttributes('directory', checkedPath('directory', path), { owner, group, mode })
  const needs = lineage(path).map(pathNeed)
  return {
    kind: 'directory',
    name: path,
    place,
    needs: () => (recursive ? [...needs, ownershipNeed(path, wanted)] : needs),
    plan(observed) {
      const changes = planDirectory(path, wanted, observed)
      return recursive ? [...changes, ...planOwnership(path, wanted, observed)] : changes
    },
  }
}

function planDirectory(path: string, wanted: Attributes, observed: Observed): readonly Change[] {
  const missing = lineage(path).filter((step) => isMissing(step, observed, path))
  if (missing.length === 0) return planAttributes(path, observed.get(pathProbe, path), wanted)
  const parents = missing.filter((step) => step !== path)
  return [
    {
      summary: `create, ${octal(wanted.mode)} ${owners(wanted)}`,
      action: [
        'umask 022',
        ...(parents.length > 0 ? [sh`mkdir -p -- ${posix.dirname(path)} || exit 1`] : []),
        sh`mkdir -m 0700 -- ${path} && chown ${owners(wanted)} ${path} && chmod ${octal(wanted.mode)} ${path}`,
      ].join('\n'),
      effects: {
        known: [
          ...parents.map((step) => [pathNeed(step), directoryState(PARENT)] as const),
          [pathNeed(path), directoryState(wanted)],
        ],
      },
    },
  ]
}

function planOwnership(path: string, wanted: Attributes, observed: Observed): readonly Change[] {
  const need = ownershipNeed(path, wanted)
  const stranger = observed.get(ownershipProbe, need.arg)
  if (stranger === undefined) return []
  return [
    {
      summary: `everything below belongs to ${owners(wanted)}, first ${stranger}`,
      action: sh`chown -R -h ${owners(wanted)} ${path}`.text,
      effects: { known: [[need, undefined]], unknown: 'everything' },
    },
  ]
}

function isMissing(step: string, observed: Observed, path: string): boolean {
  const { type, target, targetType = 'directory' } = observed.get(pathProbe, step)
  if (type === 'absent') return true
  if (type === 'symlink' && step === path) {
    throw new QuorateError(`${path} is a symlink to ${target}`, {
      hint: 'name the directory that it points to',
    })
  }
  if (type === 'directory' || (type === 'symlink' && targetType === 'directory')) return false
  throw new QuorateError(`${step} is not a directory`)
}

const PARENT: Attributes = { owner: 'root', group: 'root', mode: 0o755 }

function directoryState({ owner, group, mode }: Attributes): PathState {
  return { type: 'directory', owner, group, mode, size: 0 }
}

/** `/a/b` → `/a`, `/a/b` */
function lineage(path: string): string[] {
  const steps = path.split('/').slice(1)
  return steps.map((_, i) => `/${steps.slice(0, i + 1).join('/')}`)
}
