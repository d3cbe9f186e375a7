import { isIPv4 } from 'node:net'
import { cidr, port, z } from '../../lib/index.ts'

const reference = z.string().regex(/^[a-z0-9][\w.:/@-]+$/, 'expected the full name of an image')

const hostAtAddress = z.object({
  name: z.string().min(1),
  address: z.string().refine(isIPv4, 'flannel needs an IPv4 address here; set ip=… for the host'),
})

/** What the flannel role can be told. */
export const flannelVars = z
  .object({
    masters: z
      .array(hostAtAddress)
      .min(1, 'give at least one control-plane node')
      .readonly()
      .describe('the control-plane nodes: one of those that take part talks to the apiserver beside it'),
    podSubnet: cidr()
      .default('10.244.0.0/16')
      .describe("the network of all pods, the cluster's own podSubnet; cannot be changed later"),
    backend: z
      .enum(['vxlan', 'host-gw'])
      .default('vxlan')
      .describe(
        'how pods of different nodes reach each other: in UDP packets, or by routes where all nodes share one network segment; cannot be changed later',
      ),
    directRouting: z
      .boolean()
      .default(false)
      .describe('vxlan only: nodes of one network segment use routes, the others UDP packets'),
    vni: z
      .int()
      .min(1)
      .max(16_777_215)
      .default(1)
      .describe('VXLAN network identifier; cannot be changed later'),
    udpPort: port()
      .default(8472)
      .describe('UDP port of vxlan, open between all nodes; cannot be changed later'),
    interface: z
      .string()
      .regex(/^[^\s/{}#!"'$\\]{1,15}$/, 'expected the name of a network interface')
      .optional()
      .describe(
        "the interface between the nodes, on every node; default: each node's own with its InternalIP",
      ),
    vip: z
      .string()
      .optional()
      .describe('the virtual address of the API, with or without its prefix length: flannel must not use it'),
    apiServerPort: port().default(6443).describe('where every apiserver listens on its own host'),
    bundle: z
      .string()
      .min(1)
      .optional()
      .describe(
        'the bundle on the control machine, with the image flannel and the binary flannel-cni; without it nodes pull images',
      ),
    version: z
      .string()
      .regex(/^v0\.28\.\d+$/, 'the manifest is that of flannel v0.28: expected v0.28.x')
      .default('v0.28.9')
      .describe('without a bundle: the version of flannel'),
    imageRepository: z
      .string()
      .regex(/^[a-z0-9][a-z0-9.:/_-]*$/, 'expected a registry and path without a closing slash')
      .default('ghcr.io/flannel-io')
      .describe('without a bundle: where flannel and flannel-cni-plugin are pulled from'),
    cniPluginVersion: z
      .string()
      .regex(/^v[\w.-]+$/)
      .default('v1.9.1-flannel3')
      .describe('without a bundle: the version of flannel-cni-plugin'),
    cniBinDir: z
      .string()
      .regex(/^(\/[\w.-]+)+$/, 'expected an absolute path')
      .default('/opt/cni/bin')
      .describe(
        "where containerd looks for CNI plugins: its bin_dir ('/usr/lib/cni' with Debian's packages)",
      ),
    healthzPort: port()
      .default(8081)
      .describe('where flannel answers health checks, on 127.0.0.1 of every node'),
    clusterDomain: z
      .string()
      .regex(/^[a-z0-9-]+(\.[a-z0-9-]+)*$/, 'expected a DNS name')
      .default('cluster.local')
      .describe("the cluster's DNS domain, for verify"),
    deepVerify: z
      .boolean()
      .default(false)
      .describe(
        'verify starts a short-lived pod on every node and lets them reach each other; without it the pods that are there are used',
      ),
    testImage: reference
      .optional()
      .describe('image of those pods, on every node; it must have sleep. Default: that of flannel'),
  })
  .superRefine((vars, context) => {
    if (vars.directRouting && vars.backend !== 'vxlan') {
      context.addIssue({
        code: 'custom',
        path: ['directRouting'],
        message: 'is an option of vxlan; host-gw always uses routes',
      })
    }
  })

export type FlannelVars = z.output<typeof flannelVars>
