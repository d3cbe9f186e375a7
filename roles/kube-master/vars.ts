import { cidr, type RoleContext, Secret, secret, z } from '../../lib/index.ts'
import { isNetworkAddress, overlaps } from '../kubeadm/networks.ts'
import { commonVars, endpoint, requireRelease } from '../kubeadm/vars.ts'

const flagName = z
  .string()
  .regex(/^[a-z][a-z0-9-]*$/, "expected a flag without its dashes, such as 'profiling'")

const component = z
  .strictObject({
    extraArgs: z
      .record(flagName, z.union([z.string(), z.number(), z.boolean(), z.array(z.string()).readonly()]))
      .default({})
      .describe('flags without their dashes: { profiling: false }; a list gives a flag several times'),
  })
  .default({ extraArgs: {} })

const network = () =>
  cidr().refine(isNetworkAddress, {
    error: 'expected the first address of the network, such as 10.244.0.0/16',
  })

const externalEtcd = z.strictObject({
  endpoints: z
    .array(z.string().regex(/^https:\/\/[^\s,]+:\d+$/, 'expected a client URL such as https://10.0.0.1:2379'))
    .min(1)
    .readonly()
    .describe('client URLs of all members: apiservers need no load balancer for them'),
  pkiDir: z
    .string()
    .min(1)
    .describe(
      "the etcd role's directory on the control machine, which has the client certificate of the apiservers",
    ),
})

const METADATA_POLICY = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - level: None
    verbs: [get, list, watch]
    resources: [{ group: '', resources: [events] }]
  - level: Metadata
`

/** What the kube-master role can be told. */
export const kubeMasterVars = z
  .strictObject({
    ...commonVars,
    controlPlaneEndpoint: endpoint(),
    etcd: z
      .union([z.literal('stacked'), externalEtcd], {
        error: "expected 'stacked', or { endpoints, pkiDir } of the etcd role",
      })
      .describe("'stacked' for members that kubeadm runs on the masters, or a cluster of the etcd role"),
    clusterName: z.string().min(1).default('kubernetes').describe("the cluster's name in kubeconfigs"),
    podSubnet: network().default('10.244.0.0/16').describe('the network of all pods'),
    serviceSubnet: network().default('10.96.0.0/12').describe('the network of all Services'),
    dnsDomain: z
      .string()
      .regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, 'expected a domain such as cluster.local')
      .default('cluster.local')
      .describe("the domain of the cluster's Services"),
    certSans: z
      .array(z.string().min(1))
      .readonly()
      .default([])
      .describe(
        'further names and addresses that clients call the API by; the endpoint and each master’s own are known',
      ),
    imageRepository: z
      .string()
      .min(1)
      .default('registry.k8s.io')
      .describe('where the images come from: as the bundle names them, or where nodes pull them'),
    otherHosts: z
      .array(z.object({ name: z.string(), address: z.string() }))
      .readonly()
      .default([])
      .describe(
        'other hosts of the cluster, such as all of the inventory: pods and Services must have none of their addresses',
      ),
    apiServer: component.describe('the kube-apiservers'),
    controllerManager: component.describe('the kube-controller-managers'),
    scheduler: component.describe('the kube-schedulers'),
    kubeletConfiguration: z
      .record(z.string(), z.json())
      .default({})
      .describe(
        "fields of all nodes' KubeletConfiguration: { maxPods: 200 }; they are set when the cluster is made",
      ),
    kubeProxyConfiguration: z
      .record(z.string(), z.json())
      .default({})
      .describe(
        "fields of all nodes' KubeProxyConfiguration: { mode: 'nftables' }; they are set when the cluster is made",
      ),
    taintMasters: z
      .boolean()
      .default(true)
      .describe('whether ordinary pods are kept off masters when these join'),
    auditLog: z
      .strictObject({
        policy: z
          .string()
          .default(METADATA_POLICY)
          .describe(
            'the audit policy as YAML; default: the metadata of every request, of none that only reads events',
          ),
        maxAge: z.int().min(0).default(30).describe('days that a log is kept'),
        maxBackup: z.int().min(0).default(10).describe('how many logs are kept'),
        maxSize: z.int().min(1).default(100).describe('megabytes that a log grows to'),
      })
      .optional()
      .describe('writes who asked what to /var/log/kubernetes/audit of each master; default: no audit log'),
    encryptionKey: secret()
      .refine((key) => Buffer.from(key instanceof Secret ? key.reveal() : key, 'base64').length === 32, {
        error: 'expected 32 random bytes in base64: head -c 32 /dev/urandom | base64',
      })
      .optional()
      .describe(
        'encrypts Secrets in etcd with this key; keep it: without it they are lost; default: not encrypted',
      ),
    beforeJoins: z
      .custom<
        (context: Pick<RoleContext<unknown>, 'host' | 'facts' | 'query' | 'apply' | 'check'>) => Promise<void>
      >((value) => typeof value === 'function')
      .optional()
      .describe(
        'what one master of the cluster does before others join through the endpoint: kubeVipStart(…); default: nothing',
      ),
    kubeconfig: z
      .string()
      .min(1)
      .optional()
      .describe(
        "a file of the control machine that gets an administrator's kubeconfig, mode 0600; default: none",
      ),
  })
  .superRefine(requireRelease)
  .superRefine((vars, context) => {
    const issue = (path: (string | number)[], message: string) =>
      context.addIssue({ code: 'custom', path, message })
    for (const key of ['name', 'address'] as const) {
      for (const [index, master] of vars.masters.entries()) {
        const first = vars.masters.findIndex((other) => other[key] === master[key])
        if (first !== index) issue(['masters', index, key], `two masters have the ${key} ${master[key]}`)
      }
    }
    const [address = ''] = vars.controlPlaneEndpoint.split(':')
    const hosts = new Map(
      [...vars.masters, ...vars.otherHosts].map((host) => [host.address, `the address of ${host.name}`]),
    )
    hosts.set(address, 'controlPlaneEndpoint')
    const [podSubnet, serviceSubnet] = [
      { name: 'podSubnet', cidr: vars.podSubnet },
      { name: 'serviceSubnet', cidr: vars.serviceSubnet },
    ]
    for (const problem of overlaps([podSubnet, serviceSubnet])) issue(['podSubnet'], problem)
    for (const [cidr, name] of hosts) {
      for (const subnet of [podSubnet, serviceSubnet])
        for (const problem of overlaps([subnet, { name, cidr }])) issue([subnet.name], problem)
    }
    for (const [name, where] of FIXED) {
      if (vars[where].extraArgs[name] !== undefined)
        issue([where, 'extraArgs', name], 'is set by the role itself, from its own variables')
    }
  })

/** Flags that follow from variables: given twice, nobody could tell which counts. */
const FIXED: readonly (readonly [string, 'apiServer' | 'controllerManager' | 'scheduler'])[] = [
  ...['etcd-servers', 'etcd-cafile', 'etcd-certfile', 'etcd-keyfile', 'advertise-address', 'secure-port'].map(
    (name) => [name, 'apiServer'] as const,
  ),
  ...['audit-policy-file', 'audit-log-path', 'encryption-provider-config'].map(
    (name) => [name, 'apiServer'] as const,
  ),
  ...['service-cluster-ip-range'].flatMap((name) => [
    [name, 'apiServer'] as const,
    [name, 'controllerManager'] as const,
  ]),
  ['cluster-cidr', 'controllerManager'],
]

export type KubeMasterVars = z.output<typeof kubeMasterVars>
