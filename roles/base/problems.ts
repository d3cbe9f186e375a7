import type { Facts } from '../../lib/index.ts'
import { clockStrangers, leastSkew } from './clock.ts'
import type { Node } from './observe.ts'
import type { BaseVars } from './vars.ts'

/** A host before anything is changed, and all others that take part. */
export interface Situation {
  readonly vars: BaseVars
  /** The host's name in the inventory. */
  readonly name: string
  readonly facts: Pick<Facts, 'cpus' | 'memoryKb'>
  readonly node: Node
  /** By the names of the hosts, this one included. */
  readonly nodes: ReadonlyMap<string, Node>
}

/** All that keeps a host from becoming part of a cluster; empty where it is fit. */
export function problemsOf(situation: Situation): string[] {
  return [
    ...nameProblems(situation),
    ...identityProblems(situation),
    ...clockProblems(situation),
    ...sizeProblems(situation),
    ...portProblems(situation),
  ]
}

function nameProblems({ vars, name, node: { hostname }, nodes }: Situation): string[] {
  if (vars.setHostname) {
    if (/^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/.test(name)) return []
    return [`'${name}' cannot be the name of a node: lower-case letters, digits, inner hyphens and dots only`]
  }
  const others = othersWith(name, nodes, (other) => other.hostname.toLowerCase() === hostname.toLowerCase())
  if (others.length === 0) return []
  return [
    `its hostname ${hostname} is also that of ${others.join(', ')}: set base_set_hostname: true, or rename it`,
  ]
}

function identityProblems({ name, node: { machineId }, nodes }: Situation): string[] {
  const remedy = 'rm /etc/machine-id && systemd-machine-id-setup && reboot'
  if (!/^[0-9a-f]{32}$/.test(machineId)) return [`it has no /etc/machine-id; ${remedy}`]
  const others = othersWith(name, nodes, (other) => other.machineId === machineId)
  if (others.length === 0) return []
  return [`its machine-id is also that of ${others.join(', ')}, as with clones; on all but one: ${remedy}`]
}

function clockProblems({ vars, name, node, nodes }: Situation): string[] {
  const clocks = new Map([...nodes].map(([other, { clock }]) => [other, clock]))
  const strangers = clockStrangers(name, clocks, vars.maxClockSkew)
  const skews = strangers.map((other) => leastSkew(node.clock, (nodes.get(other) as Node).clock))
  const required = vars.requireTimeSync ?? !node.container
  return [
    ...(strangers.length === 0
      ? []
      : [`its clock is ${Math.round(Math.max(...skews))} s away from that of ${strangers.join(', ')}`]),
    ...(required && node.timeSync === undefined
      ? [
          'no time sync service is active: install chrony, or start systemd-timesyncd (base_require_time_sync: false: only warn)',
        ]
      : []),
  ]
}

function sizeProblems({ vars, facts }: Situation): string[] {
  if (!vars.purposes.includes('control-plane')) return []
  const memoryMb = Math.floor(facts.memoryKb / 1024)
  return [
    ...(memoryMb < vars.minimumMemoryMb
      ? [
          `it has ${memoryMb} MB of memory, a control plane needs ${vars.minimumMemoryMb} (base_minimum_memory_mb)`,
        ]
      : []),
    ...(facts.cpus < vars.minimumCpus
      ? [
          `it has ${facts.cpus} ${facts.cpus === 1 ? 'core' : 'cores'}, a control plane needs ${vars.minimumCpus} (base_minimum_cpus)`,
        ]
      : []),
  ]
}

function portProblems({ vars, node: { listeners } }: Situation): string[] {
  return [...wantedPorts(vars)].flatMap(([port, program]) => {
    const present = listeners.get(port)
    // The kernel keeps 15 letters of a program's name.
    if (present === undefined || present === program.slice(0, 15)) return []
    return [`port ${port} is taken by ${present}, ${program} needs it`]
  })
}

/** The program that is going to listen, by port. */
function wantedPorts({ purposes, apiServerPort }: BaseVars): Map<number, string> {
  const ports: Record<BaseVars['purposes'][number], [number, string][]> = {
    'control-plane': [
      [apiServerPort, 'kube-apiserver'],
      [10_250, 'kubelet'],
      [10_257, 'kube-controller-manager'],
      [10_259, 'kube-scheduler'],
    ],
    worker: [
      [10_250, 'kubelet'],
      [10_256, 'kube-proxy'],
    ],
    etcd: [
      [2379, 'etcd'],
      [2380, 'etcd'],
    ],
  }
  return new Map(purposes.flatMap((purpose) => ports[purpose]))
}

/** Names of other hosts that are the same in something. */
export function othersWith(name: string, nodes: Situation['nodes'], same: (node: Node) => boolean): string[] {
  return [...nodes].filter(([other, node]) => other !== name && same(node)).map(([other]) => other)
}
