import { isIP } from 'node:net'
import { type Query, QuorateError } from '../../lib/index.ts'
import { BACKEND, configId, endpoint, SOCKET } from './config.ts'
import { parseStat, type ServerStat } from './stats.ts'
import type { HaproxyVars } from './vars.ts'

const HINT = 'journalctl -u haproxy tells why; systemctl restart haproxy where a reload cannot do'

/**
 * The apiservers as the running haproxy sees them.
 *
 * @throws QuorateError where haproxy does not answer, runs with another configuration than `vars` give, or has not
 *   asked every apiserver yet.
 */
export async function askServers(query: Query, vars: HaproxyVars): Promise<readonly ServerStat[]> {
  const answer =
    await query.nothrow`echo 'show info; show stat -1 4 -1' | socat -t 3 - UNIX-CONNECT:${SOCKET}`
  if (answer.rc !== 0) {
    throw new QuorateError(`haproxy does not answer on ${SOCKET}: ${answer.stderr.trim()}`, { hint: HINT })
  }
  const [info = '', stat = ''] = answer.stdout.split(/\n\n(?=# )/)
  refuseOtherConfig(info, vars)
  const servers = parseStat(stat).filter(({ backend }) => backend === BACKEND)
  refuseOtherServers(servers, vars)
  // After a start or reload haproxy takes servers for up until it has asked them.
  const unasked = servers.filter(({ checked }) => !checked)
  if (unasked.length > 0) throw new QuorateError(`haproxy has not asked ${names(unasked)} yet`)
  return servers
}

/** Whether haproxy serves anybody: with the configuration that distributions ship it does not. */
export async function listens(query: Query): Promise<boolean> {
  const { stdout } = await query`ss -Hltnp`
  return stdout.includes('(("haproxy",')
}

/** The variables without a `caFile` that is not on the host yet: before `kubeadm init` there is nothing to verify with. */
export async function withKnownCa(query: Query, vars: HaproxyVars): Promise<HaproxyVars> {
  if (vars.caFile === undefined) return vars
  const { rc } = await query.nothrow`[ -s ${vars.caFile} ]`
  return rc === 0 ? vars : { ...vars, caFile: undefined }
}

/** `2 of 3 apiservers are up; m3 is down (Layer4 connection problem: Connection refused)` */
export function describeServers(servers: readonly ServerStat[]): string {
  const down = servers.filter(({ up }) => !up)
  const summary = `${servers.length - down.length} of ${servers.length} apiservers are up`
  return [summary, ...down.map(({ name, reason }) => `${name} is down (${reason})`)].join('; ')
}

function refuseOtherConfig(info: string, vars: HaproxyVars): void {
  if (/^description: (.*)$/m.exec(info)?.[1] === configId(vars)) return
  throw new QuorateError('haproxy runs with another configuration than it should', { hint: HINT })
}

function refuseOtherServers(servers: readonly ServerStat[], { backends, backendPort }: HaproxyVars): void {
  const wrong = backends.filter(({ name, address }) => {
    const server = servers.find((server) => server.name === name)
    // A DNS name was resolved when haproxy started: nothing to compare with.
    return server === undefined || (isIP(address) !== 0 && server.address !== endpoint(address, backendPort))
  })
  if (wrong.length === 0 && servers.length === backends.length) return
  throw new QuorateError(`haproxy runs with ${list(servers)} instead of ${names(backends)}`, { hint: HINT })
}

function list(servers: readonly ServerStat[]): string {
  return servers.map(({ name, address }) => `${name} ${address}`).join(', ') || 'no servers'
}

function names(servers: readonly { readonly name: string }[]): string {
  return servers.map(({ name }) => name).join(', ')
}
