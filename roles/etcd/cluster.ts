/** A member as the live cluster knows it. */
export interface LiveMember {
  /** Hexadecimal, as etcdctl takes it. */
  readonly id: string
  /** Empty while a member that was added has not been started. */
  readonly name: string
  readonly peerUrls: readonly string[]
  /** Empty while the member has never been started. */
  readonly clientUrls: readonly string[]
  readonly learner: boolean
}

/** What a live cluster says about itself. */
export interface Cluster {
  readonly members: readonly LiveMember[]
  /** Client URLs that have just served a linearizable read: their members are in sync. */
  readonly healthy: ReadonlySet<string>
  /** Why other client URLs have not. */
  readonly unhealthy: ReadonlyMap<string, string>
  /** Alarms of members that still answer: a full database, corruption. */
  readonly alarms: readonly string[]
  /** Version of each member that told it, by hexadecimal ID. */
  readonly versions: ReadonlyMap<string, string>
  /** Hexadecimal ID; undefined while none is elected. */
  readonly leader: string | undefined
}

/** Votes that are needed to commit anything. */
export function quorum(voters: number): number {
  return Math.floor(voters / 2) + 1
}

/** How many of `voters` may fail. */
export function tolerance(voters: number): number {
  return voters - quorum(voters)
}

export function votersOf({ members }: Cluster): LiveMember[] {
  return members.filter(({ learner }) => !learner)
}

export function isHealthy({ healthy }: Cluster, member: LiveMember): boolean {
  return member.clientUrls.some((url) => healthy.has(url))
}

export function memberAt({ members }: Cluster, peerUrl: string): LiveMember | undefined {
  return members.find(({ peerUrls }) => peerUrls.includes(peerUrl))
}

/** A member as people know it; one that was never started has no name yet. */
export function nameOf({ name, peerUrls }: LiveMember): string {
  return name === '' ? `the member at ${peerUrls.join(', ')}` : name
}

/**
 * Why the member at `peerUrl` must not be stopped now; undefined where the others keep the quorum without it, or
 * where it does not count for it. One or two members have no quorum to spare: while all are healthy they may.
 */
export function disruptionProblem(cluster: Cluster, peerUrl: string): string | undefined {
  const voters = votersOf(cluster)
  const self = memberAt(cluster, peerUrl)
  if (self === undefined || self.learner || !isHealthy(cluster, self)) return undefined
  const down = voters.filter((member) => !isHealthy(cluster, member))
  if (down.length === 0 && tolerance(voters.length) === 0) return undefined
  const left = voters.length - down.length - 1
  const needed = quorum(voters.length)
  if (left >= needed) return undefined
  return `${unreachable(down)}; restarting ${nameOf(self)} would leave ${left} of ${voters.length} members, and ${needed} are needed`
}

/** `m2 does not answer`, `m2 and m3 do not answer` */
export function unreachable(members: readonly LiveMember[]): string {
  const names = members.map(nameOf)
  const list = names.length > 1 ? `${names.slice(0, -1).join(', ')} and ${names.at(-1)}` : names.join()
  return `${list} ${names.length === 1 ? 'does' : 'do'} not answer`
}
