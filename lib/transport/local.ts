import { userInfo } from 'node:os'
import type { Connection } from './connection.ts'
import { type ConnectionSettings, type ConnectOptions, DEFAULT_TIMEOUT_SECONDS } from './settings.ts'
import { openShell } from './shell-connection.ts'
import { spawnProgram } from './spawn-program.ts'

/**
 * The machine that this program runs on, with the same guarantees as a host reached by ssh.
 *
 * @throws UnreachableError when become is refused.
 */
export function connectLocal(
  { become }: Pick<ConnectionSettings, 'become'>,
  options: ConnectOptions,
): Promise<Connection> {
  return openShell({
    name: options.name,
    user: userInfo().username,
    become,
    timeoutSeconds: options.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS,
    heartbeatSeconds: options.heartbeatSeconds,
    launch: spawnProgram,
    lost: () => undefined,
    hangUp() {},
  })
}
