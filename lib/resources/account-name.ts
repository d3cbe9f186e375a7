import { QuorateError } from '../errors.ts'
import type { Script } from '../quote.ts'

/** @throws QuorateError for what cannot be the name of a user or group: a number would be taken for an id. */
export function checkedAccountName(kind: string, name: string): string {
  if (/^[A-Za-z_][A-Za-z0-9_.-]*\$?$/.test(name) && name.length <= 32) return name
  throw new QuorateError(`${kind}: '${name}' is not a name`, {
    hint: 'letters, digits, _ - and ., at most 32, and no digit first',
  })
}

/** @throws QuorateError for what cannot be a uid or gid. */
export function checkedId(subject: string, id: number): number {
  // 2^32 - 1 means "no change" to the kernel.
  if (Number.isInteger(id) && id >= 0 && id < 2 ** 32 - 1) return id
  throw new QuorateError(`${subject} must be a whole number from 0 to 4294967294, got ${id}`)
}

/** A command that edits the files of accounts: it is not ended half-way by the end of a connection. */
export function accountScript(command: Script): string {
  return `(trap '' HUP INT TERM; ${command.text})`
}
