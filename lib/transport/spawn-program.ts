import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { UnreachableError } from '../errors.ts'
import type { HostProcess } from './host-process.ts'

/**
 * Starts a program on this machine: the shell itself, or what leads to a host.
 *
 * @throws UnreachableError when it is not installed.
 */
export async function spawnProgram(argv: readonly string[]): Promise<HostProcess> {
  const [command = '', ...args] = argv
  // A session of its own, as under sshd: Ctrl-C at the terminal is ours to handle, not the script's.
  const child = spawn(command, args, { detached: true, stdio: 'pipe' })
  const { stdin, stdout, stderr } = child
  // Writing to a program that has gone is no error: that it has gone is told by `ended`.
  stdin.on('error', () => {})
  let hungUp = () => {}
  const ended = new Promise<number | undefined>((resolve) => {
    hungUp = () => resolve(undefined)
    child.once('close', (code) => resolve(code ?? undefined))
  })
  await once(child, 'spawn').catch((error: NodeJS.ErrnoException) => {
    throw new UnreachableError(
      `cannot start ${command}: ${error.code === 'ENOENT' ? 'it is not installed' : error.message}`,
    )
  })
  const destroy = () => {
    for (const stream of [stdin, stdout, stderr]) stream.destroy()
    // What does not end by itself must not keep us from ending.
    child.unref()
    hungUp()
  }
  return { stdin, stdout, stderr, ended, destroy }
}
