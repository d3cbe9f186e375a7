import { UsageError } from '../errors.ts'
import { labDown } from './down.ts'
import { bootHost, execInHost, isUp, killHost } from './host.ts'
import { checkLabName } from './names.ts'
import { waitUntilReady } from './ready.ts'
import type { Output } from './run.ts'
import { hostPaths, type LabRecord, labPaths, requireLab } from './state.ts'
import { requireRoot } from './tools.ts'

/** A host of a lab. */
export interface LabHost {
  readonly name: string
  readonly address: string
  /** Path of its root file system, seen from this machine. */
  readonly root: string
}

/** Hosts that are up, on a network of their own. */
export interface Lab {
  readonly name: string
  readonly hosts: readonly LabHost[]
  /** For example `10.213.7.0/24`: hosts have .11 and up, .1 is this machine, .2 to .10 are free for VIPs. */
  readonly network: string
  /** Path of a hosts.ini for these hosts. */
  readonly inventory: string
  /** Path of the private SSH key that root of each host accepts. */
  readonly key: string
  /** Path of the known_hosts file with every host's key. */
  readonly knownHosts: string
  /** The host of that name. @throws UsageError when the lab has none. */
  host(name: string): LabHost
  /** Runs a POSIX shell command as root in a host, past SSH; never throws for its exit code. */
  exec(host: string, command: string, stdin?: string): Promise<Output>
  /** Cuts a host's power: SIGKILL of its init and with it of everything. Its files stay. */
  kill(host: string): Promise<void>
  /** Boots a host that was killed, and waits until it answers. */
  start(host: string): Promise<void>
  /** Ends the lab: see `labDown`. */
  down(): Promise<void>
}

/** Attaches to a lab that is up. @throws QuorateError when there is none of that name. */
export async function openLab(name = 'default'): Promise<Lab> {
  checkLabName(name)
  requireRoot()
  return toLab(requireLab(name))
}

/** The ssh(1) arguments that reach hosts of a lab, but for the host. */
export function sshArguments({ key, knownHosts }: Pick<Lab, 'key' | 'knownHosts'>): string[] {
  const options = [
    ...['User=root', `IdentityFile=${key}`, 'IdentitiesOnly=yes', `UserKnownHostsFile=${knownHosts}`],
    ...['GlobalKnownHostsFile=/dev/null', 'StrictHostKeyChecking=yes', 'LogLevel=ERROR', 'ConnectTimeout=5'],
  ]
  return ['-F', '/dev/null', ...options.flatMap((option) => ['-o', option])]
}

/** The handle of a recorded lab. */
export function toLab(lab: LabRecord): Lab {
  const { name, network } = lab
  const { key, knownHosts, inventory } = labPaths(name)
  const hosts = lab.hosts.map((host) => ({ ...host, root: hostPaths(name, host.name).root }))
  const find = (host: string) => findHost(name, hosts, host)
  return {
    ...{ name, network, key, knownHosts, inventory, hosts },
    host: find,
    exec: async (host, command, stdin) => await execInHost(name, find(host).name, command, stdin),
    kill: async (host) => await killHost(name, find(host).name),
    start: async (host) => {
      if (!isUp(name, find(host).name)) bootHost(lab, host)
      await waitUntilReady(lab, find(host))
    },
    down: async () => await labDown(name),
  }
}

function findHost(lab: string, hosts: readonly LabHost[], name: string): LabHost {
  const found = hosts.find((host) => host.name === name)
  if (found !== undefined) return found
  const hint = `It has ${hosts.map((host) => host.name).join(', ')}.`
  throw new UsageError([{ message: `lab ${lab} has no host ${name}`, hint }])
}
