// @ts-check
// The playbook of the cluster tests: what playbooks/ha-cluster.mjs does, with what the lab needs beside it.
import { cidr, defineRole, image, imagesOf, play, playbook, readBundle, z } from '../../dist/lib/index.js'
import { base } from '../../dist/roles/base/index.js'
import { containerd } from '../../dist/roles/containerd/index.js'
import { etcd } from '../../dist/roles/etcd/index.js'
import { flannel } from '../../dist/roles/flannel/index.js'
import { haproxy } from '../../dist/roles/haproxy/index.js'
import { keepalived } from '../../dist/roles/keepalived/index.js'
import { kubeMaster } from '../../dist/roles/kube-master/index.js'
import { kubeNode } from '../../dist/roles/kube-node/index.js'

const clusterVars = z.object({
  clusterName: z.string(),
  vip: cidr(),
  pkiDir: z.string(),
  bundle: z.string(),
  etcd: z.union([
    z.literal('stacked'),
    z.object({ path: z.string(), sha256: z.string(), version: z.string() }),
  ]),
})

/** What the pods of the tests run. */
const testImage = defineRole({
  name: 'test-image',
  summary: 'the image that the tests deploy',
  vars: z.object({ bundle: z.string() }),
  async converge({ vars, apply }) {
    const found = imagesOf(await readBundle(vars.bundle)).filter(({ name }) => name === 'agnhost')
    await apply(...found.map(({ reference, path, sha256 }) => image(reference, { source: path, sha256 })))
  },
})

export default await playbook('Cluster test', {
  vars: clusterVars,
  plays({ group, hosts, vars, path }) {
    const masters = group('kube-master')
    const all = hosts('kube-master:kube-node')
    const members = vars.etcd === 'stacked' ? [] : group('etcd')
    const [vip] = vars.vip.split('/')
    const kubelet = { cgroupDriver: 'cgroupfs', failSwapOn: false, failCgroupV1: false }
    const shared = { masters, bundle: vars.bundle, ignorePreflightErrors: ['SystemVerification'] }
    const external =
      vars.etcd === 'stacked'
        ? []
        : [
            play('etcd', members, [etcd({ members, pkiDir: path(vars.pkiDir), source: vars.etcd })], {
              maxFailures: 0,
            }),
          ]
    return [
      play('hosts', all, [base({ hosts: [...all], checkDisk: false }), containerd()]),
      ...external,
      play('load balancer', masters, [
        haproxy({ backends: masters }),
        keepalived({
          vip: vars.vip,
          members: masters,
          clusterName: vars.clusterName,
          trackProcess: 'haproxy',
        }),
      ]),
      play('control plane', masters, [
        kubeMaster({
          ...shared,
          controlPlaneEndpoint: `${vip}:8443`,
          otherHosts: [...all],
          etcd:
            vars.etcd === 'stacked'
              ? 'stacked'
              : {
                  endpoints: members.map(({ address }) => `https://${address}:2379`),
                  pkiDir: path(vars.pkiDir),
                },
          kubeletConfiguration: kubelet,
          kubeProxyConfiguration: { mode: 'iptables', conntrack: { maxPerCore: 0, min: 0 } },
          kubeconfig: path('kubeconfig'),
        }),
      ]),
      play('workers', all, [kubeNode({ ...shared, controlPlaneEndpoint: `${vip}:8443` })]),
      play('network', all, [
        testImage({ bundle: vars.bundle }),
        flannel({ masters, bundle: vars.bundle, vip: vars.vip }),
      ]),
    ]
  },
})
