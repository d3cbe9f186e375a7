/** Hosts by what they have in common, in the order in which it was first seen. */
export type HostGroups = Map<string, Set<string>>

/** Adds a host to the group of those that share `what`. */
export function addHost(groups: HostGroups, what: string, host: string): void {
  const hosts = groups.get(what)
  if (hosts === undefined) groups.set(what, new Set([host]))
  else hosts.add(host)
}

/** Each group's hosts, in the order of `all` rather than in that of their arrival. */
export function orderedGroups(groups: HostGroups, all: readonly string[]): [what: string, hosts: string[]][] {
  return [...groups].map(([what, hosts]) => [what, all.filter((host) => hosts.has(host))])
}
