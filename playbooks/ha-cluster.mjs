#!/usr/bin/env zx
// @ts-check
import { play, playbook } from 'quorate'
import * as roles from 'quorate/roles'
import * as cluster from 'quorate/roles/cluster'

export default await playbook('HA Kubernetes cluster', {
  vars: cluster.clusterVars,
  groupAliases: cluster.groupAliases,
  plays: async ({ group, hosts, vars, path, refuse }) => {
    const { clusterName, etcdMode, podSubnet, serviceSubnet } = vars
    const pkiDir = path(vars.pkiDir)
    const masters = group('kube-master')
    const members = etcdMode === 'stacked' ? [] : group('etcd')
    const isKubernetes = cluster.hasKubernetes(vars)
    const nodes = isKubernetes ? hosts('kube-master:kube-node') : masters
    const all = hosts('all')
    const groups = { masters, members, all, nodes: isKubernetes ? nodes : [] }
    refuse(...cluster.groupProblems(groups, vars))
    const front = cluster.balancersOf(vars, masters, all)
    const bundle =
      vars.bundle === undefined ? undefined : await cluster.clusterBundle(path(vars.bundle), vars)

    const etcdTier = play(
      'etcd',
      members,
      [
        roles.etcd((host) => ({
          members,
          pkiDir,
          clusterToken: clusterName,
          // The inventory may name another release, or the distribution's package.
          ...(bundle && host.vars.etcd_source === undefined && { source: cluster.etcdSource(bundle) }),
          ...(isKubernetes && { minimumVersion: cluster.MINIMUM_ETCD }),
        })),
      ],
      { tags: ['etcd'], maxFailures: 0 },
    )

    /** @param {boolean} requireUp whether there are apiservers by now */
    const balancerRoles = (requireUp) => {
      const { program, port, vip } = front
      /** @param {import('quorate').Host} host */
      const listener = (host) => ({
        backends: masters,
        requireUp,
        ...(host.vars[`${program}_port`] === undefined && { port }),
        ...(isKubernetes && cluster.certificateCheck(host, front, masters)),
      })
      const external = vars.loadbalancerApiserver
      if (external) return [roles.externalLb({ masters, loadbalancerApiserver: external, requireUp })]
      if (program === undefined) return []
      return [
        program === 'nginx' ? roles.nginx(listener) : roles.haproxy(listener),
        roles.keepalived({
          vip,
          members: front.hosts,
          otherHosts: all,
          clusterName,
          trackProcess: program,
          checkPort: port,
        }),
      ]
    }
    const balancerHosts = front.program === undefined ? nodes : front.hosts
    const loadBalancer = play('load balancer', balancerHosts, balancerRoles(false), { tags: ['lb'] })
    if (!isKubernetes) return [etcdTier, loadBalancer]

    const { kubernetesVersion, packageRepository: repository } = vars
    const shared = { masters, ...(bundle && { bundle: bundle.directory }) }
    const release = bundle
      ? shared
      : {
          ...shared,
          version: kubernetesVersion,
          ...(repository && { packageRepository: { ...repository, key: path(repository.key) } }),
        }
    const kubeVip = {
      ...shared,
      vip: front.vip,
      otherHosts: all,
      ...(kubernetesVersion && { kubernetesVersion }),
    }
    const isKubeVip = vars.balancer === 'kube-vip'
    const stackedOrExternal =
      etcdMode === 'stacked'
        ? 'stacked'
        : { endpoints: members.map(({ address }) => `https://${address}:2379`), pkiDir }
    // Disk and clock of hosts that have etcd alone matter as well.
    const etcdHosts = members.filter(({ name }) => !nodes.some((node) => node.name === name))
    return [
      play(
        'etcd hosts',
        etcdHosts,
        etcdHosts.length === 0 ? [] : [roles.base({ hosts: members, purposes: ['etcd'] })],
        { tags: ['nodes'] },
      ),
      play(
        'nodes',
        nodes,
        [
          roles.base((host) => ({
            hosts: nodes,
            purposes: cluster.purposesOf(host, groups, etcdMode),
          })),
          roles.containerd({ ...(bundle && { sandboxImage: cluster.pauseImage(bundle) }) }),
        ],
        { tags: ['nodes'] },
      ),
      etcdTier,
      loadBalancer,
      play(
        'control plane',
        masters,
        [
          ...(isKubeVip ? [roles.kubeVipInit(kubeVip)] : []),
          roles.kubeMaster({
            ...release,
            controlPlaneEndpoint: front.endpoint,
            clusterName,
            etcd: stackedOrExternal,
            podSubnet,
            serviceSubnet,
            otherHosts: all,
            kubeconfig: path(`${clusterName}.kubeconfig`),
            ...(isKubeVip && { beforeJoins: roles.kubeVipStart(kubeVip) }),
          }),
          ...(isKubeVip ? [roles.kubeVip(kubeVip)] : []),
        ],
        { tags: ['control-plane'], maxFailures: 0 },
      ),
      // Now that there are apiservers: their certificates are checked, and a host that reaches none gives the VIP up.
      play('load balancer and apiservers', balancerHosts, balancerRoles(true), { tags: ['control-plane'] }),
      play('workers', nodes, [roles.kubeNode({ ...release, controlPlaneEndpoint: front.endpoint })], {
        tags: ['workers'],
      }),
      play('network', nodes, [roles.flannel({ ...shared, podSubnet, vip: front.vip })], {
        tags: ['network'],
      }),
    ].filter((each) => each.roles.length > 0)
  },
})
