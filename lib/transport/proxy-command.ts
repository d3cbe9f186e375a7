import { spawn } from 'node:child_process'
import { userInfo } from 'node:os'
import { Duplex } from 'node:stream'
import { type ConnectionSettings, DEFAULT_PORT } from './settings.ts'

/** The stream through which a host is reached. */
export interface WayThrough {
  readonly socket: Duplex
  /** What the command in between has complained of. */
  said?(): string
  release(): void
}

/**
 * The stdin and stdout of a ProxyCommand as one stream. It runs in a session of its own: it has no terminal to ask on,
 * and ends with our end of its stdin.
 */
export function commandSocket(command: string, settings: ConnectionSettings): WayThrough {
  const child = spawn('sh', ['-c', `exec ${expandTokens(command, settings)}`], {
    detached: true,
    stdio: 'pipe',
  })
  const socket = Duplex.from({ writable: child.stdin, readable: child.stdout })
  // That it has ended is told by the end of the stream.
  socket.on('error', () => {})
  child.on('error', (error) => socket.destroy(error))
  child.once('close', () => socket.destroy())
  let said = ''
  child.stderr.on('data', (chunk) => {
    said = (said + chunk).slice(-1000)
  })
  const release = () => {
    child.kill()
    socket.destroy()
  }
  return { socket, said: () => said.trim(), release }
}

/** `%h %p %r %n` and `%%`, as in ssh_config(5). */
export function expandTokens(
  command: string,
  { host, port = DEFAULT_PORT, user }: ConnectionSettings,
): string {
  const values: Readonly<Record<string, string>> = {
    '%': '%',
    h: host,
    n: host,
    p: String(port),
    r: user ?? userInfo().username,
  }
  return command.replaceAll(/%([%hnpr])/g, (_token, name: string) => values[name] ?? '')
}
