import type { Secret } from '../secret.ts'
import type { SshArguments } from './ssh-arguments.ts'

/** How to become another user once on the host. */
export interface Become {
  readonly user: string
  /** Default: `sudo`. */
  readonly method?: 'sudo' | 'su' | 'doas'
  /** Given when it is asked for, and only then. */
  readonly password?: Secret
  /** Of the method's program, one a word. Default: `-H` for sudo, none for the others. */
  readonly flags?: readonly string[]
  /** The program and its first words; not for doas. Default: the method's name. */
  readonly program?: readonly string[]
}

/** Where a host is and who we are there: what the inventory's `ansible_*` variables come down to. */
export interface ConnectionSettings {
  /** `ssh` is our own, `openssh` the system's ssh(1); the last three are containers of this machine. */
  readonly transport: 'ssh' | 'openssh' | 'local' | 'docker' | 'podman' | 'nspawn'
  /** Name or address to connect to. */
  readonly host: string
  /** Default: 22. */
  readonly port?: number
  /** Default: the user who runs this program. */
  readonly user?: string
  readonly password?: Secret
  /** Default: the agent's keys, then those in ~/.ssh. */
  readonly privateKeyFile?: string
  /** Of the private keys that have one. */
  readonly passphrase?: Secret
  /** Of private keys, by file: what the user was asked for. */
  readonly passphrases?: ReadonlyMap<string, Secret>
  readonly become?: Become
  /** What ssh(1) would be given on its command line. Default: nothing. */
  readonly sshArguments?: SshArguments
  /** How long connecting may take, in seconds. */
  readonly timeoutSeconds?: number
  /** How long a host that is lost in the middle of a run may take to come back, in seconds. */
  readonly reconnectSeconds?: number
  /** What OpenSSH's configuration adds, once `resolveConnections` has asked it. Default: nothing. */
  readonly config?: SshConfig
}

/** What OpenSSH's configuration says about a host, beyond its address, port and user. */
export interface SshConfig {
  /** In the order in which they are tried; files that do not exist are passed over. */
  readonly identityFiles: readonly string[]
  /** Of the agent's keys only those of `identityFiles` are tried. */
  readonly identitiesOnly: boolean
  /** Path of the agent's socket; `none`: no agent. Default: SSH_AUTH_SOCK. */
  readonly identityAgent?: string
  /** A new key is added to the first. */
  readonly knownHostsFiles: readonly string[]
  /** The name to look for in them. Default: the address. */
  readonly hostKeyAlias?: string
  readonly acceptNewHostKeys: boolean
  readonly family?: 4 | 6
  /** The host that we connect through; it may have one itself. */
  readonly jump?: ConnectionSettings
  /** The command whose stdin and stdout lead to the host. */
  readonly proxyCommand?: string
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
  /** How often the host hears that we live; when it misses three it ends what it runs for us. Default: 20. */
  readonly heartbeatSeconds?: number | undefined
}

export const DEFAULT_HEARTBEAT_SECONDS = 20
export const DEFAULT_TIMEOUT_SECONDS = 20
export const DEFAULT_PORT = 22
