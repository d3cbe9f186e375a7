import { dirname } from 'node:path/posix'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  defineRole,
  directory,
  file,
  pkg,
  QuorateError,
  type RoleContext,
  service,
  until,
  user,
} from '../../lib/index.ts'
import {
  CHECK_FILE,
  CONFIG_FILE,
  checkScript,
  DROP_IN,
  keepalivedConf,
  keepalivedUnit,
  SCRIPT_USER,
  VALIDATION,
} from './config.ts'
import { interfaceOf } from './interface.ts'
import { isConfiguredFor, present, refuseKubeVip, refuseLeftover, withSettledCheck } from './present.ts'
import { observeSegment, refuseCollisions } from './segment.ts'
import { judge, look, requireAnswer } from './sight.ts'
import { type KeepalivedVars, keepalivedVars, type Member } from './vars.ts'

/**
 * A virtual address that is on one healthy member, by VRRP.
 *
 * @example keepalived({ vip: '10.0.0.100/24', members: group('kube-master'), clusterName: 'prod' })
 */
export const keepalived = defineRole({
  name: 'keepalived',
  summary: 'a virtual address that is always on one healthy host',
  vars: keepalivedVars,

  async preflight(context) {
    const { vars, facts, query } = context
    const device = interfaceOf(vars, memberOf(context), facts)
    const { config, kubeVip } = await present(query)
    refuseKubeVip(kubeVip, vars)
    // A member that was configured for this VIP has listened before; a run without changes must not wait for adverts.
    if (isConfiguredFor(config, vars)) return
    refuseLeftover(config, vars, facts)
    refuseCollisions(await observeSegment(query, vars, device), vars, device)
  },

  async converge(context) {
    const { vars, facts, query, apply, rolling } = context
    const member = memberOf(context)
    const device = interfaceOf(vars, member, facts)
    await apply(
      pkg(['keepalived', 'curl', 'socat']),
      directory(dirname(DROP_IN)),
      file(DROP_IN, { content: keepalivedUnit() }),
    )
    const found = await present(query)
    const { config, tellsOfProcesses, canListen } = found
    // Before any change adverts could not be heard without socat, which is there only now.
    if (!canListen && !isConfiguredFor(config, vars))
      refuseCollisions(await observeSegment(query, vars, device), vars, device)
    const settled = await withSettledCheck(query, vars, found)
    const content = keepalivedConf(settled, {
      member,
      interface: device,
      trackProcess: tellsOfProcesses,
    })
    const check = checkScript(settled)
    await rolling(
      () =>
        apply(
          user(SCRIPT_USER, { system: true }),
          ...(check === undefined ? [] : [file(CHECK_FILE, { content: check, mode: 0o755 })]),
          file(CONFIG_FILE, { content, validate: VALIDATION }),
          service('keepalived', { enabled: true, state: 'running', reloadOn: [CONFIG_FILE, DROP_IN] }),
        ),
      {
        disturbs: async () => (await query.nothrow`systemctl is-active --quiet keepalived`).rc === 0,
        healthy: () =>
          until(async () => requireAnswer(await look(query, vars), vars), { seconds: electionSeconds(vars) }),
      },
    )
    if (config !== content) warnOfOthers(context)
  },

  async verify({ vars, query, everyone }) {
    for (let second = 0; ; second += 0.5) {
      // All members judge the same sights, so all of them go round again or none.
      const sights = await everyone('where the VIP is', await look(query, vars))
      try {
        return judge(sights, vars)
      } catch (error) {
        if (second >= electionSeconds(vars)) throw error
      }
      await sleep(500)
    }
  },
})

type Context = RoleContext<KeepalivedVars>

function memberOf({ vars, host }: Pick<Context, 'vars' | 'host'>): Member {
  const member = vars.members.find(({ name }) => name === host.name)
  if (member !== undefined) return member
  throw new QuorateError(
    `${host.name} is none of the members (${vars.members.map(({ name }) => name).join(', ')})`,
    {
      hint: 'the play and members must name the same group',
    },
  )
}

/** How long the VIP may be on its way: a fault is noticed within ten seconds, then three adverts have to be missed. */
function electionSeconds({ advertInt }: KeepalivedVars): number {
  return 10 + 4 * advertInt
}

/** Peers are in every member's configuration: where it changed on one, those that were left out have the old one. */
function warnOfOthers({ vars, hosts, warn }: Context): void {
  const missing = vars.members
    .filter(({ name }) => !hosts.some((host) => host.name === name))
    .map(({ name }) => name)
  if (missing.length === 0) return
  warn(
    `keepalived.conf changed, but ${missing.join(', ')} did not take part in this run: run it there too, the members' peers must agree`,
  )
}
