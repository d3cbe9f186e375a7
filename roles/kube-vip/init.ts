import { defineRole, directory, file } from '../../lib/index.ts'
import { imageOf } from './image.ts'
import { initCallsVip } from './init-endpoint.ts'
import { interfaceOf } from './interface.ts'
import { withoutLeftover } from './leftover.ts'
import { kubeVipManifest, MANIFEST, SUPER_ADMIN } from './manifest.ts'
import { kubeVipVars } from './vars.ts'

/**
 * Stands before kube-master in the play. It takes off a VIP that a kube-vip which is gone has left on the host, and
 * does what releases of Kubernetes need whose `kubeadm init` asks for the VIP: kube-vip with super-admin.conf, until
 * the role kube-vip swaps it. That file is on the node alone that ran `kubeadm init`; on the others the pod waits for
 * it, and does nothing. With later releases, and once there is a cluster, there is nothing to do.
 */
export const kubeVipInit = defineRole({
  name: 'kube-vip',
  summary: 'the virtual address is there for kubeadm init, where that needs it',
  vars: kubeVipVars,

  async converge({ vars, host, facts, query, apply, everyone }) {
    if (vars.mode === 'bgp') return
    await apply(withoutLeftover(vars, interfaceOf(vars, host, facts)))
    const { reference, resources, kubernetes } = await imageOf(vars)
    if (kubernetes === undefined || !initCallsVip(kubernetes)) return
    const { rc } =
      await query.nothrow`[ -e /etc/kubernetes/kubelet.conf ] || [ -e /etc/kubernetes/admin.conf ]`
    const inCluster = await everyone('is there a cluster', rc === 0)
    if ([...inCluster.values()].includes(true)) return
    const content = kubeVipManifest(vars, {
      image: reference,
      interface: interfaceOf(vars, host, facts),
      kubeconfig: SUPER_ADMIN,
      filesDigest: '',
    })
    await apply(
      ...resources,
      directory('/etc/kubernetes'),
      directory('/etc/kubernetes/manifests'),
      file(MANIFEST, { content, mode: 0o600 }),
    )
  },
})
