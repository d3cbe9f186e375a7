import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { UnreachableError } from '../errors.ts'
import type { Connection } from './connection.ts'
import { type ConnectionSettings, type ConnectOptions, DEFAULT_TIMEOUT_SECONDS } from './settings.ts'
import { openShell } from './shell-connection.ts'
import { spawnProgram } from './spawn-program.ts'

/**
 * A container of this machine, entered by its engine's own command line, with the same guarantees as a host reached by
 * ssh: its shell ends when its stdin does.
 *
 * @throws UnreachableError when there is no such container, or it has no shell.
 */
export async function connectContainer(
  settings: ConnectionSettings,
  options: ConnectOptions,
): Promise<Connection> {
  const enter = await enterCommand(settings, options.name)
  return openShell({
    name: options.name,
    // Whom an image starts as is not known before; in most it is root.
    user: settings.user ?? 'root',
    become: settings.become,
    timeoutSeconds: options.timeoutSeconds ?? settings.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS,
    heartbeatSeconds: options.heartbeatSeconds,
    launch: (argv) => spawnProgram([...enter, ...argv]),
    lost: () => undefined,
    hangUp() {},
  })
}

async function enterCommand(settings: ConnectionSettings, name: string): Promise<readonly string[]> {
  const { transport, host, user } = settings
  if (transport !== 'nspawn') return [transport, 'exec', '-i', ...(user ? ['-u', user] : []), host]
  const leader = await leaderOf(host, name)
  const clean = [
    'env',
    '-i',
    'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    'HOME=/root',
  ]
  return ['nsenter', '--target', leader, '--all', '--root', '--wd', '--', ...clean]
}

/** The process of a machine that its namespaces are entered by. */
async function leaderOf(machine: string, name: string): Promise<string> {
  const args = ['show', '--property=Leader', '--value', '--', machine]
  const answer = await promisify(execFile)('machinectl', args).catch((error: Error & { stderr?: string }) => {
    const why = error.stderr?.trim() || error.message
    throw new UnreachableError(`${name}: no way into the machine ${machine}: ${why}`, { cause: error })
  })
  const leader = answer.stdout.trim()
  if (/^[1-9]\d*$/.test(leader)) return leader
  throw new UnreachableError(`${name}: the machine ${machine} is not running`, {
    hint: 'see machinectl list',
  })
}
