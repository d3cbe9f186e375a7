import { createHash, randomInt } from 'node:crypto'
import { posix } from 'node:path'
import type { Readable } from 'node:stream'
import { QuorateError } from '../errors.ts'
import { quote, Script, sh } from '../quote.ts'
import type { Connection } from '../transport/connection.ts'
import { octal, owners } from './attributes.ts'
import type { Attributes } from './checked.ts'

/** Content up to this many bytes travels inside the script; what is larger is uploaded. */
export const INLINE_LIMIT = 256 * 1024

/** A file that is to be replaced as a whole, or not at all. */
export interface Replacement extends Attributes {
  readonly path: string
  /** Of the new content: what arrived is compared with it. */
  readonly sha256: string
  /** Command that has to accept the new content first; `%` stands for the file that holds it. */
  readonly validate?: string
  /** Keep a copy of the old file. Default: false. */
  readonly backup?: boolean
  /** Digest of the content that the new one was made from, `absent` where there was none: anything else there now is left alone. */
  readonly madeFrom?: string
}

/** Script that replaces a file by `content`; interrupted anywhere, either the old or the new file is there. */
export function replaceScript(replacement: Replacement, content: Buffer): string {
  const { path } = replacement
  return script(replacement, [
    sh`rm -f -- ${new Script(leftovers(path))}`,
    sh`tmp=$(mktemp ${temporaryPrefix(path)}XXXXXX) || fail ${`cannot write in ${posix.dirname(path)}`}`,
    // printf is built into the shell: the content is in no argument list.
    sh`printf %s ${content.toString('base64')} | base64 -d >"$tmp" || fail ${`cannot write ${path}; what was there stays`}`,
  ])
}

/** Replaces a file by what is streamed from the control machine. */
export async function replaceByUpload(
  connection: Connection,
  replacement: Replacement,
  source: string | Readable,
): Promise<void> {
  const { path } = replacement
  const temporary = temporaryPrefix(path) + randomSuffix()
  await runScript(connection, `rm -f -- ${leftovers(path)}`)
  try {
    await connection.upload(source, temporary, { mode: 0o600 })
  } catch (error) {
    await connection.run(sh`rm -f -- ${temporary}`.text).catch(() => undefined)
    if (!(error instanceof QuorateError) || error.name !== 'QuorateError') throw error
    throw new QuorateError(`cannot write ${path}; what was there stays: ${error.message}`, { cause: error })
  }
  await runScript(connection, script(replacement, [sh`tmp=${temporary}`]))
}

/**
 * Runs a script whose text has to stay out of reports.
 *
 * @throws QuorateError with what it wrote to stderr, where it fails.
 */
export async function runScript(connection: Connection, text: string): Promise<void> {
  const { rc, stderr } = await connection.run(text)
  if (rc === 0) return
  throw new QuorateError(stderr.toString().trim() || `exit code ${rc}`)
}

/** Hex digest. */
export function sha256(content: Buffer | string): string {
  return createHash('sha256').update(content).digest('hex')
}

/** A shell pattern, quoted: the temporary files that killed runs may have left for this path. */
export function leftovers(path: string): string {
  return `${quote(temporaryPrefix(path))}??????`
}

/** Where new content for `path` is gathered: in the same directory, so that it can be renamed. */
export function temporaryPrefix(path: string): string {
  return posix.join(posix.dirname(path), `.${posix.basename(path)}.quorate-`)
}

function script(replacement: Replacement, receive: readonly Script[]): string {
  const { path, mode } = replacement
  const steps = [
    'fail() { printf \'%s\\n\' "$1" >&2; exit 1; }',
    'digest() { set -- $(sha256sum <"$1"); printf %s "$1"; }',
    'umask 077; tmp=',
    `trap '[ -z "$tmp" ] || rm -f -- "$tmp"' EXIT; trap 'exit 1' HUP INT TERM`,
    ...receive,
    sh`[ "$(digest "$tmp")" = ${replacement.sha256} ] || fail ${`the new ${path} did not arrive whole; what was there stays`}`,
    ...guard(replacement),
    sh`chown ${owners(replacement)} "$tmp" && chmod ${octal(mode)} "$tmp" || exit 1`,
    ...validation(replacement),
    ...backup(replacement),
    // Names must not reach the disk before the content does: a power cut would leave an empty file.
    'sync "$tmp" 2>/dev/null || sync',
    sh`mv -f -T -- "$tmp" ${path} || fail ${`cannot replace ${path}`}`,
  ]
  return steps.map(String).join('\n')
}

function guard({ path, madeFrom }: Replacement): Script[] {
  if (madeFrom === undefined) return []
  const changed = `${path} has changed meanwhile: run again`
  if (madeFrom === 'absent') return [sh`{ [ ! -e ${path} ] && [ ! -L ${path} ]; } || fail ${changed}`]
  return [
    sh`{ [ ! -L ${path} ] && [ "$(digest ${path})" = ${madeFrom} ]; } || fail ${changed}`,
    // Access lists and labels, where the filesystem has them; owner and mode are set below in any case.
    sh`cp -a --attributes-only -- ${path} "$tmp" 2>/dev/null && touch -- "$tmp"`,
  ]
}

function validation({ path, validate }: Replacement): Script[] {
  if (validate === undefined) return []
  const command = new Script(validate.replaceAll('%', '"$tmp"'))
  return [
    sh`( ${command}
) </dev/null >&2 || fail ${`${validate.replaceAll('%', path)}: does not accept the new content; what was there stays`}`,
  ]
}

function backup({ path, backup = false }: Replacement): Script[] {
  if (!backup) return []
  return [
    sh`if [ -e ${path} ]; then
  copy=${path}.$(date +%Y%m%dT%H%M%S)~
  cp -a -- ${path} "$copy" || { rm -f -- "$copy"; fail ${`cannot keep a copy of ${path}; it stays as it was`}; }
fi`,
  ]
}

function randomSuffix(): string {
  const letters = 'abcdefghijklmnopqrstuvwxyz0123456789'
  return Array.from({ length: 6 }, () => letters[randomInt(letters.length)]).join('')
}
