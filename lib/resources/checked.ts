import { posix } from 'node:path'
import { QuorateError } from '../errors.ts'

/** Owner, group and permission bits of a path. */
export interface Attributes {
  readonly owner: string
  readonly group: string
  readonly mode: number
}

/**
 * An absolute path in its plain form, so that every resource means the same path by the same text.
 *
 * @throws QuorateError for anything else.
 */
export function checkedPath(kind: string, path: string): string {
  if (!path.startsWith('/')) throw new QuorateError(`${kind}: the path must be absolute, got '${path}'`)
  if (/[\n\0]/.test(path)) {
    throw new QuorateError(`${kind}: a path cannot hold a newline or NUL: ${JSON.stringify(path)}`)
  }
  const plain = posix.normalize(path).replace(/(?<=.)\/$/, '')
  if (path !== plain) {
    throw new QuorateError(`${kind}: the path '${path}' is not in its plain form`, {
      hint: `write '${plain}'`,
    })
  }
  return path
}

/** @throws QuorateError where an owner, group or mode cannot be meant. */
export function checkedAttributes(
  kind: string,
  path: string,
  { owner, group, mode }: Attributes,
): Attributes {
  checkedAccount(`${kind} ${path}: owner`, owner)
  checkedAccount(`${kind} ${path}: group`, group)
  return { owner, group, mode: checkedMode(`${kind} ${path}`, mode) }
}

/** @throws QuorateError for the digest that is not 64 hex digits. */
export function checkedSha256(subject: string, sha256: string): string {
  if (/^[0-9a-fA-F]{64}$/.test(sha256)) return sha256.toLowerCase()
  throw new QuorateError(`${subject}: sha256 must be 64 hex digits, got '${sha256}'`, {
    hint: 'sha256sum FILE prints it; releases publish it beside their downloads',
  })
}

/** @throws QuorateError for the mode that is no permission bits, or that was written in decimal. */
export function checkedMode(subject: string, mode: number): number {
  if (!Number.isInteger(mode) || mode < 0 || mode > 0o7777) {
    throw new QuorateError(`${subject}: mode must be from 0 to 0o7777, got ${mode}`)
  }
  // 644 is 0o1204, which nobody means.
  if (/^[67][0-7]{2}$/.test(String(mode))) {
    throw new QuorateError(`${subject}: mode ${mode} is decimal`, { hint: `write 0o${mode}` })
  }
  return mode
}

function checkedAccount(subject: string, name: string): void {
  if (!/^[^-:\s][^:\s]*$/.test(name)) {
    throw new QuorateError(`${subject} must be a name or number, got '${name}'`)
  }
}
