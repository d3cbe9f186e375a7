import { cidr, networksOverlap, z } from '../../lib/index.ts'
import { externalLbVars } from '../external-lb/vars.ts'
import { isNetworkAddress, overlaps } from '../kubeadm/networks.ts'
import { packageRepository } from '../kubeadm/packages.ts'
import { versionProblem } from '../kubeadm/version.ts'

/** Told even where other values are wrong: all problems at once. */
const always = () => true

const network = () =>
  cidr().refine(isNetworkAddress, {
    error: 'expected the first address of the network, such as 10.244.0.0/16',
  })

const POD_SUBNET = '10.244.0.0/16'

const fields = z.object({
  clusterName: z.string().min(1).describe('the name of the cluster'),
  pkiDir: z.string().min(1).describe('a folder on this machine for the cluster’s CA and keys'),
  balancer: z
    .enum(['haproxy', 'nginx', 'kube-vip', 'external'])
    .default('haproxy')
    .describe(
      'what is in front of the apiservers: haproxy or nginx with keepalived, kube-vip, or one that is not ours',
    ),
  vip: cidr().optional().describe('the virtual IP of the API with its prefix length, such as 10.0.0.100/24'),
  loadbalancerApiserver: externalLbVars.shape.loadbalancerApiserver
    .optional()
    .describe('the external load balancer: { address, port, domain }'),
  bundle: z.string().min(1).optional().describe('what `npm run bundle` has made; hosts need nothing else'),
  kubernetesVersion: z
    .string()
    .optional()
    .describe(
      'instead of a bundle: the version, such as v1.36.2, whose packages hosts install and whose images they pull; without either the run ends with etcd and the VIP',
    ),
  packageRepository: packageRepository
    .optional()
    .describe('with kubernetesVersion: { url, key }; default: what the hosts’ package manager knows'),
  etcdMode: z
    .enum(['external', 'stacked'])
    .default('external')
    .describe('etcd of its own, or run by kubeadm on the masters'),
  podSubnet: network().default(POD_SUBNET).describe('the network of all pods'),
  serviceSubnet: network().default('10.96.0.0/12').describe('the network of all Services'),
})

export type ClusterVars = z.output<typeof fields>

/** What the playbook of a whole cluster is told. */
export const clusterVars = fields
  .superRefine(refuseContradictions)
  .refine(({ balancer, vip }) => balancer === 'external' || vip !== undefined, {
    path: ['vip'],
    when: always,
  })
  .refine(
    ({ balancer, loadbalancerApiserver }) => balancer !== 'external' || loadbalancerApiserver !== undefined,
    {
      path: ['loadbalancerApiserver'],
      when: always,
    },
  )

/** Whether the run goes on to Kubernetes. */
export function hasKubernetes(vars: Pick<ClusterVars, 'bundle' | 'kubernetesVersion'>): boolean {
  return vars.bundle !== undefined || vars.kubernetesVersion !== undefined
}

/** What cannot be meant together. A VIP is given with its network, which is the hosts' own. */
function refuseContradictions(vars: ClusterVars, context: z.RefinementCtx): void {
  const { balancer, vip, podSubnet, serviceSubnet } = vars
  const issue = (key: keyof ClusterVars, message: string) =>
    context.addIssue({ code: 'custom', path: [key], message })
  const isExternal = balancer === 'external'
  if (isExternal && vip !== undefined)
    issue('vip', 'an external balancer has an address of its own: leave vip out, or choose another balancer')
  if (!isExternal && vars.loadbalancerApiserver !== undefined)
    issue(
      'loadbalancerApiserver',
      `is for balancer: external, and balancer is ${balancer}: only one of them can be in front of the apiservers`,
    )
  if (!hasKubernetes(vars) && balancer === 'kube-vip')
    issue('balancer', 'kube-vip runs as a pod: it needs Kubernetes, and so a bundle or a version')
  if (vars.bundle !== undefined && vars.kubernetesVersion !== undefined)
    issue('kubernetesVersion', 'the bundle says which version it is: give one of the two')
  if (vars.kubernetesVersion === undefined && vars.packageRepository !== undefined)
    issue('packageRepository', 'is for kubernetes_version')
  const problem = vars.kubernetesVersion && versionProblem(vars.kubernetesVersion)
  if (problem) issue('kubernetesVersion', problem)
  // Told of the one that was given: the other may be the default.
  const given = podSubnet === POD_SUBNET ? 'serviceSubnet' : 'podSubnet'
  for (const problem of overlaps([
    { name: 'pod_subnet', cidr: podSubnet },
    { name: 'service_subnet', cidr: serviceSubnet },
  ]))
    issue(given, problem)
  const subnets = { pod_subnet: podSubnet, service_subnet: serviceSubnet }
  for (const [name, subnet] of Object.entries(subnets)) {
    if (vip !== undefined && networksOverlap(subnet, vip))
      issue('vip', `its network, which is the hosts’, overlaps ${name} ${subnet}: no address may be in both`)
  }
}
