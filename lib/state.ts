import { homedir } from 'node:os'
import { join } from 'node:path'

/** Where runs keep what the next one may want to know: not beside the inventory, which is often a repository or not ours to write. */
export function stateDirectory(): string {
  return join(process.env.XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'quorate')
}

/** Where the log of a run that begins now is kept: `…/logs/2026-11-21T14-05-12-ha-kubernetes-cluster-4711.log`. */
export function newLogPath(playbook: string): string {
  const time = new Date().toISOString().slice(0, 19).replaceAll(':', '-')
  const name = playbook
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 60)
  return join(stateDirectory(), 'logs', `${time}-${name}-${process.pid}.log`)
}
