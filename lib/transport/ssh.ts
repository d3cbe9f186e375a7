import type { Connection } from './connection.ts'
import type { ConnectionSettings, ConnectOptions } from './settings.ts'
import { openShell } from './shell-connection.ts'
import { SshClient } from './ssh-client.ts'

/**
 * A host reached by ssh, with everything on one connection.
 *
 * @throws UnreachableError when it cannot be reached, is not who it was, or does not let us in.
 */
export async function connectSsh(settings: ConnectionSettings, options: ConnectOptions): Promise<Connection> {
  const ssh = new SshClient(settings, options)
  await ssh.connect()
  try {
    return await openShell({
      name: options.name,
      user: ssh.user,
      become: settings.become,
      timeoutSeconds: ssh.timeoutSeconds,
      launch: (argv) => ssh.launch(argv),
      lost: () => ssh.lost,
      hangUp: () => ssh.hangUp(),
    })
  } catch (error) {
    ssh.hangUp()
    throw error
  }
}
