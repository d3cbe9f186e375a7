import { parseCidr } from '../../lib/index.ts'
import { prioritiesOf, routerIdOf } from './election.ts'
import type { KeepalivedVars, Member } from './vars.ts'

export const CONFIG_FILE = '/etc/keepalived/keepalived.conf'
export const CHECK_FILE = '/etc/keepalived/check-api'

export const DROP_IN = '/etc/systemd/system/keepalived.service.d/quorate.conf'

/** Runs the check script and nothing else. */
export const SCRIPT_USER = 'keepalived_script'

/**
 * Tests a configuration (`%`). keepalived 2.2.5 to 2.2.7 (Debian 12) ends itself by SIGTERM when it is to test one whose
 * script_user is not root, so a copy with root is what is tested.
 */
export const VALIDATION = `copy=$(mktemp) && trap 'rm -f "$copy"' EXIT && sed 's/script_user .*/script_user root/' % >"$copy" && keepalived -t -f "$copy"`

/**
 * A drop-in for the distribution's keepalived.service. Debian's leaves one that was killed down, and the VIP on its
 * host, beside the one that the others choose.
 */
export function keepalivedUnit(): string {
  return `# Written by Quorate (role keepalived).
[Service]
Restart=always
RestartSec=1
`
}

/** What differs from member to member. */
export interface MemberSettings {
  readonly member: Member
  /** The network interface of the VIP. */
  readonly interface: string
  /** Whether the kernel tells keepalived about processes: it does not in containers, where the VIP would never come up. */
  readonly trackProcess: boolean
}

/** keepalived.conf of one member. */
export function keepalivedConf(vars: KeepalivedVars, settings: MemberSettings): string {
  const { member, interface: device } = settings
  const process = settings.trackProcess ? vars.trackProcess : null
  const blocks = [
    `# Written by Quorate (role keepalived): the next run undoes what is changed here.`,
    block('global_defs', [
      `router_id ${member.name}`,
      'enable_script_security',
      `script_user ${SCRIPT_USER}`,
      // In version 2 members with different advert intervals ignore each other, as in the middle of a roll: two would hold the VIP.
      'vrrp_version 3',
      'vrrp_garp_master_refresh 60',
    ]),
    ...(process === null ? [] : [block(`vrrp_track_process ${process}`, [`process ${process}`])]),
    ...(vars.check === 'none' ? [] : [block('vrrp_script api', CHECK_BLOCK)]),
    block(`vrrp_instance ${vars.clusterName}`, [
      'state BACKUP',
      ...(vars.preempt ? [] : ['nopreempt']),
      `interface ${device}`,
      `virtual_router_id ${virtualRouterId(vars)}`,
      `priority ${priorityOf(vars, member)}`,
      `advert_int ${vars.advertInt}`,
      `unicast_src_ip ${member.address}`,
      // On one line keepalived would read the second address as an option of the first.
      block('unicast_peer', peersOf(vars, member)),
      'check_unicast_src',
      ...(process === null ? [] : [block('track_process', [process])]),
      ...(vars.check === 'none'
        ? []
        : [block('track_script', [vars.checkWeight === 0 ? 'api' : `api weight ${vars.checkWeight}`])]),
      block('virtual_ipaddress', [`${vars.vip} dev ${device}`]),
    ]),
  ]
  return `${blocks.join('\n\n')}\n`
}

/**
 * What keepalived asks: whether haproxy answers on this host (plain HTTP it answers itself), or whether it also knows an
 * apiserver that is ready. It repairs nothing. undefined where there is nothing to ask.
 */
export function checkScript({
  check,
  checkPort,
}: Pick<KeepalivedVars, 'check' | 'checkPort'>): string | undefined {
  if (check === 'none') return undefined
  const curl = "curl --silent --output /dev/null --noproxy '*' --max-time 2"
  const question = check === 'apiserver' ? `--fail ${readyUrl(checkPort)}` : `http://127.0.0.1:${checkPort}/`
  return `#!/bin/sh
# Written by Quorate (role keepalived). Only asks: keepalived acts on the answer.
exec ${curl} ${question}
`
}

/** Where a balancer of ours tells whether an apiserver is ready. */
export function readyUrl(port: number): string {
  return `http://127.0.0.1:${port}/readyz`
}

/** The VRRP id of the cluster. */
export function virtualRouterId({ virtualRouterId, clusterName }: KeepalivedVars): number {
  return virtualRouterId ?? routerIdOf(clusterName)
}

/** The VIP without its prefix length. */
export function vipAddress({ vip }: KeepalivedVars): string {
  return parseCidr(vip)?.address ?? vip
}

function priorityOf({ members }: KeepalivedVars, member: Member): number {
  return prioritiesOf(members)[members.indexOf(member)] as number
}

function peersOf({ members }: KeepalivedVars, member: Member): string[] {
  return members.filter((peer) => peer !== member).map(({ address }) => address)
}

// The same whatever is asked: the answer may change its meaning without a reload, which would move the VIP. haproxy
// itself is patient while etcd elects a leader.
const CHECK_BLOCK = [`script "${CHECK_FILE}"`, 'interval 1', 'timeout 3', 'fall 2', 'rise 2', 'init_fail']

function block(head: string, lines: readonly string[]): string {
  return [`${head} {`, ...lines.flatMap((line) => line.split('\n')).map((line) => `  ${line}`), '}'].join(
    '\n',
  )
}
