import { posix } from 'node:path'
import { callPlace } from '../engine/place.ts'
import type { Change, Observed, Resource } from '../engine/resource.ts'
import { QuorateError } from '../errors.ts'
import { Script, sh } from '../quote.ts'
import { checkedPath } from './checked.ts'
import { type PathState, pathNeed, pathProbe } from './probes/path.ts'
import { requireParent } from './surroundings.ts'
import { leftovers, temporaryPrefix } from './write.ts'

export interface SymlinkOptions {
  /** Where it points to, absolute or relative to its own directory; it need not exist. */
  readonly target: string
}

/**
 * A symlink to a target. Another symlink is replaced in one step, so that the path leads somewhere at any time; a file
 * or directory in its place is refused.
 *
 * @throws QuorateError for a path or target that cannot be meant.
 */
export function symlink(path: string, { target }: SymlinkOptions): Resource {
  const place = callPlace()
  checkedPath('symlink', path)
  if (target === '' || /[\n\0]/.test(target)) {
    throw new QuorateError(`symlink ${path}: ${JSON.stringify(target)} cannot be a target`)
  }
  return {
    kind: 'symlink',
    name: path,
    place,
    needs: () => [pathNeed(posix.dirname(path)), pathNeed(path)],
    plan: (observed) => planSymlink(path, target, observed),
  }
}

function planSymlink(path: string, target: string, observed: Observed): readonly Change[] {
  const current = observed.get(pathProbe, path)
  requireParent(observed, path)
  if (current.type === 'symlink' && current.target === target) return []
  if (current.type !== 'symlink' && current.type !== 'absent') {
    const type = current.type === 'other' ? 'device, socket or pipe' : current.type
    throw new QuorateError(`${path} is a ${type}, not a symlink`, { hint: `put absent('${path}') before it` })
  }
  const known: [ReturnType<typeof pathNeed>, PathState][] = [[pathNeed(path), symlinkState(target)]]
  if (current.type === 'absent') {
    return [{ summary: `create, to ${target}`, action: linkScript(path, target), effects: { known } }]
  }
  return [
    {
      summary: `${current.target} → ${target}`,
      action: linkScript(path, target),
      // Whatever was observed through the link has moved.
      effects: { known, unknown: 'everything' },
    },
  ]
}

function linkScript(path: string, target: string): string {
  return sh`rm -f -- ${new Script(leftovers(path))}
tmp=$(mktemp -u ${temporaryPrefix(path)}XXXXXX) && ln -s -- ${target} "$tmp" && mv -f -T -- "$tmp" ${path} && exit 0
rm -f -- "$tmp"; exit 1`.text
}

function symlinkState(target: string): PathState {
  return {
    type: 'symlink',
    mode: 0o777,
    owner: 'root',
    group: 'root',
    size: Buffer.byteLength(target),
    target,
  }
}
