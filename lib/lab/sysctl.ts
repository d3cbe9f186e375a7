import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { LABS, listLabs } from './state.ts'

const SAVED = join(LABS, 'sysctl.json')

/** Least values of this machine's own settings while labs are up. */
const NEEDED = {
  '/proc/sys/net/ipv4/ip_forward': 1,
  // the default of 128 is shared by the systemds of all hosts
  '/proc/sys/fs/inotify/max_user_instances': 1024,
}

/** Raises this machine's settings to what labs need; what they were is saved first. Call it under the lock. */
export function raiseSysctls(): void {
  if (!existsSync(SAVED)) {
    const before = Object.keys(NEEDED).map((file) => [file, readFileSync(file, 'utf8').trim()])
    mkdirSync(LABS, { recursive: true, mode: 0o700 })
    writeFileSync(SAVED, JSON.stringify(Object.fromEntries(before)))
  }
  for (const [file, least] of Object.entries(NEEDED)) {
    if (Number(readFileSync(file, 'utf8')) < least) writeFileSync(file, String(least))
  }
}

/** Puts this machine's settings back once the last lab is gone. Call it under the lock. */
export function restoreSysctls(): void {
  if (listLabs().length > 0 || !existsSync(SAVED)) return
  const before = JSON.parse(readFileSync(SAVED, 'utf8')) as Record<string, string>
  for (const [file, value] of Object.entries(before)) writeFileSync(file, value)
  rmSync(SAVED)
}
