import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import ssh2, { type ServerChannel } from 'ssh2'
import type { ConnectionSettings, ConnectOptions } from '../../lib/transport/settings.ts'

/** An sshd of this process that runs programs on this machine, and counts what it is asked for. */
export interface CountingSshHost {
  readonly settings: ConnectionSettings
  readonly options: ConnectOptions
  readonly counts: {
    connections: number
    /** Tries to log in. */
    attempts: number
    /** Programs started, each in a channel of its own. */
    programs: number
    /** How often something was sent to a program after it had answered. */
    roundTrips: number
    /** To the host, encrypted, once the programs have ended. */
    bytesSent: number
  }
  stop(): Promise<void>
}

export async function countingSshHost(): Promise<CountingSshHost> {
  const folder = mkdtempSync(join(tmpdir(), 'quorate-ssh-'))
  const { private: hostKey, public: publicKey } = ssh2.utils.generateKeyPairSync('ed25519')
  const key = join(folder, 'key')
  writeFileSync(key, ssh2.utils.generateKeyPairSync('ed25519').private, { mode: 0o600 })
  const counts = { connections: 0, attempts: 0, programs: 0, roundTrips: 0, bytesSent: 0 }
  const sockets = new Set<Socket>()
  const server = new ssh2.Server({ hostKeys: [hostKey] }, (client) => {
    counts.connections++
    client.on('error', () => {})
    client.on('authentication', (context) => {
      counts.attempts++
      context.accept()
    })
    client.on('session', (acceptSession) => {
      acceptSession().on('exec', (acceptExec, _reject, { command }) => {
        counts.programs++
        serve(acceptExec(), command, counts)
      })
    })
  })
  const listener = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => {
      counts.bytesSent += socket.bytesRead
    })
    server.injectSocket(socket)
  }).listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address() as AddressInfo
  const knownHostsFile = join(folder, 'known_hosts')
  writeFileSync(knownHostsFile, `[127.0.0.1]:${port} ${publicKey}\n`)
  return {
    settings: { transport: 'ssh', host: '127.0.0.1', port, user: userInfo().username, privateKeyFile: key },
    options: { name: 'counted', knownHostsFile },
    counts,
    async stop() {
      await Promise.all([...sockets].map((socket) => socket.closed || once(socket, 'close')))
      listener.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function serve(channel: ServerChannel, command: string, counts: { roundTrips: number }): void {
  const child = spawn('sh', ['-c', command], { detached: true })
  let answered = true
  channel.on('data', () => {
    if (answered) counts.roundTrips++
    answered = false
  })
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', () => {
      answered = true
    })
  }
  channel.pipe(child.stdin)
  child.stdin.on('error', () => {})
  child.stdout.pipe(channel, { end: false })
  child.stderr.pipe(channel.stderr, { end: false })
  child.on('close', (code) => {
    channel.exit(code ?? 1)
    channel.end()
  })
}
