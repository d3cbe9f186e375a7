import { type Resource, sh, step } from '../../lib/index.ts'
import { MANIFEST } from './manifest.ts'
import { type KubeVipVars, vipAddress } from './vars.ts'

/**
 * A kube-vip that was killed leaves the VIP on its host. Where none runs any more, as after a reset, all that the host
 * sends to the VIP would stay on it: it could never join through the VIP again.
 */
export function withoutLeftover(vars: KubeVipVars, device: string): Resource {
  const address = `${vipAddress(vars)}/32`
  return step(`take off the VIP ${vipAddress(vars)}, which a kube-vip that is gone has left`, {
    done: sh`[ -e ${MANIFEST} ] || ! ip -4 -o address show dev ${device} | grep -qF ${` ${address} `}`,
    run: sh`ip address delete ${address} dev ${device}`,
  })
}
