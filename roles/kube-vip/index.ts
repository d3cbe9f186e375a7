import { setTimeout as sleep } from 'node:timers/promises'
import { defineRole, until } from '../../lib/index.ts'
import { kubectl } from './access.ts'
import { interfaceOf } from './interface.ts'
import { accessRights, placePod, prepareNode, requireHealthy } from './place.ts'
import { refuseOtherOwner } from './refuse.ts'
import { judge, look } from './sight.ts'
import { kubeVipVars } from './vars.ts'

export { kubeVipInit } from './init.ts'
export { initCallsVip } from './init-endpoint.ts'
export { kubeVipStart } from './place.ts'

/**
 * A virtual address for the apiservers that moves with a lease (arp) or is announced to routers (bgp): a static pod on
 * every control-plane node. It comes after `kubeadm init`, and has rights to nothing but its lease.
 *
 * @example kubeVip({ vip: '10.0.0.100/24', masters: group('kube-master'), bundle: path(vars.bundle) })
 */
export const kubeVip = defineRole({
  name: 'kube-vip',
  summary: 'a virtual address that an apiserver answers at',
  vars: kubeVipVars,

  async preflight({ vars, host, facts, query }) {
    await refuseOtherOwner(query, vars, interfaceOf(vars, host, facts))
  },

  async converge(context) {
    const { apply, once, rolling } = context
    await prepareNode(context)
    await once('its rights', () => apply(accessRights(context)))
    await rolling(() => placePod(context), {
      healthy: () => until(() => requireHealthy(context), { seconds: 60 }),
    })
  },

  async verify(context) {
    const { vars, query, everyone, host, mode } = context
    await until(() => requireHealthy(context), { seconds: mode === 'apply' ? 60 : 10 })
    for (let second = 0; ; second += 1) {
      const sight = await look(query, kubectl(host.address, vars.apiServerPort), vars, host.name)
      // All nodes judge the same sights, so all of them go round again or none.
      const sights = await everyone('where the VIP is', sight)
      try {
        return judge(sights, vars)
      } catch (error) {
        if (second >= 3 * vars.leaseDuration) throw error
      }
      await sleep(1000)
    }
  },
})
