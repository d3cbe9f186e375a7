import type { Problem } from '../errors.ts'
import { Secret } from '../secret.ts'
import type { Become, ConnectionSettings } from '../transport/settings.ts'
import { SETTING_NAMES } from './ansible-variables.ts'
import { doubtfulNames } from './doubtful-names.ts'
import { tryValue } from './evaluate.ts'
import {
  toBecomeFlags,
  toBecomeMethod,
  toBecomeProgram,
  toBoolean,
  toPath,
  toPatience,
  toPort,
  toSeconds,
  toSecret,
  toSshWords,
  toText,
  toTransport,
  toWords,
} from './setting-values.ts'
import { SyntaxProblem } from './syntax-problem.ts'
import type { InventoryHost, Value, Variable } from './types.ts'

/**
 * The settings for a host, and all that is wrong with its variables. Settings that are wrong have their defaults,
 * so connect only if there are no problems. Hosts that inherit a wrong variable from a group share the problem:
 * its text does not name the host.
 */
export function connectionSettings(host: InventoryHost): {
  settings: ConnectionSettings
  problems: Problem[]
} {
  const problems = doubtfulNames(host)
  const read = reader(host, problems)
  const transport = read('connection', toTransport) ?? 'ssh'
  const method = read('becomeMethod', toBecomeMethod)
  const optional = {
    user: read('user', toText),
    password: read('password', toSecret),
    privateKeyFile: read('privateKeyFile', toPath),
    passphrase: read('passphrase', toSecret),
    port: read('port', toPort),
    timeoutSeconds: read('timeout', toSeconds),
    reconnectSeconds: read('reconnect', toPatience),
    sshArguments: readSshArguments(read, transport),
    become: read('become', toBoolean) === true ? readBecome(read, method) : undefined,
  }
  const settings: ConnectionSettings = {
    transport,
    host: read('host', toText) ?? host.name,
    ...withoutUndefined(optional),
  }
  if (settings.transport === 'openssh' && settings.password !== undefined) {
    const [name, variable] = lastOf(host, SETTING_NAMES.password) ?? []
    const hint = 'Use a key, or ansible_connection=ssh.'
    problems.push({
      message: `${name} cannot be given to ssh(1)`,
      ...(variable && { place: variable.place }),
      hint,
    })
  }
  return { settings, problems }
}

/** Where a host can be reached by other hosts: its variable `ip`, else `ansible_host`, else its name. */
export function hostAddress(host: InventoryHost): string {
  const variable = host.vars.get('ip') ?? hostVariable(host)
  const value = variable && tryValue(variable)
  const address = value instanceof Secret ? value.reveal() : value
  return typeof address === 'string' && address !== '' ? address : host.name
}

/** The variable of a host that decides where the connection goes. */
export function hostVariable(host: InventoryHost): Variable | undefined {
  return lastOf(host, SETTING_NAMES.host)?.[1]
}

type Read = <T>(setting: keyof typeof SETTING_NAMES, convert: (value: Value) => T) => T | undefined

function reader(host: InventoryHost, problems: Problem[]): Read {
  return (setting, convert) => {
    const [name, variable] = lastOf(host, SETTING_NAMES[setting]) ?? []
    const value = variable && tryValue(variable, problems)
    if (variable === undefined || value === undefined) return undefined
    try {
      // Only a password stays hidden: what else comes out of a vault has to be read here.
      return convert(value instanceof Secret && convert !== (toSecret as unknown) ? value.reveal() : value)
    } catch (error) {
      if (!(error instanceof SyntaxProblem)) throw error
      const { message, hint } = error
      problems.push({
        message: `${name} must be ${message}`,
        place: variable.place,
        ...(hint === undefined ? {} : { hint }),
      })
      return undefined
    }
  }
}

function readSshArguments(
  read: Read,
  transport: ConnectionSettings['transport'],
): ConnectionSettings['sshArguments'] {
  const words = (setting: 'sshArgs' | 'sshCommonArgs' | 'sshExtraArgs') =>
    read(setting, transport === 'openssh' ? toWords : toSshWords) ?? []
  const before = words('sshArgs')
  const after = [...words('sshCommonArgs'), ...words('sshExtraArgs')]
  return before.length + after.length === 0 ? undefined : { before, after }
}

function readBecome(
  read: Read,
  method: Become['method'] | undefined,
): NonNullable<ConnectionSettings['become']> {
  const password = read('becomePassword', toSecret)
  const known = method ?? 'sudo'
  const toFlags = (value: Value) => toBecomeFlags(value, known)
  const toExe = (value: Value) => toBecomeProgram(value, known)
  // As in Ansible: what is said of the method wins over what is said of any.
  const flags = read(`${known}Flags`, toFlags) ?? read('becomeFlags', toFlags)
  const program = read(`${known}Exe`, toExe) ?? read('becomeExe', toExe)
  return {
    user: read('becomeUser', toText) ?? 'root',
    ...withoutUndefined({ method, password, flags, program }),
  }
}

/** The last of `names` that is set, as in Ansible. A null, as `ansible_user=None` gives, counts as not set. */
function lastOf(host: InventoryHost, names: readonly string[]): readonly [string, Variable] | undefined {
  for (const name of names.toReversed()) {
    const variable = host.vars.get(name)
    if (variable !== undefined && tryValue(variable) !== null) return [name, variable]
  }
  return undefined
}

type Defined<T> = { [K in keyof T]?: NonNullable<T[K]> }

function withoutUndefined<T extends object>(values: T): Defined<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Defined<T>
}
