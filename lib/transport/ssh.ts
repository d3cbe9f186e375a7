import type { Connection } from './connection.ts'
import type { ConnectionSettings, ConnectOptions } from './settings.ts'
import { openShell } from './shell-connection.ts'
import { openSsh } from './ssh-open.ts'

/**
 * A host reached by ssh, with everything on one connection.
 *
 * @throws UnreachableError when it cannot be reached, is not who it was, or does not let us in.
 */
export async function connectSsh(settings: ConnectionSettings, options: ConnectOptions): Promise<Connection> {
  const { client: ssh, release } = await openSsh(settings, options)
  try {
    return await openShell({
      name: options.name,
      user: ssh.user,
      become: settings.become,
      timeoutSeconds: ssh.timeoutSeconds,
      launch: (argv) => ssh.launch(argv),
      lost: () => ssh.lost,
      hangUp: release,
    })
  } catch (error) {
    release()
    throw error
  }
}
