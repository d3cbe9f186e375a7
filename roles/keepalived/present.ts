import { type Facts, type Query, QuorateError } from '../../lib/index.ts'
import { CONFIG_FILE, vipAddress, virtualRouterId } from './config.ts'
import type { KeepalivedVars } from './vars.ts'

/** The kernel's first PID namespace: it tells about the end of processes there, and nowhere else. */
const FIRST_PID_NAMESPACE = 'pid:[4026531836]'

/** What a member has before a run changes anything. */
export interface Present {
  /** Its keepalived.conf; empty where there is none. */
  readonly config: string
  /** Whether keepalived can learn at once that a process has ended; not in containers. */
  readonly tellsOfProcesses: boolean
}

export async function present(query: Query): Promise<Present> {
  const { stdout } = await query`readlink /proc/self/ns/pid; cat ${CONFIG_FILE} 2>/dev/null || :`
  const [namespace, ...config] = stdout.split('\n')
  return {
    config: config.length === 0 ? '' : `${config.join('\n')}\n`,
    tellsOfProcesses: namespace === FIRST_PID_NAMESPACE,
  }
}

/** Whether a configuration is one for this VIP and VRRP id, so that nobody else's use of them has to be feared. */
export function isConfiguredFor(config: string, vars: KeepalivedVars): boolean {
  const id = virtualRouterId(vars)
  return config.includes(` ${vars.vip} dev `) && config.includes(`virtual_router_id ${id}\n`)
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
