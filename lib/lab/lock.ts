import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Writable } from 'node:stream'

const LOCKS = '/run/lock/quorate-lab'
const held = new Set<Writable>()

/**
 * Runs `fn` while no other process of this machine runs one under the same name.
 *
 * flock(1) holds the lock for as long as its stdin is open: the kernel closes that even when this process is
 * killed, so a lock is never left behind.
 */
export async function withLock<T>(name: string, fn: () => Promise<T>): Promise<T> {
  mkdirSync(LOCKS, { recursive: true, mode: 0o700 })
  const script = 'echo locked; exec cat >/dev/null'
  const holder = spawn('flock', [join(LOCKS, name), 'sh', '-c', script], {
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  const ended = once(holder, 'close')
  const failed = ended.then(() => Promise.reject(new Error(`the lock ${name} could not be taken`)))
  await Promise.race([once(holder.stdout, 'data'), failed])
  held.add(holder.stdin)
  try {
    return await fn()
  } finally {
    held.delete(holder.stdin)
    holder.stdin.end()
    await ended
  }
}

/** What keeps our locks held; given to a program it keeps them until that program has ended too. */
export function heldLocks(): readonly Writable[] {
  return [...held]
}
