import { homedir } from 'node:os'
import { resolve } from 'node:path'
import { Secret } from '../secret.ts'
import type { Become, ConnectionSettings } from '../transport/settings.ts'
import { unknownSshOptions } from '../transport/ssh-arguments.ts'
import { becomeFlags } from './become-flags.ts'
import { shlexSplit } from './shlex.ts'
import { SyntaxProblem } from './syntax-problem.ts'
import type { Value } from './types.ts'

// Each function here turns a variable's value into a setting, or throws a SyntaxProblem whose message goes on
// from "the variable must be ...".

const SSH_NAMES = new Set(['ssh', 'smart', 'paramiko', 'paramiko_ssh'])
const TRUE_TEXTS = new Set(['y', 'yes', 'on', '1', 'true', 't'])
const FALSE_TEXTS = new Set(['n', 'no', 'off', '0', 'false', 'f'])
const OTHER_TRANSPORTS = ['openssh', 'local', 'docker', 'podman', 'nspawn'] as const
const BECOME_METHODS = ['sudo', 'su', 'doas'] as const
const COLLECTION_PREFIX =
  /^(?:ansible\.(?:builtin|legacy)|community\.(?:docker|general)|containers\.podman)\./

export function toTransport(value: Value): ConnectionSettings['transport'] {
  const name = typeof value === 'string' ? value.replace(COLLECTION_PREFIX, '') : ''
  if (SSH_NAMES.has(name)) return 'ssh'
  const known = OTHER_TRANSPORTS.find((transport) => transport === name)
  if (known !== undefined) return known
  throw wrong('ssh, openssh, local, docker, podman or nspawn', value)
}

export function toPort(value: Value): number {
  const port = typeof value === 'string' && /^[0-9]+$/.test(value.trim()) ? Number(value) : value
  if (typeof port === 'number' && Number.isInteger(port) && port >= 1 && port <= 65535) return port
  throw wrong('a port from 1 to 65535', value)
}

/** As Ansible converts: `yes`, `on`, `true`, `1` and their opposites, in any case. */
export function toBoolean(value: Value): boolean {
  if (typeof value === 'boolean') return value
  const text =
    typeof value === 'string' || typeof value === 'number' ? String(value).trim().toLowerCase() : ''
  if (TRUE_TEXTS.has(text)) return true
  if (FALSE_TEXTS.has(text)) return false
  throw wrong('yes or no', value)
}

export function toBecomeMethod(value: Value): NonNullable<Become['method']> {
  const name = typeof value === 'string' ? value.replace(COLLECTION_PREFIX, '') : ''
  const known = BECOME_METHODS.find((method) => method === name)
  if (known !== undefined) return known
  throw wrong('sudo, su or doas', value)
}

export function toBecomeFlags(value: Value, method: NonNullable<Become['method']>): string[] {
  return becomeFlags(toWords(value, `flags of ${method}, such as '-E'`), method)
}

/** The program that is started in place of sudo or su, with words of its own where it has any: `sudo su`. */
export function toBecomeProgram(value: Value, method: NonNullable<Become['method']>): string[] {
  const words = toWords(value, `the path of ${method}`)
  if (words.length === 0) throw wrong(`the path of ${method}`, value)
  if (method !== 'doas' || words.join(' ') === 'doas') return words
  throw new SyntaxProblem('left out with doas, which is always started by its name')
}

export function toText(value: Value): string {
  const text = typeof value === 'number' ? String(value) : value
  if (typeof text === 'string' && text.trim() !== '') return text
  throw wrong('a name', value)
}

/** A password of digits has become a number on its way. One such as `True` is no longer what was written. */
export function toSecret(value: Value): Secret {
  if (value instanceof Secret && !value.isEmpty) return value
  if (value === '') throw new SyntaxProblem('a password, but it is empty')
  if (typeof value === 'string' || Number.isInteger(value)) return new Secret(String(value))
  throw new SyntaxProblem('text, but what is written there reads as something else', {
    hint: `Quote it twice on the line of a host, name='"..."', and once elsewhere, name="...".`,
  })
}

/** An absolute path; a relative one starts at the working directory, as in Ansible. */
export function toPath(value: Value): string {
  if (typeof value === 'string' && value !== '') return resolve(value.replace(/^~(?=\/|$)/, homedir()))
  throw wrong('the path of a private key', value)
}

/** The words of options for our own ssh, which honours the usual ones. */
export function toSshWords(value: Value): string[] {
  const words = toWords(value)
  const [unknown] = unknownSshOptions(words)
  if (unknown === undefined) return words
  throw new SyntaxProblem(`options of ssh that can be honoured, and ${unknown} cannot`, {
    hint: "Leave it out, or set ansible_connection=openssh: the system's ssh takes them all.",
  })
}

/** The words of options for the system's ssh. */
export function toWords(value: Value, expected = "options of ssh, such as '-o ProxyJump=bastion'"): string[] {
  // `-4` has become a number on its way.
  const text = typeof value === 'number' ? String(value) : value
  if (typeof text !== 'string') throw wrong(expected, value)
  return shlexSplit(text).map(({ text }) => text)
}

export function toSeconds(value: Value): number {
  const seconds = toPatience(value)
  if (seconds > 0) return seconds
  throw wrong('a number of seconds', value)
}

/** Seconds, or 0. */
export function toPatience(value: Value): number {
  const seconds = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  if (typeof seconds === 'number' && seconds >= 0 && Number.isFinite(seconds)) return seconds
  throw wrong('a number of seconds', value)
}

function wrong(expected: string, value: Value): SyntaxProblem {
  return new SyntaxProblem(`${expected}, not ${JSON.stringify(value)}`)
}
