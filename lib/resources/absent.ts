import { callPlace } from '../engine/place.ts'
import type { Change, Observed, PlanContext, Resource } from '../engine/resource.ts'
import { QuorateError } from '../errors.ts'
import { sh } from '../quote.ts'
import { checkedPath } from './checked.ts'
import { contentNeed } from './probes/content.ts'
import { ABSENT, pathNeed, pathProbe } from './probes/path.ts'
import { isWithin } from './surroundings.ts'

// Beside everything of depth 1.
const PROTECTED = [
  ...['bin', 'sbin', 'lib', 'lib64', 'libexec', 'local', 'share'].map((name) => `/usr/${name}`),
  ...['cache', 'lib', 'log', 'mail', 'spool', 'lib/apt', 'lib/dpkg', 'lib/rpm', 'lib/systemd'].map(
    (name) => `/var/${name}`,
  ),
  ...['apt', 'pam.d', 'ssh', 'ssl', 'systemd', 'passwd', 'group', 'shadow', 'fstab', 'hosts'].map(
    (name) => `/etc/${name}`,
  ),
]

/**
 * Nothing at this path: a file, a symlink (not what it points to) or a directory with all that is in it. What a host
 * cannot live without is refused, and so is a directory that another filesystem is mounted in.
 *
 * @throws QuorateError for a path that is refused.
 */
export function absent(path: string): Resource {
  const place = callPlace()
  checkedPath('absent', path)
  if (path.split('/').length <= 2 || PROTECTED.includes(path)) {
    throw new QuorateError(`absent: ${path} is never removed`, { hint: 'a host cannot live without it' })
  }
  return {
    kind: 'absent',
    name: path,
    place,
    needs: () => [pathNeed(path)],
    plan: (observed, context) => planAbsent(path, observed, context),
  }
}

function planAbsent(path: string, observed: Observed, { facts }: PlanContext): readonly Change[] {
  const { type } = observed.get(pathProbe, path)
  if (type === 'absent') return []
  if (type !== 'directory') {
    return [
      {
        summary: `remove the ${type === 'other' ? 'device, socket or pipe' : type}`,
        action: sh`rm -f -- ${path}`.text,
        effects: { known: [[pathNeed(path), ABSENT]] },
      },
    ]
  }
  const mounted = facts.mounts.find((mount) => isWithin(mount.path, path))
  if (mounted !== undefined) {
    throw new QuorateError(`a filesystem is mounted on ${mounted.path}`, { hint: 'unmount it first' })
  }
  return [
    {
      summary: 'remove the directory and all that is in it',
      action: sh`rm -rf --one-file-system -- ${path}`.text,
      // Nobody knows what else looks into it: units, commands, links.
      effects: {
        known: [[pathNeed(path), ABSENT]],
        knownBelow: [
          [pathNeed(path), ABSENT],
          [contentNeed(path), undefined],
        ],
        unknown: 'everything',
      },
    },
  ]
}
