import { defineRole, until } from '../../lib/index.ts'
import { converge } from './converge.ts'
import { binariesOf } from './install.ts'
import { observe } from './observe.ts'
import { refuseOldPackage } from './old-package.ts'
import { etcdVars } from './vars.ts'
import { describeHealth, requireLasting } from './verify.ts'

/** A member of an etcd cluster with TLS everywhere, whose quorum no run takes away. */
export const etcd = defineRole({
  name: 'etcd',
  summary: 'a member of an etcd cluster: TLS for clients and peers, changed one member at a time',
  vars: etcdVars,
  preflight: refuseOldPackage,
  converge,
  async verify({ vars, host, mode, query, once }) {
    if (mode === 'verify') {
      const { certificateEnd } = await observe(query, vars, binariesOf(vars))
      requireLasting(host.name, certificateEnd)
    }
    let told: string | undefined
    // One host asks for all, and tells.
    await once('health', async () => {
      told = await until(
        async () => {
          const { cluster, unhealthy } = await observe(query, vars, binariesOf(vars))
          return describeHealth(vars, cluster, unhealthy)
        },
        // After a change members may need a while to find each other.
        { seconds: mode === 'verify' ? 0 : 30 },
      )
    })
    return told
  },
})
