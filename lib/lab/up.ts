import { writeFileSync } from 'node:fs'
import { UsageError } from '../errors.ts'
import { ensureBaseRoot } from './base-root.ts'
import { removeAll } from './down.ts'
import { bootHost, isUp } from './host.ts'
import { createHostRoot, knownHostsLine } from './host-root.ts'
import { formatInventory } from './inventory-file.ts'
import { type Lab, toLab } from './lab.ts'
import { withLock } from './lock.ts'
import { checkHostNames, checkLabName, numberedHosts } from './names.ts'
import { bridgeExists, chooseNetwork, createNetwork } from './network.ts'
import { waitUntilReady } from './ready.ts'
import { run } from './run.ts'
import { type LabRecord, labPaths, readLab, writeLab } from './state.ts'
import { raiseSysctls } from './sysctl.ts'
import { requireTools } from './tools.ts'

/** What `labUp` starts. */
export interface LabOptions {
  /** Letters, digits and hyphens. @default 'default' */
  readonly name?: string
  /** How many hosts (m1, m2, …), or their names. @default 3 */
  readonly hosts?: number | readonly string[]
  /** Told what is done. @default nobody is */
  readonly log?: (line: string) => void
}

/**
 * Starts a lab and resolves when every host answers over SSH. A lab that is up with the same hosts is used as it
 * is, hosts that do not run are started; what a crashed start left is cleaned up first.
 *
 * @throws UsageError for a bad name or number of hosts; QuorateError when this machine cannot run a lab, when a
 *   lab of that name with other hosts is up, or when a host does not boot (all is cleaned up then).
 */
export async function labUp({ name = 'default', hosts = 3, log = () => {} }: LabOptions = {}): Promise<Lab> {
  const names = typeof hosts === 'number' ? numberedHosts(hosts) : hosts
  checkLabName(name)
  checkHostNames(names)
  requireTools()
  return await withLock(`lab-${name}`, async () => {
    const present = readLab(name)
    if (present?.ready && bridgeExists(present.bridge)) return await reuse(present, names, log)
    await removeAll(name)
    return await create(name, names, log)
  })
}

async function create(name: string, hosts: readonly string[], log: (line: string) => void): Promise<Lab> {
  const lab = await record(name, hosts, log)
  try {
    log(`starting ${hosts.length} hosts on ${lab.network}`)
    await createNetwork(lab)
    await createFiles(lab)
    for (const host of hosts) bootHost(lab, host)
    await Promise.all(lab.hosts.map((host) => waitUntilReady(lab, host)))
  } catch (error) {
    await removeAll(name).catch((left: Error) => log(`cleaning up failed too: ${left.message}`))
    throw error
  }
  writeLab({ ...lab, ready: true })
  return toLab(lab)
}

/** Under one lock with all labs: no two choose the same network, and none loses its base root to another. */
async function record(
  name: string,
  names: readonly string[],
  log: (line: string) => void,
): Promise<LabRecord> {
  return await withLock('machine', async () => {
    const base = await ensureBaseRoot(log)
    const network = await chooseNetwork()
    const prefix = network.network.replace(/0\/24$/, '')
    const hosts = names.map((host, index) => ({ name: host, address: `${prefix}${11 + index}` }))
    const lab: LabRecord = { name, ready: false, ...network, base, hosts }
    writeLab(lab)
    raiseSysctls()
    return lab
  })
}

async function createFiles(lab: LabRecord): Promise<void> {
  const { key, knownHosts, inventory } = labPaths(lab.name)
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', `lab ${lab.name}`, '-f', key])
  await Promise.all(lab.hosts.map(({ name }) => createHostRoot(lab, name)))
  writeFileSync(knownHosts, lab.hosts.map((host) => `${knownHostsLine(lab, host)}\n`).join(''))
  writeFileSync(inventory, formatInventory(lab))
}

async function reuse(lab: LabRecord, names: readonly string[], log: (line: string) => void): Promise<Lab> {
  const present = lab.hosts.map(({ name }) => name)
  if (present.join() !== names.join()) {
    const message = `lab ${lab.name} is up with other hosts: ${present.join(', ')}`
    throw new UsageError([{ message, hint: 'End it first, or choose another name.' }])
  }
  const stopped = present.filter((host) => !isUp(lab.name, host))
  log(stopped.length === 0 ? `lab ${lab.name} is up already` : `starting ${stopped.join(', ')}`)
  await Promise.all(stopped.map((host) => toLab(lab).start(host)))
  return toLab(lab)
}
