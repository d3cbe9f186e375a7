import { userInfo } from 'node:os'
import { type QuorateError, UnreachableError } from '../errors.ts'
import { quote } from '../quote.ts'
import type { Connection } from './connection.ts'
import type { HostProcess } from './host-process.ts'
import { type ConnectionSettings, type ConnectOptions, DEFAULT_TIMEOUT_SECONDS } from './settings.ts'
import { openShell } from './shell-connection.ts'
import { spawnProgram } from './spawn-program.ts'
import { sshCommandLine } from './ssh-config.ts'

/** What ssh(1) ends with when it was itself that failed. */
const SSH_FAILED = 255

/**
 * A host reached by the system's ssh(1), for what only that can do: certificates, hardware keys, Kerberos. One process
 * a shell; uploads log in anew. It has no terminal, so it asks for nothing.
 *
 * @throws UnreachableError with what ssh said.
 */
export async function connectOpenSsh(
  settings: ConnectionSettings,
  options: ConnectOptions,
): Promise<Connection> {
  const { name } = options
  const timeoutSeconds = options.timeoutSeconds ?? settings.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS
  const words = openSshCommand(settings, { ...options, timeoutSeconds })
  let isOpen = false
  let lost: QuorateError | undefined
  const launch = async (argv: readonly string[]): Promise<HostProcess> => {
    const process = await spawnProgram([...words, `exec ${argv.map(quote).join(' ')}`])
    let said = ''
    process.stderr.on('data', (chunk: Buffer) => {
      said = (said + chunk).slice(-2000)
    })
    process.ended.then((code) => {
      if (code === SSH_FAILED) lost ??= sshFailure(name, said, isOpen)
    })
    return process
  }
  const connection = await openShell({
    name,
    user: settings.user ?? userInfo().username,
    become: settings.become,
    timeoutSeconds,
    heartbeatSeconds: options.heartbeatSeconds,
    launch,
    lost: () => lost,
    hangUp() {},
  })
  isOpen = true
  return connection
}

/** The command line of ssh(1), but for what to run. Of an option's values the first counts: ours come first. */
export function openSshCommand(
  settings: ConnectionSettings,
  { knownHostsFile, acceptNewHostKeys, timeoutSeconds }: Omit<ConnectOptions, 'name'>,
): string[] {
  const known = [`UserKnownHostsFile="${knownHostsFile}"`, 'GlobalKnownHostsFile=/dev/null']
  const options = [
    // A connection that others share would outlive us, and a question would never be answered.
    ...['BatchMode=yes', 'ControlMaster=no', 'ControlPath=none', 'RemoteCommand=none'],
    ...[`ConnectTimeout=${Math.ceil(timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS)}`],
    ...['ServerAliveInterval=10', 'ServerAliveCountMax=3', 'LogLevel=ERROR'],
    ...(knownHostsFile === undefined ? [] : known),
    ...(acceptNewHostKeys ? ['StrictHostKeyChecking=accept-new'] : []),
  ]
  return ['ssh', '-T', ...options.flatMap((option) => ['-o', option]), ...sshCommandLine(settings)]
}

function sshFailure(name: string, said: string, isOpen: boolean): UnreachableError {
  const text = said.trim().split('\n').slice(-3).join('; ')
  if (isOpen) return new UnreachableError(`connection to ${name} lost${text === '' ? '' : `: ${text}`}`)
  return new UnreachableError(`${name}: ssh cannot connect: ${text || 'it does not say why'}`, {
    hint: 'it runs without a terminal and asks for nothing: keys belong into an ssh-agent',
  })
}
