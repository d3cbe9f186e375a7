import { killHost, removeNspawnTraces } from './host.ts'
import { unmountHostRoot } from './host-root.ts'
import { withLock } from './lock.ts'
import { checkLabName } from './names.ts'
import { removeNetwork } from './network.ts'
import { readLab, removeLab } from './state.ts'
import { restoreSysctls } from './sysctl.ts'
import { requireTools } from './tools.ts'

/**
 * Ends a lab and removes all of it, or what a crashed start left of it; does nothing when there is none.
 *
 * @throws QuorateError when this machine cannot run a lab, or something cannot be removed.
 */
export async function labDown(name = 'default'): Promise<void> {
  checkLabName(name)
  requireTools()
  await withLock(`lab-${name}`, () => removeAll(name))
}

/** The same for who holds the lab's lock already. The record goes last: whatever fails, the next try knows all. */
export async function removeAll(name: string): Promise<void> {
  const lab = readLab(name)
  if (lab !== undefined) {
    await Promise.all(lab.hosts.map((host) => killHost(name, host.name)))
    await Promise.all(lab.hosts.map((host) => unmountHostRoot(name, host.name)))
    for (const host of lab.hosts) removeNspawnTraces(lab, host.name)
    await removeNetwork(lab)
  }
  await withLock('machine', async () => {
    removeLab(name)
    restoreSysctls()
  })
}
