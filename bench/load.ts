/** The same work, said in the words of each tool. Every tool must leave and find the same state. */
export interface Load {
  readonly name: string
  readonly summary: string
  /** Read-only sh: all that one has to know of a host to see that nothing is to be done. */
  readonly probe: string
  /** sh: what brings a host there that was reset. */
  readonly apply: string
  /** sh: undoes it; run between fresh runs, and not measured. */
  readonly reset: string
  /** A file of this machine that goes to every host, as `payload` in the run's folder. Megabytes; default: none. */
  readonly payloadMegabytes?: number
  /** Where the payload goes. */
  readonly payloadPath?: string
  /** Tasks of a play. */
  readonly ansible: string
  /** A deploy. */
  readonly pyinfra: string
  /** What stands in a role's `converge({ apply, query })`. */
  readonly quorate: string
}

/** A list of `count` made by `each`. */
export function times<T>(count: number, each: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => each(index + 1))
}

/** sh that removes packages with all they configured. */
export function purge(packages: readonly string[]): string {
  return `apt-get -qq purge -y ${packages.join(' ')} >/dev/null 2>&1; apt-get -qq autoremove -y --purge >/dev/null 2>&1`
}

/** sh that takes the lines between the markers out of /etc/hosts. */
export const FORGET_HOSTS = `sed '/^# BEGIN bench$/,/^# END bench$/d' /etc/hosts >/tmp/hosts; cat /tmp/hosts >/etc/hosts; rm /tmp/hosts`
