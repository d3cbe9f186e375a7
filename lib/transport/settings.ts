import type { Secret } from '../secret.ts'

/** How to become another user once on the host. */
export interface Become {
  readonly user: string
  /** For sudo, when it asks. */
  readonly password?: Secret
}

/** Where a host is and who we are there: what the inventory's `ansible_*` variables come down to. */
export interface ConnectionSettings {
  readonly transport: 'ssh' | 'local'
  /** Name or address to connect to. */
  readonly host: string
  readonly port: number
  /** Default: the user who runs this program. */
  readonly user?: string
  readonly password?: Secret
  /** Default: the agent's keys, then those in ~/.ssh. */
  readonly privateKeyFile?: string
  readonly become?: Become
}

export interface ConnectOptions {
  /** The host's name in the inventory, for messages. */
  readonly name: string
  /** Used instead of ~/.ssh/known_hosts and /etc/ssh/ssh_known_hosts. */
  readonly knownHostsFile?: string
  /** Remember the key of a host that was never seen before; a changed key is refused all the same. Default: false. */
  readonly acceptNewHostKeys?: boolean
  /** How long connecting may take until the host counts as unreachable. Default: 20. */
  readonly timeoutSeconds?: number
}

export const DEFAULT_TIMEOUT_SECONDS = 20
