import { posix } from 'node:path'
import { callPlace } from '../engine/place.ts'
import type { Change, Effects, Need, Observed, PlanContext, Resource } from '../engine/resource.ts'
import { QuorateError } from '../errors.ts'
import type { Script } from '../quote.ts'
import { Secret } from '../secret.ts'
import { attributeDifferences, octal, owners, planAttributes } from './attributes.ts'
import { checkedAttributes, checkedPath } from './checked.ts'
import { contentPayload, diffText, type Payload, sourcePayload } from './payload.ts'
import { contentNeed, contentProbe, HiddenBytes } from './probes/content.ts'
import { type PathState, pathNeed, pathProbe } from './probes/path.ts'
import { requireParent, requireReplaceable, requireSpace } from './surroundings.ts'
import { type Replacement, replaceByUpload, replaceScript, runScript } from './write.ts'

export interface FileOptions {
  /** What the file holds; a `Secret` is never shown. Either this or `source`. */
  readonly content?: string | Buffer | Secret
  /** File of the control machine that is copied; a relative path starts at the working directory. */
  readonly source?: string | URL
  /** Name or number. Default: `root`. */
  readonly owner?: string
  /** Name or number. Default: `root`. */
  readonly group?: string
  /** Default: 0o644, for a `Secret` 0o600. */
  readonly mode?: number
  /**
   * Command that has to accept the new content before it replaces the old: `haproxy -c -f %`. Each `%` stands for the
   * file that holds it (in the same directory, named `.NAME.quorate-XXXXXX`), one word that needs no quotes.
   */
  readonly validate?: string | Script
  /** Keep what was there as `NAME.YYYYMMDDTHHMMSS~`. Default: false. */
  readonly backup?: boolean
  /** In check mode, where the content is only a stand-in for what the run will make (a fresh key). Default: false. */
  readonly provisional?: boolean
  /** Put the file in place of a symlink. Default: false, a symlink is refused, as nobody can tell which of the two was meant. */
  readonly replaceSymlink?: boolean
}

/**
 * A file with this content, owner, group and mode. It is replaced as a whole or not at all; where only attributes
 * differ it is not rewritten. Its directory has to exist, or an earlier resource makes it.
 *
 * @example file('/etc/haproxy/haproxy.cfg', { content: haproxyCfg(vars), validate: 'haproxy -c -f %' })
 * @throws QuorateError for a path, mode, owner or validate that cannot be meant, and a source that cannot be read.
 */
export function file(path: string, options: FileOptions): Resource {
  const place = callPlace()
  const desired = desiredFile(path, options)
  const needs = [pathNeed(posix.dirname(path)), pathNeed(path)]
  return {
    kind: 'file',
    name: path,
    place,
    needs: ({ diff }): Need[] => (diff && !desired.payload.secret ? [...needs, contentNeed(path)] : needs),
    plan: (observed, context) => planFile(desired, observed, context),
    preview: () => (isShowable(desired) ? shownContent(desired) : undefined),
  }
}

interface DesiredFile extends Replacement {
  readonly payload: Payload
  readonly provisional: boolean
  readonly replaceSymlink: boolean
}

function desiredFile(path: string, options: FileOptions): DesiredFile {
  const { content, source, owner = 'root', group = 'root', backup = false, replaceSymlink = false } = options
  const { mode = content instanceof Secret ? 0o600 : 0o644, validate, provisional = false } = options
  checkedPath('file', path)
  if ((content === undefined) === (source === undefined)) {
    throw new QuorateError(`file ${path}: give either content or source`)
  }
  const payload = content === undefined ? sourcePayload(source as string | URL) : contentPayload(content)
  return {
    path,
    ...checkedAttributes('file', path, { owner, group, mode }),
    sha256: payload.sha256,
    payload,
    backup,
    provisional,
    replaceSymlink,
    ...(validate !== undefined && { validate: checkedValidate(path, String(validate)) }),
  }
}

function checkedValidate(path: string, validate: string): string {
  const hint = `write % where the file is meant: 'haproxy -c -f %'`
  if (!validate.includes('%')) {
    throw new QuorateError(`file ${path}: validate '${validate}' does not name the file`, { hint })
  }
  if (/%s\b/.test(validate)) throw new QuorateError(`file ${path}: validate '${validate}' has %s`, { hint })
  return validate
}

function planFile(desired: DesiredFile, observed: Observed, context: PlanContext): readonly Change[] {
  const { path, payload, replaceSymlink } = desired
  const current = observed.get(pathProbe, path)
  requireParent(observed, path)
  requireReplaceable(path, current, replaceSymlink)
  if (current.type === 'file' && current.sha256 === payload.sha256) {
    return planAttributes(path, current, desired)
  }
  requireSpace(context.facts, path, payload.size)
  return [
    {
      summary: summarize(desired, current),
      ...(context.diff && isShowable(desired) && { diff: contentDiff(desired, observed) }),
      action: writeAction(desired),
      effects: effectsOf(desired),
      ...(desired.provisional && { provisional: true }),
    },
  ]
}

function summarize(desired: DesiredFile, current: PathState): string {
  if (current.type === 'absent') {
    const what = desired.provisional ? 'content made by the run' : `${desired.payload.size} bytes`
    return `create, ${what}, ${octal(desired.mode)} ${owners(desired)}`
  }
  if (current.type === 'symlink') return `replace the symlink to ${current.target}`
  const content = desired.provisional ? 'content made by the run' : 'content'
  return [content, ...attributeDifferences(current, desired)].join(', ')
}

function contentDiff(desired: DesiredFile, observed: Observed): { before: string; after: string } {
  return { before: diffText(observed.get(contentProbe, desired.path)), after: shownContent(desired) }
}

function isShowable({ payload, provisional }: DesiredFile): boolean {
  return !payload.secret && !provisional
}

function shownContent({ payload }: DesiredFile): string {
  return payload.inline === undefined ? `(${payload.size} bytes)` : diffText(payload.inline())
}

function writeAction(desired: DesiredFile): Change['action'] {
  const { inline, stream, secret } = desired.payload
  if (inline === undefined) return (connection) => replaceByUpload(connection, desired, stream())
  // A secret's script is made when it is sent, so that no plan ever holds it.
  if (secret) return (connection) => runScript(connection, replaceScript(desired, inline()))
  return replaceScript(desired, inline())
}

function effectsOf({ path, owner, group, mode, payload }: DesiredFile): Effects {
  const state: PathState = { type: 'file', owner, group, mode, size: payload.size, sha256: payload.sha256 }
  const { inline, secret } = payload
  if (inline === undefined) return { known: [[pathNeed(path), state]], unknown: [contentNeed(path)] }
  return {
    known: [
      [pathNeed(path), state],
      [contentNeed(path), secret ? new HiddenBytes(inline) : inline()],
    ],
  }
}
