import type { Connection } from './connection.ts'
import type { ConnectionSettings, ConnectOptions } from './settings.ts'

export { type Completed, completeSettings } from './complete.ts'
export { describeRoute } from './route.ts'

/**
 * Opens the way to a host that its settings name.
 *
 * @throws UnreachableError with what went wrong and what to do about it.
 */
export async function connect(settings: ConnectionSettings, options: ConnectOptions): Promise<Connection> {
  switch (settings.transport) {
    case 'local': {
      const { connectLocal } = await import('./local.ts')
      return connectLocal(settings, options)
    }
    case 'openssh': {
      const { connectOpenSsh } = await import('./openssh.ts')
      return connectOpenSsh(settings, options)
    }
    case 'ssh': {
      const { connectSsh } = await import('./ssh.ts')
      return connectSsh(settings, options)
    }
    default: {
      const { connectContainer } = await import('./container.ts')
      return connectContainer(settings, options)
    }
  }
}
