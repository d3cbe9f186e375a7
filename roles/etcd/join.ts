import { quote, type Resource, step } from '../../lib/index.ts'
import { type Cluster, isHealthy, memberAt, votersOf } from './cluster.ts'
import { peerUrl, UNIT } from './config.ts'
import { binariesOf } from './install.ts'
import { etcdctl } from './observe.ts'
import type { EtcdVars, Member } from './vars.ts'

/**
 * Takes out the member that this host was before it lost its data: under the same identity it could vote twice. What
 * was added and never started stays, and is started.
 */
export function removeLostMember(vars: EtcdVars, self: Member, cluster: Cluster): Resource[] {
  const lost = memberAt(cluster, peerUrl(self, vars))
  if (lost === undefined || lost.clientUrls.length === 0) return []
  const ctl = control(vars, cluster)
  return [
    step(`take ${self.name} out of the etcd cluster, as its data is lost`, {
      done: `! ${ctl} member list | grep -q ${quote(`^${lost.id},`)}`,
      run: `systemctl stop ${UNIT} && ${ctl} member remove ${quote(lost.id)}`,
    }),
  ]
}

/** Makes the cluster expect this member: as a learner, which has no vote until it has all data. */
export function addMember(vars: EtcdVars, self: Member, cluster: Cluster): Resource {
  const ctl = control(vars, cluster)
  const url = peerUrl(self, vars)
  return step(`add ${self.name} to the etcd cluster as a learner`, {
    done: `${ctl} member list | ${hasMember(url)}`,
    run: `${ctl} member add ${quote(self.name)} --learner --peer-urls=${quote(url)}`,
  })
}

/** Gives this member its vote, as soon as it has caught up. */
export function promoteMember(vars: EtcdVars, self: Member, cluster: Cluster): Resource {
  const ctl = control(vars, cluster)
  const url = quote(peerUrl(self, vars))
  return step(`promote ${self.name} to a voting member`, {
    done: `${ctl} member list | awk -F ', ' -v url=${url} '$4 == url && $6 == "false" { found = 1 } END { exit !found }'`,
    run: `id=$(${ctl} member list | awk -F ', ' -v url=${url} '$4 == url { print $1 }')
tries=60
until message=$(${ctl} member promote "$id" 2>&1); do
  tries=$((tries - 1))
  [ $tries -gt 0 ] || { printf '%s\\n' "$message" | grep ^Error: >&2; exit 1; }
  sleep 1
done`,
  })
}

/** What a member that joins has to be told: exactly the live members and itself, or etcd refuses to start. */
export function joiningMembers(
  vars: EtcdVars,
  self: Member,
  { members }: Cluster,
): { name: string; peerUrl: string }[] {
  const own = { name: self.name, peerUrl: peerUrl(self, vars) }
  const others = members.filter(({ peerUrls }) => !peerUrls.includes(own.peerUrl))
  return [...others.flatMap(({ name, peerUrls }) => peerUrls.map((url) => ({ name, peerUrl: url }))), own]
}

function hasMember(url: string): string {
  return `awk -F ', ' -v url=${quote(url)} '$4 == url { found = 1 } END { exit !found }'`
}

function control(vars: EtcdVars, cluster: Cluster): string {
  // One endpoint for question and command: what it has just done it also knows.
  const url = votersOf(cluster).find((member) => isHealthy(cluster, member))?.clientUrls[0]
  return etcdctl(binariesOf(vars), quote(url ?? ''))
}
