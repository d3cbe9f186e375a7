#!/usr/bin/env zx
// @ts-check
import { binaryOf, cidr, play, playbook, port, readBundle, z } from 'quorate'
import * as roles from 'quorate/roles'

/** Told even where other values are wrong: all problems at once. */
const always = () => true

const clusterVars = z
  .object({
    clusterName: z.string().min(1).describe('the name of the cluster'),
    pkiDir: z.string().min(1).describe('a folder on this machine for the cluster’s CA and keys'),
    balancer: z
      .enum(['haproxy', 'nginx', 'kube-vip', 'external'])
      .default('haproxy')
      .describe(
        'what is in front of the apiservers: haproxy or nginx with keepalived, kube-vip, or one that is not ours',
      ),
    vip: cidr()
      .optional()
      .describe('the virtual IP of the API with its prefix length, such as 10.0.0.100/24'),
    loadbalancerApiserver: z
      .object({ address: z.string(), port: port(), domain: z.string().optional() })
      .optional()
      .describe('the external load balancer'),
    bundle: z
      .string()
      .min(1)
      .optional()
      .describe('what `npm run bundle` has made; without it the run ends with etcd and the VIP'),
    etcdMode: z
      .enum(['external', 'stacked'])
      .default('external')
      .describe('etcd of its own, or run by kubeadm on the masters'),
    podSubnet: cidr().default('10.244.0.0/16').describe('the network of all pods'),
    serviceSubnet: cidr().default('10.96.0.0/12').describe('the network of all Services'),
  })
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

export default await playbook('HA Kubernetes cluster', {
  vars: clusterVars,
  plays: async ({ group, hosts, vars, path }) => {
    const masters = group('kube-master')
    const bundle = vars.bundle === undefined ? undefined : await readBundle(path(vars.bundle))
    const pkiDir = path(vars.pkiDir)
    const { vip, endpoint } = api(vars)

    const etcdTier = () => {
      const members = group('etcd')
      const source = bundle && { source: etcdOf(bundle) }
      return play(
        'etcd',
        members,
        [roles.etcd({ members, pkiDir, clusterToken: vars.clusterName, ...source })],
        {
          tags: ['etcd'],
          maxFailures: 0,
        },
      )
    }

    /** @param {'haproxy' | 'nginx'} program */
    const loadBalancer = (program) =>
      play(
        'load balancer',
        masters,
        [
          program === 'nginx' ? roles.nginx({ backends: masters }) : roles.haproxy({ backends: masters }),
          roles.keepalived(({ vars: { [`${program}_port`]: checkPort = 8443 } }) => ({
            vip,
            members: masters,
            otherHosts: hosts('all'),
            clusterName: vars.clusterName,
            trackProcess: program,
            checkPort: Number(checkPort),
          })),
        ],
        { tags: ['lb'] },
      )

    if (bundle === undefined)
      return [etcdTier(), loadBalancer(vars.balancer === 'nginx' ? 'nginx' : 'haproxy')]

    const nodes = hosts('kube-master:kube-node')
    const shared = { masters, bundle: bundle.directory }
    const kubeVip = { ...shared, vip, otherHosts: hosts('all') }
    const etcdEndpoints = () => group('etcd').map(({ address }) => `https://${address}:2379`)
    return [
      play('nodes', nodes, [roles.base({ hosts: nodes }), roles.containerd()], { tags: ['nodes'] }),
      ...(vars.etcdMode === 'external' ? [etcdTier()] : []),
      ...(vars.balancer === 'haproxy' || vars.balancer === 'nginx' ? [loadBalancer(vars.balancer)] : []),
      play(
        'control plane',
        masters,
        [
          ...(vars.loadbalancerApiserver
            ? [roles.externalLb({ masters, loadbalancerApiserver: vars.loadbalancerApiserver })]
            : []),
          ...(vars.balancer === 'kube-vip' ? [roles.kubeVipInit(kubeVip)] : []),
          roles.kubeMaster({
            ...shared,
            controlPlaneEndpoint: endpoint,
            clusterName: vars.clusterName,
            etcd: vars.etcdMode === 'stacked' ? 'stacked' : { endpoints: etcdEndpoints(), pkiDir },
            podSubnet: vars.podSubnet,
            serviceSubnet: vars.serviceSubnet,
            otherHosts: hosts('all'),
            kubeconfig: path(`${vars.clusterName}.kubeconfig`),
            ...(vars.balancer === 'kube-vip' && { beforeJoins: roles.kubeVipStart(kubeVip) }),
          }),
          ...(vars.balancer === 'kube-vip' ? [roles.kubeVip(kubeVip)] : []),
        ],
        { tags: ['control-plane'], maxFailures: 0 },
      ),
      play('workers', nodes, [roles.kubeNode({ ...shared, controlPlaneEndpoint: endpoint })], {
        tags: ['workers'],
      }),
      play('network', nodes, [roles.flannel({ ...shared, podSubnet: vars.podSubnet, vip })], {
        tags: ['network'],
      }),
    ]
  },
})

/**
 * Where clients reach the API.
 *
 * @param {z.output<typeof clusterVars>} vars
 */
function api({ balancer, vip = '', loadbalancerApiserver: external }) {
  if (balancer === 'external') {
    const { address = '', port, domain = address } = external ?? {}
    return { vip: address, endpoint: `${domain}:${port}` }
  }
  return { vip, endpoint: `${vip.split('/')[0]}:${balancer === 'kube-vip' ? 6443 : 8443}` }
}

/** @param {Awaited<ReturnType<typeof readBundle>>} bundle */
function etcdOf(bundle) {
  const [etcd, etcdctl] = [binaryOf(bundle, 'etcd'), binaryOf(bundle, 'etcdctl')]
  return { version: etcd.version.replace(/^v/, ''), programs: { etcd, etcdctl } }
}
