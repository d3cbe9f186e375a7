import { type Query, QuorateError } from '../../lib/index.ts'
import { askNeighbours, parseNeighbours, strangerOf } from '../balancer/neighbours.ts'
import { MANIFEST } from './manifest.ts'
import { type KubeVipVars, vipAddress } from './vars.ts'

/**
 * What a host shows of the VIP before the role changes anything.
 *
 * @throws QuorateError where keepalived has it, or with arp a machine that is none of the masters.
 */
export async function refuseOtherOwner(query: Query, vars: KubeVipVars, device: string): Promise<void> {
  const vip = vipAddress(vars)
  const addresses = vars.masters.map(({ address }) => address)
  // With /32 it is what a kube-vip that was killed has left, and the next one takes it over.
  // A node that has kube-vip was asked before: a run without changes must not wait for anybody.
  const { lines } = await query`
grep -qsF ${vip} /etc/keepalived/keepalived.conf && systemctl is-enabled --quiet keepalived 2>/dev/null && echo keepalived
[ ! -e ${MANIFEST} ] && [ ${vars.mode} = arp ] || exit 0
ip -4 -o address show to ${`${vip}/32`} | grep -vF ${` ${vip}/32 `} | sed 's/^[0-9]*: \\([^ ]*\\).*/own \\1/'
${askNeighbours(vip, addresses, device)}`
  if (lines.includes('keepalived')) {
    throw new QuorateError(
      `keepalived is set up on this host to move the VIP ${vip}: kube-vip would fight it`,
      {
        hint: 'choose one of them; systemctl disable --now keepalived, and remove its configuration, where kube-vip is meant',
      },
    )
  }
  const own = lines.find((line) => line.startsWith('own '))?.replace('own ', '')
  if (own !== undefined) {
    throw new QuorateError(`this host already has the VIP ${vip} on ${own}, and not from kube-vip`, {
      hint: "take it out of the host's network configuration: only kube-vip may move it",
    })
  }
  const stranger = strangerOf(parseNeighbours(lines), vip, addresses)
  if (stranger === undefined) return
  throw new QuorateError(
    `the VIP ${vip} is in use on ${device} by ${stranger}, which is none of the masters`,
    {
      hint: 'choose a free address for vip, or take it away from that machine',
    },
  )
}
