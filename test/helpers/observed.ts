import { createHash } from 'node:crypto'
import type { Need, Observed, PlanContext } from '../../lib/engine/resource.ts'
import { contentProbe } from '../../lib/resources/probes/content.ts'
import { ABSENT, type PathState, pathProbe } from '../../lib/resources/probes/path.ts'
import type { Mount } from '../../lib/transport/connection.ts'
import { FACTS } from './memory-host.ts'

/** What a host has at its paths: content of a file, or any other state. */
export type Paths = Readonly<Record<string, string | Buffer | Partial<PathState>>>

/** The context of a plan on a host with these mounted filesystems. */
export function planContext({
  diff = false,
  mounts = [],
}: {
  diff?: boolean
  mounts?: readonly Mount[]
} = {}): PlanContext {
  return { facts: { ...FACTS, mounts }, diff }
}

/** Answers of the path and content probes on a host with these paths; directories above them exist. */
export function observedPaths(paths: Paths, answers: readonly (readonly [Need, unknown])[] = []): Observed {
  return {
    get(probe, arg) {
      const answer = answers.find(([need]) => need.probe === probe && need.arg === arg)
      if (answer !== undefined) return answer[1] as never
      if (probe === (pathProbe as unknown)) return stateOf(paths, arg) as never
      if (probe === (contentProbe as unknown)) return contentOf(paths[arg]) as never
      throw new Error(`not observed: ${probe.name} ${arg}`)
    },
  }
}

function stateOf(paths: Paths, path: string): PathState {
  const given = paths[path]
  const content = contentOf(given)
  const root = { owner: 'root', group: 'root', uid: 0, gid: 0 }
  if (content !== undefined) {
    const sha256 = createHash('sha256').update(content).digest('hex')
    return { type: 'file', mode: 0o644, ...root, size: content.length, sha256 }
  }
  if (given !== undefined)
    return { type: 'file', mode: 0o644, ...root, size: 0, ...(given as Partial<PathState>) }
  const isParent =
    path === '/' ||
    Object.keys(paths).some((other) => other.startsWith(`${path}/`)) ||
    path.split('/').length === 2
  return isParent ? { type: 'directory', mode: 0o755, ...root, size: 4096 } : ABSENT
}

function contentOf(given: Paths[string] | undefined): Buffer | undefined {
  if (typeof given === 'string') return Buffer.from(given)
  return Buffer.isBuffer(given) ? given : undefined
}
