import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { userInfo } from 'node:os'
import { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ConnectionSettings, DEFAULT_PORT } from './settings.ts'

/** What it has started may hold its stderr open. */
const LAST_WORDS_MS = 2000

/** The stream through which a host is reached. */
export interface WayThrough {
  readonly socket: Duplex
  /** What the command in between has complained of, all of it where it has ended. */
  said?(): Promise<string>
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
  const closed = once(child, 'close').catch(() => {})
  void closed.then(() => socket.destroy())
  let said = ''
  child.stderr.on('data', (chunk) => {
    said = (said + chunk).slice(-1000)
  })
  return {
    socket,
    async said() {
      // Its last words may be on their way still when its stdout has ended.
      if (socket.destroyed || socket.readableEnded)
        await Promise.race([closed, sleep(LAST_WORDS_MS, undefined, { ref: false })])
      return said.trim()
    },
    release() {
      child.kill()
      socket.destroy()
    },
  }
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
