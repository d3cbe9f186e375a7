import { isIP } from 'node:net'
import { port, z } from '../../lib/index.ts'

const domainName = z
  .string()
  .max(253)
  .regex(
    /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/,
    'expected a domain name in lower case, such as lb.example.org',
  )

/** What the external-lb role can be told. */
export const externalLbVars = z
  .object({
    loadbalancerApiserver: z
      .object({
        address: z
          .string()
          .refine((address) => isIP(address) !== 0, 'expected an IP address')
          .describe("the load balancer's address"),
        port: z
          .union([
            port(),
            z
              .string()
              .regex(/^\d{1,5}$/)
              .transform(Number)
              .pipe(port()),
          ])
          .default(6443)
          .describe('where it listens'),
        domain: domainName.optional().describe('the name that clients call it by; default: its address'),
      })
      .describe('the load balancer as KubeSphere writes it: { address, port, domain }'),
    masters: z
      .array(z.object({ name: z.string().min(1), address: z.string() }))
      .min(1, 'give at least one control-plane node')
      .readonly()
      .describe('the control-plane nodes, to which the load balancer leads'),
    apiServerPort: port().default(6443).describe('where every apiserver listens on its own host'),
    manageHosts: z
      .boolean()
      .default(true)
      .describe(
        "writes the domain into /etc/hosts where the host's resolver does not give the address for it",
      ),
    requireUp: z
      .boolean()
      .default(false)
      .describe('fails where no apiserver is ready behind it; off until there are apiservers'),
  })
  .superRefine(({ loadbalancerApiserver: { address }, masters }, context) => {
    const holder = masters.find((master) => master.address === address)
    if (holder === undefined) return
    context.addIssue({
      code: 'custom',
      path: ['loadbalancerApiserver', 'address'],
      message: `is ${holder.name}'s own address: without ${holder.name} there would be no API, and that is no load balancer`,
    })
  })

export type ExternalLbVars = z.output<typeof externalLbVars>
