import { isIPv4 } from 'node:net'
import { containsAddress, parseCidr, port, z } from '../../lib/index.ts'
import { MOST_MEMBERS, prioritiesOf, weightProblem } from './election.ts'

const member = z.object({
  name: z.string().min(1).describe("the host's name in the inventory"),
  address: z
    .string()
    .refine(isIPv4, 'keepalived needs an IPv4 address here; set ip=… for the host')
    .describe('where the other members reach it'),
  priority: z
    .number()
    .int()
    .min(1, 'a priority is 1 to 254')
    .max(254, 'a priority is 1 to 254')
    .optional()
    .describe('the highest one that is healthy gets the VIP first; default: 150, 140, 130, … in order'),
})

const vip = z.string().superRefine((text, context) => {
  const message = vipProblem(text)
  if (message !== undefined) context.addIssue({ code: 'custom', message })
})

const name = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/

/** What the keepalived role can be told. */
export const keepalivedVars = z
  .object({
    vip: vip.describe("the virtual address with its network's prefix length, such as 10.0.0.100/24"),
    members: z
      .array(member)
      .min(2, 'a VIP needs at least two members to move between')
      .max(MOST_MEMBERS, `at most ${MOST_MEMBERS} members`)
      .readonly()
      .describe('the hosts that may hold the VIP, all of them also in a run that is limited to some'),
    otherHosts: z
      .array(z.object({ name: z.string(), address: z.string() }))
      .readonly()
      .default([])
      .describe('other hosts of the network, such as all of the inventory: the VIP must be none of theirs'),
    clusterName: z
      .string()
      .max(60)
      .regex(name, 'expected letters, digits, and _ . - inside')
      .describe("the cluster's name: names the VRRP instance, and virtualRouterId follows from it"),
    virtualRouterId: z
      .number()
      .int()
      .min(1, 'a VRRP id is 1 to 255')
      .max(255, 'a VRRP id is 1 to 255')
      .optional()
      .describe(
        'the VRRP id, different for each cluster of a network segment; default: a digest of clusterName',
      ),
    interface: z
      .string()
      .regex(/^[^\s/{}#!"]{1,15}$/, 'expected the name of a network interface')
      .optional()
      .describe("the network interface of the VIP; default: the one that has the member's address"),
    advertInt: z
      .number()
      .int()
      .min(1)
      .max(40)
      .default(1)
      .describe('seconds between two adverts; a lost holder is missed after three'),
    check: z
      .enum(['auto', 'haproxy', 'apiserver', 'none'])
      .default('auto')
      .describe(
        'what a member must have to hold the VIP: a haproxy (or nginx) that answers, or one that also reaches an apiserver that is ready (then an outage of all apiservers takes the VIP down); auto: an apiserver, once one is ready',
      ),
    checkPort: port().default(8443).describe('where haproxy listens on 127.0.0.1'),
    checkWeight: z
      .number()
      .int()
      .min(-253)
      .max(253)
      .default(0)
      .describe(
        '0: a member with a failing check gives the VIP up; else what the check adds to its priority, with preempt only',
      ),
    trackProcess: z
      .string()
      .regex(name, 'expected the name of a program')
      .nullable()
      .default('haproxy')
      .describe(
        'a program whose death moves the VIP at once; null for none. In containers the kernel does not tell: there the check alone decides',
      ),
    preempt: z
      .boolean()
      .default(false)
      .describe(
        'whether a member with a higher priority takes the VIP back when it returns: each move cuts connections',
      ),
  })
  .superRefine((vars, context) => {
    const issue = (message: string, ...path: (string | number)[]) =>
      context.addIssue({ code: 'custom', path, message })
    const cidr = parseCidr(vars.vip)
    if (cidr === undefined) return
    const priorities = prioritiesOf(vars.members)
    const holder = [...vars.members, ...vars.otherHosts].find(({ address }) => address === cidr.address)
    if (holder !== undefined) issue(`is ${holder.name}'s own address: choose a free one`, 'vip')
    for (const [index, { name, address }] of vars.members.entries()) {
      if (!containsAddress(cidr, address)) {
        issue(
          `${name}'s address ${address} is outside of ${cidr.network}/${cidr.prefix}: a VIP and its members share one subnet`,
          'vip',
        )
      }
      const earlier = vars.members.slice(0, index)
      for (const other of earlier) {
        if (other.name === name) issue(`${name} is there twice`, 'members', index, 'name')
        if (other.address === address) issue(`is ${other.name}'s address too`, 'members', index, 'address')
      }
      const rival = earlier[priorities.indexOf(priorities[index] as number)]
      if (rival !== undefined)
        issue(
          `has priority ${priorities[index]} as ${rival.name} has: priorities must differ`,
          'members',
          index,
        )
    }
    const weight = weightProblem({ ...vars, priorities })
    if (weight !== undefined) issue(weight, 'checkWeight')
  })

export type KeepalivedVars = z.output<typeof keepalivedVars>

/** A host that may hold the VIP. */
export type Member = KeepalivedVars['members'][number]

function vipProblem(text: string): string | undefined {
  const cidr = parseCidr(text)
  if (cidr === undefined) return 'expected an IPv4 address with its prefix length, such as 10.0.0.100/24'
  const { address, prefix, network, broadcast } = cidr
  if (prefix < 8 || prefix > 30)
    return `expected the prefix length of the members' network, 8 to 30 (such as /24), not /${prefix}`
  if (address === network)
    return `is the address of the network ${network}/${prefix} itself, no host can have it`
  if (address === broadcast) return `is the broadcast address of ${network}/${prefix}, no host can have it`
  if (/^(0|127|22[4-9]|2[345]\d)\./.test(address)) return 'is no address that a host of a network can have'
  return undefined
}
