import { ipAddress, port, z } from '../../lib/index.ts'

const entry = z.object({
  name: z.string().min(1).describe('a host name, or any other name that the hosts should know'),
  address: ipAddress().describe('its address'),
})

// YAML as Ansible reads it takes a bare `off` for false.
const swap = z.union([z.enum(['off', 'keep']), z.literal(false).transform(() => 'off' as const)], {
  error: "expected 'off' or 'keep'",
})

const absolutePath = z
  .string()
  .regex(/^(\/[A-Za-z0-9._-]+)+$/, 'expected an absolute path such as /var/lib/etcd')

/** What the base role can be told. */
export const baseVars = z.object({
  purposes: z
    .array(z.enum(['control-plane', 'worker', 'etcd']))
    .readonly()
    .default([])
    .describe('what the host is going to be: decides which ports, memory, cores and disk it must have'),
  hosts: z
    .array(entry)
    .readonly()
    .default([])
    .describe('names for /etc/hosts on every host, such as all hosts of the cluster; none: it is left alone'),
  setHostname: z
    .boolean()
    .default(false)
    .describe("make the host's name its name in the inventory; otherwise it only has to be unique"),
  swap: swap
    .default('off')
    .describe(
      "'off' ends it now and for every boot (/etc/fstab, swap units), 'keep' leaves it; a container's is never touched",
    ),
  protectKernelDefaults: z
    .boolean()
    .default(false)
    .describe('also set the kernel parameters that a kubelet with protectKernelDefaults insists on finding'),
  sysctls: z
    .record(z.string(), z.union([z.string(), z.number()]))
    .default({})
    .describe("other kernel parameters: { 'fs.inotify.max_user_instances': 8192 }"),
  requireTimeSync: z
    .boolean()
    .optional()
    .describe(
      'whether a host without a time sync service is refused (true) or warned of (false); default: refused, but in a container, which has the clock of its machine, not asked for',
    ),
  maxClockSkew: z
    .number()
    .positive()
    .default(2)
    .describe('seconds that the clocks of two hosts may differ: certificates and leases need them to agree'),
  minimumMemoryMb: z
    .int()
    .min(0)
    .default(1700)
    .describe('megabytes of memory that a control plane must have'),
  minimumCpus: z.int().min(0).default(2).describe('cores that a control plane must have'),
  apiServerPort: port().default(6443).describe('where the apiserver of a control plane is going to listen'),
  etcdDataDir: absolutePath
    .default('/var/lib/etcd')
    .describe('where an etcd host is going to keep its data; its disk is measured while it has none'),
  checkDisk: z
    .boolean()
    .default(true)
    .describe('measure how long the disk of an etcd host takes to write (under a second, 100 kB)'),
  maxFsyncMs: z
    .number()
    .positive()
    .default(10)
    .describe('milliseconds for a write to reach that disk, above which a warning is given'),
})

export type BaseVars = z.output<typeof baseVars>
