import { type Facts, type Query, QuorateError, until } from '../../lib/index.ts'
import { CHECK_FILE, CONFIG_FILE, readyUrl, vipAddress, virtualRouterId } from './config.ts'
import type { KeepalivedVars } from './vars.ts'

/** The kernel's first PID namespace: it tells about the end of processes there, and nowhere else. */
const FIRST_PID_NAMESPACE = 'pid:[4026531836]'

/** What a member has before a run changes anything. */
export interface Present {
  /** Its keepalived.conf; empty where there is none. */
  readonly config: string
  /** Whether keepalived can learn at once that a process has ended; not in containers. */
  readonly tellsOfProcesses: boolean
  /** The VIP of a kube-vip on this host; empty where there is none. */
  readonly kubeVip: string
  /** Whether it can listen for adverts without anything that this role installs. */
  readonly canListen: boolean
  /** Whether its check asks for an apiserver that is ready. */
  readonly asksApiServer: boolean
}

export async function present(query: Query): Promise<Present> {
  const { stdout } = await query`readlink /proc/self/ns/pid
grep -A1 -E 'name: "?address"?$' /etc/kubernetes/manifests/kube-vip.yaml 2>/dev/null | sed -n 's/.*value: *//p' | tr -d '"\n'
echo
grep -qs /readyz ${CHECK_FILE} && echo asks || echo
command -v perl || echo
cat ${CONFIG_FILE} 2>/dev/null || :`
  const [namespace, kubeVip = '', asks, perl, ...config] = stdout.split('\n')
  return {
    kubeVip,
    canListen: perl !== '',
    asksApiServer: asks === 'asks',
    config: config.length === 0 ? '' : `${config.join('\n')}\n`,
    tellsOfProcesses: namespace === FIRST_PID_NAMESPACE,
  }
}

/** Whether a configuration is one for this VIP and VRRP id, so that nobody else's use of them has to be feared. */
export function isConfiguredFor(config: string, vars: KeepalivedVars): boolean {
  const id = virtualRouterId(vars)
  return config.includes(` ${vars.vip} dev `) && config.includes(`virtual_router_id ${id}\n`)
}

/** @throws QuorateError where kube-vip moves the VIP already: the two would fight for it. */
export function refuseKubeVip(kubeVip: string, vars: KeepalivedVars): void {
  const vip = vipAddress(vars)
  if (kubeVip !== vip) return
  throw new QuorateError(
    `kube-vip is set up on this host to move the VIP ${vip}: keepalived would fight it`,
    {
      hint: 'choose one of them; where keepalived is meant, remove /etc/kubernetes/manifests/kube-vip.yaml on all masters first',
    },
  )
}

/** @throws QuorateError where the host has the VIP by other means than keepalived: then it would never move. */
export function refuseLeftover(config: string, vars: KeepalivedVars, { addresses, hostname }: Facts): void {
  const vip = vipAddress(vars)
  const entry = addresses.find(({ address }) => address === vip)
  if (entry === undefined || config.includes(vip)) return
  const message = `${hostname} already has the VIP ${vip} on ${entry.interface}, and not from keepalived`
  throw new QuorateError(message, {
    hint: "take it out of the host's network configuration: only keepalived may move it",
  })
}

/**
 * Makes up its mind about `check: auto`: whoever holds the VIP must reach an apiserver, as soon as there is one. Where
 * that was asked for before, an apiserver that is only just away does not undo it.
 */
export async function withSettledCheck(
  query: Query,
  vars: KeepalivedVars,
  { asksApiServer }: Pick<Present, 'asksApiServer'>,
): Promise<KeepalivedVars> {
  if (vars.check !== 'auto') return vars
  const ask = () =>
    query`curl --silent --output /dev/null --fail --noproxy '*' --max-time 2 ${readyUrl(vars.checkPort)}`
  const isReady = await until(ask, { seconds: asksApiServer ? 15 : 0 }).then(
    () => true,
    () => false,
  )
  return { ...vars, check: isReady ? 'apiserver' : 'haproxy' }
}
