import type { Target } from './hosts.ts'

/** The same work, said in the words of each tool. Every tool must leave and find the same state. */
export type Load = Work & (Texts | Folder)

interface Work {
  readonly name: string
  readonly summary: string
  /** Read-only sh: all that one has to know of a host to see that nothing is to be done. */
  readonly probe: string
  /** sh: undoes it; run between fresh runs, and not measured. */
  readonly reset: string
  /** A file of this machine that goes to every host, as `payload` in the run's folder. Megabytes; default: none. */
  readonly payloadMegabytes?: number
  /** Where the payload goes. */
  readonly payloadPath?: string
  /** The fewest and the most hosts that it makes sense for. Default: any number. */
  readonly hosts?: readonly [least: number, most: number]
}

/** A load that one text a tool is enough for. */
interface Texts {
  /** sh: what brings a host there that was reset. */
  readonly apply: string
  /** Tasks of a play. */
  readonly ansible: string
  /** A deploy. */
  readonly pyinfra: string
  /** What stands in a role's `converge({ apply, query })`. */
  readonly quorate: string
}

/** A load that is written as users of the tools would write it. */
export interface Folder {
  /** Goes into the run's folder as it is, with site.yml, deploy.py and site.mjs. */
  readonly folder: URL
  /** Makes what differs from one lab to the next, in the run's folder and for these hosts. */
  readonly prepare: (folder: string, hosts: readonly Target[]) => Promise<Prepared>
}

interface Prepared {
  /** sh: what brings a host there that was reset, the same text for all hosts. */
  readonly apply: string
  /** What the inventories of all tools say of every host. */
  readonly variables: Readonly<Record<string, string>>
}

/** A list of `count` made by `each`. */
export function times<T>(count: number, each: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => each(index + 1))
}

/** sh that removes packages with all they configured. Their archives are at hand then: no tool pays for the download. */
export function purge(packages: readonly string[]): string {
  const list = packages.join(' ')
  return `apt-get -qq purge -y ${list} >/dev/null 2>&1; apt-get -qq autoremove -y --purge >/dev/null 2>&1
apt-get -qq install -y --download-only --no-install-recommends ${list} >/dev/null 2>&1`
}

/** sh that takes the lines between the markers out of /etc/hosts. */
export const FORGET_HOSTS = `sed '/^# BEGIN bench$/,/^# END bench$/d' /etc/hosts >/tmp/hosts; cat /tmp/hosts >/etc/hosts; rm /tmp/hosts`
