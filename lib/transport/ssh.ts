import type { Connection } from './connection.ts'
import type { ConnectionSettings, ConnectOptions } from './settings.ts'
import { openShell } from './shell-connection.ts'
import { SshChannels } from './ssh-channels.ts'
import { openSsh } from './ssh-open.ts'

/**
 * A host reached by ssh, with everything on one connection.
 *
 * @throws UnreachableError when it cannot be reached, is not who it was, or does not let us in.
 */
export async function connectSsh(settings: ConnectionSettings, options: ConnectOptions): Promise<Connection> {
  const open = () => openSsh(settings, options)
  const first = await open()
  const ssh = first.client
  const channels = new SshChannels(first, open)
  try {
    return await openShell({
      name: options.name,
      user: ssh.user,
      become: settings.become,
      timeoutSeconds: ssh.timeoutSeconds,
      heartbeatSeconds: options.heartbeatSeconds,
      launch: (argv) => channels.launch(argv),
      lost: () => ssh.lost,
      hangUp: () => channels.release(),
    })
  } catch (error) {
    channels.release()
    throw error
  }
}
