import { isIPv4 } from 'node:net'
import { containsAddress, parseCidr, port, secret, z } from '../../lib/index.ts'

const hostAtAddress = z.object({
  name: z.string().min(1),
  address: z.string().refine(isIPv4, 'kube-vip needs an IPv4 address here; set ip=… for the host'),
})

const asNumber = z
  .int()
  .min(1, 'an AS number is 1 to 4294967295')
  .max(4_294_967_295, 'an AS number is 1 to 4294967295')

const bgpPeer = z.object({
  address: z.string().refine(isIPv4, 'expected an IPv4 address').describe('the router'),
  as: asNumber.describe('its AS number'),
  password: secret().optional().describe('its TCP MD5 password'),
  multihop: z.boolean().default(false).describe('whether it is on another network segment'),
})

const seconds = () => z.int().min(1).max(60)

/** What the kube-vip role can be told. */
export const kubeVipVars = z
  .object({
    vip: z
      .string()
      .refine(
        (text) => parseCidr(text) !== undefined,
        'expected an IPv4 address with its prefix length, such as 10.0.0.100/24',
      )
      .describe("the virtual address of the API, with its network's prefix length"),
    masters: z
      .array(hostAtAddress)
      .min(1, 'give at least one control-plane node')
      .readonly()
      .describe('all control-plane nodes, also in a run that is limited to some'),
    otherHosts: z
      .array(z.object({ name: z.string(), address: z.string() }))
      .readonly()
      .default([])
      .describe('other hosts of the network, such as all of the inventory: the VIP must be none of theirs'),
    mode: z
      .enum(['arp', 'bgp'])
      .default('arp')
      .describe(
        'arp: one node has the VIP, elected by a lease; bgp: all nodes tell routers that they have it',
      ),
    interface: z
      .string()
      .regex(/^[^\s/{}#!"'$\\]{1,15}$/, 'expected the name of a network interface')
      .optional()
      .describe(
        "the interface of the VIP; default: with arp the one that has the node's address, with bgp lo",
      ),
    bgp: z
      .object({
        as: asNumber.describe('the AS number of the nodes'),
        peers: z.array(bgpPeer).min(1, 'give at least one router').readonly().describe('the routers'),
      })
      .optional()
      .describe('with mode bgp: who tells whom; the router id of a node is its address'),
    leaseDuration: seconds().default(5).describe('seconds until the others may take the VIP of a lost node'),
    renewDeadline: seconds().default(3).describe('seconds after which a node that cannot renew gives up'),
    retryPeriod: seconds().default(1).describe('seconds between two tries'),
    leaseName: z
      .string()
      .regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, 'expected the name of an object')
      .default('plndr-cp-lock')
      .describe('the lease in kube-system that the nodes elect by'),
    apiServerPort: port().default(6443).describe('where every apiserver listens, and so does the VIP'),
    metricsPort: port().default(2112).describe('where kube-vip tells its metrics, on 127.0.0.1'),
    bundle: z
      .string()
      .min(1)
      .optional()
      .describe('the bundle on the control machine, with the image kube-vip; without it nodes pull it'),
    kubernetesVersion: z
      .string()
      .regex(/^v1\.\d+\.\d+$/, 'expected a version such as v1.36.2')
      .optional()
      .describe("the version of Kubernetes that is installed; default: the bundle's"),
    image: z
      .string()
      .regex(/^[a-z0-9][\w.:/@-]+[:@][\w.:-]+$/, 'expected the full name of an image with its tag')
      .default('ghcr.io/kube-vip/kube-vip:v1.2.2')
      .describe('without a bundle: the image'),
  })
  .superRefine((vars, context) => {
    const issue = (message: string, ...path: (string | number)[]) =>
      context.addIssue({ code: 'custom', path, message })
    const cidr = parseCidr(vars.vip)
    if (cidr === undefined) return
    const holder = [...vars.masters, ...vars.otherHosts].find(({ address }) => address === cidr.address)
    if (holder !== undefined) issue(`is ${holder.name}'s own address: choose a free one`, 'vip')
    if (/^(0|127|22[4-9]|2[345]\d)\./.test(cidr.address))
      issue('is no address that a host of a network can have', 'vip')
    if (vars.mode === 'arp') {
      if (cidr.prefix < 8 || cidr.prefix > 30)
        issue(
          `expected the prefix length of the nodes' network, 8 to 30 (such as /24), not /${cidr.prefix}`,
          'vip',
        )
      else if (cidr.address === cidr.network || cidr.address === cidr.broadcast)
        issue(`is the first or last address of its network, which no host can have`, 'vip')
      for (const { name, address } of vars.masters) {
        if (containsAddress(cidr, address)) continue
        issue(
          `${name}'s address ${address} is outside of ${cidr.network}/${cidr.prefix}: with arp a VIP and its nodes share one subnet`,
          'vip',
        )
      }
      if (vars.bgp !== undefined) issue('is for mode bgp', 'bgp')
    } else if (vars.bgp === undefined) issue('mode bgp needs it: the AS number and the routers', 'bgp')
    if (vars.renewDeadline >= vars.leaseDuration)
      issue(`must be shorter than leaseDuration, ${vars.leaseDuration}`, 'renewDeadline')
    if (vars.retryPeriod * 1.2 >= vars.renewDeadline)
      issue(`must be shorter than renewDeadline, ${vars.renewDeadline}, by a fifth at least`, 'retryPeriod')
  })

export type KubeVipVars = z.output<typeof kubeVipVars>

/** The VIP without its prefix length. */
export function vipAddress({ vip }: KubeVipVars): string {
  return parseCidr(vip)?.address ?? vip
}
