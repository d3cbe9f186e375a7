import type { Connection } from './connection.ts'
import type { ConnectionSettings, ConnectOptions } from './settings.ts'

export { askCredentials } from './credentials.ts'
export { resolveConnections } from './resolve.ts'

/**
 * Opens the way to a host that its settings name.
 *
 * @throws UnreachableError with what went wrong and what to do about it.
 */
export async function connect(settings: ConnectionSettings, options: ConnectOptions): Promise<Connection> {
  if (settings.transport === 'local') {
    const { connectLocal } = await import('./local.ts')
    return connectLocal(settings, options)
  }
  const { connectSsh } = await import('./ssh.ts')
  return connectSsh(settings, options)
}
