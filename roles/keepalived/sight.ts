import { type Query, QuorateError } from '../../lib/index.ts'
import { CHECK_FILE, vipAddress } from './config.ts'
import type { KeepalivedVars } from './vars.ts'

/** What one member sees of the VIP. */
export interface Sight {
  readonly holds: boolean
  /** Whether somebody answers at the VIP: haproxy, or without a check any machine. */
  readonly answers: boolean
  /** Why this member cannot hold the VIP now; empty where it can. */
  readonly handicap: string
}

const HINT = 'journalctl -u keepalived tells more'

/** Asks a member for the VIP, in one round trip. */
export async function look(query: Query, vars: KeepalivedVars): Promise<Sight> {
  const vip = vipAddress(vars)
  const url = `http://${vip}:${vars.checkPort}/`
  const { lines } = await query`
ip -4 -o address show to ${`${vip}/32`} | grep -q . && echo holds
curl --silent --output /dev/null --noproxy '*' --max-time 2 ${url}
case $?:$(ip -4 neigh show to ${vip}) in 0:* | ${vars.check === 'none' ? '*REACHABLE*' : '0:*'}) echo answers ;; esac
systemctl is-active --quiet keepalived || echo handicap keepalived does not run
[ ! -x ${CHECK_FILE} ] || ${CHECK_FILE} || echo ${`handicap its own check fails: does haproxy answer there on port ${vars.checkPort}?`}
:`
  const handicap = lines.find((line) => line.startsWith('handicap '))?.replace('handicap ', '') ?? ''
  return { holds: lines.includes('holds'), answers: lines.includes('answers'), handicap }
}

/**
 * What one member can tell in its turn: the others may be about to have theirs.
 *
 * @throws QuorateError where nobody answers at the VIP.
 */
export function requireAnswer({ holds, answers, handicap }: Sight, vars: KeepalivedVars): void {
  if (holds || answers) return
  const why = handicap === '' ? '' : `: ${handicap}`
  throw new QuorateError(`nobody answers at the VIP ${vipAddress(vars)}${why}`, { hint: HINT })
}

/**
 * Where the VIP is, judged from what every member that takes part sees.
 *
 * @returns what to tell the user.
 * @throws QuorateError unless exactly one host holds it and all others reach it.
 */
export function judge(sights: ReadonlyMap<string, Sight>, vars: KeepalivedVars): string {
  const vip = vipAddress(vars)
  const holders = [...sights].filter(([, { holds }]) => holds).map(([name]) => name)
  if (holders.length > 1) {
    throw new QuorateError(`${holders.join(' and ')} hold the VIP ${vip} at the same time`, {
      hint: 'they do not hear each other: IP protocol 112 must pass between the members, and keepalived run on all',
    })
  }
  const deaf = [...sights].filter(([, { holds, answers }]) => !holds && !answers).map(([name]) => name)
  const [holder] = holders
  if (holder !== undefined) {
    if (deaf.length === 0) return `VIP ${vip} is on ${holder}`
    throw new QuorateError(`${holder} holds the VIP ${vip}, but it does not answer to ${deaf.join(', ')}`)
  }
  const others = vars.members.filter(({ name }) => !sights.has(name)).map(({ name }) => name)
  if (deaf.length === 0 && others.length > 0)
    return `VIP ${vip} answers, from a host that was not asked (${others.join(', ')})`
  throw new QuorateError(`no host holds the VIP ${vip}${reasons(sights)}`, { hint: HINT })
}

function reasons(sights: ReadonlyMap<string, Sight>): string {
  return [...sights]
    .flatMap(([name, { handicap }]) => (handicap === '' ? [] : [`; ${name}: ${handicap}`]))
    .join('')
}
