import { posix } from 'node:path'
import { callPlace } from '../engine/place.ts'
import type { Change, Need, Observed, Resource } from '../engine/resource.ts'
import type { LocalFile } from '../fetch/cache.ts'
import { sh } from '../quote.ts'
import type { Connection } from '../transport/connection.ts'
import { archiveMember, localArtifact } from './artifact-cache.ts'
import { type ArtifactOptions, type DesiredArtifact, desiredArtifact } from './artifact-options.ts'
import { attributeDifferences, planAttributes } from './attributes.ts'
import { bytesOf, contentNeed, contentProbe } from './probes/content.ts'
import { recordDigest } from './probes/digests.ts'
import { type PathState, pathNeed, pathProbe } from './probes/path.ts'
import { requireParent, requireReplaceable, requireSpace } from './surroundings.ts'
import { replaceByUpload, replaceScript, runScript, sha256 } from './write.ts'

/**
 * Released binaries on a host. The control machine fetches them once for all hosts, checks the sha256 and pushes them;
 * hosts need no way to the internet, and where all is installed already the control machine fetches nothing.
 *
 * @throws QuorateError for options that contradict each other or cannot be meant.
 */
export function artifact(options: ArtifactOptions): Resource {
  const place = callPlace()
  const desired = desiredArtifact(options)
  return {
    kind: 'artifact',
    name: desired.name,
    place,
    needs: () => needsOf(desired),
    plan: (observed) =>
      desired.stamp === undefined ? planPlain(desired, observed) : planArchive(desired, observed),
  }
}

function needsOf({ files, stamp }: DesiredArtifact): Need[] {
  const paths = [...files.values()].flatMap((path) => [pathNeed(posix.dirname(path)), pathNeed(path)])
  return stamp === undefined ? paths : [...paths, contentNeed(stamp)]
}

function planPlain(desired: DesiredArtifact, observed: Observed): readonly Change[] {
  const [path = ''] = desired.files.values()
  const current = placeable(path, observed)
  const wanted = attributesOf(desired)
  const digest = desired.source.sha256
  if (current.sha256 === digest) return planAttributesOf(path, current, desired)
  // Its size is known only once it is fetched.
  const state: PathState = { ...wanted, type: 'file', size: 0, sha256: digest }
  return [
    {
      summary: `install ${path}`,
      action: async (connection) => push(connection, desired, path, await localArtifact(desired.source)),
      effects: { known: [[pathNeed(path), state]], unknown: [contentNeed(path)] },
    },
  ]
}

function planArchive(desired: DesiredArtifact, observed: Observed): readonly Change[] {
  const stamp = desired.stamp as string
  const installed = readStamp(bytesOf(observed.get(contentProbe, stamp)), desired.source.sha256)
  const paths = [...desired.files.values()]
  const states = new Map(paths.map((path) => [path, placeable(path, observed)]))
  const isInstalled = (path: string) =>
    installed.has(path) && installed.get(path) === states.get(path)?.sha256
  if (paths.every(isInstalled)) {
    return paths.flatMap((path) => planAttributesOf(path, states.get(path) as PathState, desired))
  }
  return [
    {
      summary: `install ${paths.filter((path) => !isInstalled(path)).join(', ')}`,
      action: (connection) => installMembers(connection, desired, stamp, states),
      effects: {
        unknown: [
          ...paths.flatMap((path) => [pathNeed(path), contentNeed(path)]),
          contentNeed(stamp),
          pathNeed(stamp),
        ],
      },
    },
  ]
}

function planAttributesOf(path: string, current: PathState, desired: DesiredArtifact): Change[] {
  return planAttributes(path, current, attributesOf(desired)).map((change) => ({
    ...change,
    action: `${change.action} || exit\n${recordDigest(path)}`,
  }))
}

function placeable(path: string, observed: Observed): PathState {
  requireParent(observed, path)
  const current = observed.get(pathProbe, path)
  requireReplaceable(path, current, false)
  return current
}

/** Pushes the members that the host lacks, and last of all the stamp: whoever is interrupted begins again. */
async function installMembers(
  connection: Connection,
  desired: DesiredArtifact,
  stamp: string,
  states: ReadonlyMap<string, PathState>,
): Promise<void> {
  const archive = await localArtifact(desired.source)
  const lines = [archive.sha256]
  for (const [member, path] of desired.files) {
    const local = await archiveMember(archive, member)
    const current = states.get(path) as PathState
    const isThere =
      current.sha256 === local.sha256 && attributeDifferences(current, attributesOf(desired)).length === 0
    if (!isThere) await push(connection, desired, path, local)
    lines.push(`${local.sha256} ${path}`)
  }
  const content = Buffer.from(`${lines.join('\n')}\n`)
  const replacement = { path: stamp, owner: 'root', group: 'root', mode: 0o644, sha256: sha256(content) }
  await runScript(
    connection,
    `${sh`mkdir -p -- ${posix.dirname(stamp)} || exit 1`}\n${replaceScript(replacement, content)}`,
  )
}

async function push(
  connection: Connection,
  desired: DesiredArtifact,
  path: string,
  local: LocalFile,
): Promise<void> {
  requireSpace(connection.facts, path, local.size)
  await replaceByUpload(connection, { path, ...attributesOf(desired), sha256: local.sha256 }, local.path)
  await runScript(connection, recordDigest(path))
}

/** Digest of each file that was installed from the archive with this digest. */
function readStamp(content: Buffer | undefined, archive: string): ReadonlyMap<string, string> {
  const [first, ...lines] = content?.toString().split('\n') ?? []
  if (first !== archive) return new Map()
  return new Map(lines.map((line) => [line.slice(65), line.slice(0, 64)]))
}

function attributesOf({ mode }: DesiredArtifact): { owner: string; group: string; mode: number } {
  return { owner: 'root', group: 'root', mode }
}
