import { containsAddress, parseCidr } from '../../lib/index.ts'
import { othersWith, type Situation } from './problems.ts'
import type { BaseVars } from './vars.ts'

/** What the user should know, and may live with. */
export function warningsOf(situation: Situation): string[] {
  const { vars, name, node } = situation
  return [
    ...cloneWarnings(situation),
    ...(node.timeSync === undefined && vars.requireTimeSync === false
      ? [`no time sync service is active on ${name}`]
      : []),
    ...(vars.swap === 'off' && node.container && node.swaps.length > 0
      ? [`swap is on (${node.swaps.join(', ')}): it belongs to the machine that ${name} is a container of`]
      : []),
    ...(node.fsyncMs !== undefined && node.fsyncMs > vars.maxFsyncMs ? [slowDisk(node.fsyncMs, vars)] : []),
    ...guardWarnings(situation),
    ...proxyWarnings(situation),
  ]
}

function cloneWarnings({ name, node, nodes }: Situation): string[] {
  const uuid = node.productUuid.toLowerCase()
  if (node.container || uuid === '') return []
  const twins = othersWith(name, nodes, (other) => other.productUuid.toLowerCase() === uuid)
  if (twins.length === 0) return []
  return [`the hardware of ${[name, ...twins].join(', ')} has one product_uuid, ${uuid}: is one a clone?`]
}

function slowDisk(ms: number, { etcdDataDir, maxFsyncMs }: BaseVars): string {
  return `the disk under ${etcdDataDir} takes ${ms.toFixed(1)} ms for a write, more than ${maxFsyncMs}: etcd may lose its leader under load`
}

/** The roles open no ports and set no labels: who guards the host has to. */
function guardWarnings({ name, node: { firewall, selinux } }: Situation): string[] {
  return [
    ...(firewall === undefined
      ? []
      : [
          `${firewall} is active on ${name}, and no role opens ports in it: see Kubernetes' list of ports; flannel needs UDP 8472, keepalived protocol 112`,
        ]),
    ...(selinux
      ? [
          `SELinux is enforcing on ${name}, which the roles have not been tried with: haproxy needs setsebool -P haproxy_connect_any 1, and keepalived may not run its check`,
        ]
      : []),
  ]
}

/** kubectl and kubeadm use the proxy of the environment, and kubeadm hands it on to the control plane. */
function proxyWarnings({ vars: { hosts }, name, node: { proxy, noProxy } }: Situation): string[] {
  const beyond = proxy ? hosts.filter(({ address }) => !isExempt(address, noProxy)) : []
  if (beyond.length === 0) return []
  return [
    `HTTPS_PROXY is set on ${name}, and NO_PROXY lacks ${beyond.map(({ address }) => address).join(', ')}: the API would be asked for through the proxy; add all nodes, the VIP and the networks of pods and Services`,
  ]
}

/** As programs in Go read it: addresses, networks, or * for all. */
function isExempt(address: string, noProxy: string): boolean {
  return noProxy
    .split(',')
    .map((entry) => entry.trim())
    .some((entry) => {
      const network = parseCidr(entry)
      return (
        entry === '*' || entry === address || (network !== undefined && containsAddress(network, address))
      )
    })
}
