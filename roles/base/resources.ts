import {
  type Facts,
  hostsEntries,
  kernelModule,
  pkg,
  type Resource,
  sh,
  step,
  sysctl,
} from '../../lib/index.ts'
import type { Node } from './observe.ts'
import { swapOff } from './swap.ts'
import type { BaseVars } from './vars.ts'

/** Traffic between pods passes through iptables, and from one interface to another. */
const SYSCTLS = {
  'net.bridge.bridge-nf-call-iptables': 1,
  'net.bridge.bridge-nf-call-ip6tables': 1,
  'net.ipv4.ip_forward': 1,
}

/** What a kubelet sets by itself unless protectKernelDefaults is on; then it does not start where they differ. */
const KUBELET_SYSCTLS = {
  'vm.overcommit_memory': 1,
  'vm.panic_on_oom': 0,
  'kernel.panic': 10,
  'kernel.panic_on_oops': 1,
  'kernel.keys.root_maxkeys': 1_000_000,
  'kernel.keys.root_maxbytes': 25_000_000,
}

/** The desired state of a host that is fit. `name` is its name in the inventory. */
export function baseResources(
  vars: BaseVars,
  name: string,
  node: Node,
  { packageManager }: Pick<Facts, 'packageManager'>,
): Resource[] {
  const entries = vars.hosts.map((host) => ({ address: host.address, names: [host.name] }))
  const runsPods = vars.purposes.some((purpose) => purpose !== 'etcd')
  // Pods have no use for a host of etcd alone, nor it for what they need.
  const isForPods = runsPods || vars.purposes.length === 0
  const kernel = {
    ...(isForPods && SYSCTLS),
    ...(vars.protectKernelDefaults && KUBELET_SYSCTLS),
    ...vars.sysctls,
  }
  return [
    // CNI plugins call it, from outside of any image.
    ...(runsPods && packageManager !== 'none'
      ? [pkg(packageManager === 'apt' ? 'iptables' : 'iptables-nft')]
      : []),
    ...(vars.setHostname ? [hostname(name)] : []),
    ...(entries.length > 0 ? [hostsEntries(entries)] : []),
    ...(vars.swap === 'off' ? swapOff(node) : []),
    ...(isForPods ? [kernelModule('overlay'), kernelModule('br_netfilter')] : []),
    ...(Object.keys(kernel).length === 0 ? [] : [sysctl(kernel)]),
  ]
}

function hostname(name: string): Resource {
  return step(`hostname ${name}`, {
    done: sh`[ "$(uname -n)" = ${name} ] && [ "$(cat /etc/hostname)" = ${name} ]`,
    run: sh`hostnamectl set-hostname ${name}`,
  })
}
