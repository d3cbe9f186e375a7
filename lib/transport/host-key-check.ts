import { createHash } from 'node:crypto'
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import type { ServerHostKeyAlgorithm } from 'ssh2'
import { UnreachableError } from '../errors.ts'
import { type KnownHost, knownHostName, readKnownHosts } from './known-hosts.ts'
import { type ConnectionSettings, type ConnectOptions, DEFAULT_PORT } from './settings.ts'

const SYSTEM_FILE = '/etc/ssh/ssh_known_hosts'
// One RSA key signs with three algorithms.
const RSA_ALGORITHMS: ServerHostKeyAlgorithm[] = ['rsa-sha2-512', 'rsa-sha2-256', 'ssh-rsa']
// The others of known_hosts (certificates, security keys) are unknown to ssh2, which would refuse to start with them.
const PLAIN_ALGORITHMS: ServerHostKeyAlgorithm[] = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
]

/** Whether a host shows the key that it is known by. */
export class HostKeyCheck {
  /** Why the key was not accepted; undefined while none was refused. */
  refusal: UnreachableError | undefined
  readonly #host: string
  readonly #port: number
  readonly #options: ConnectOptions
  /** What known_hosts files list the host as. */
  readonly #name: string
  /** Where a new key is added. */
  readonly #file: string
  /** What is known of this host. */
  readonly #known: readonly KnownHost[]

  constructor({ host, port = DEFAULT_PORT, config }: ConnectionSettings, options: ConnectOptions) {
    this.#host = host
    this.#port = port
    this.#options = config?.acceptNewHostKeys ? { ...options, acceptNewHostKeys: true } : options
    this.#name = config?.hostKeyAlias ?? knownHostName(host, port)
    const files =
      options.knownHostsFile === undefined
        ? (config?.knownHostsFiles ?? [join(homedir(), '.ssh', 'known_hosts'), SYSTEM_FILE])
        : [options.knownHostsFile]
    this.#file = files[0] ?? '/dev/null'
    // Nothing else is kept: a list of thousands would be kept for each of thousands of hosts.
    this.#known = files.flatMap((file) => readKnownHosts(file).filter((entry) => this.#isOurs(entry)))
  }

  /** The algorithms of the keys that the host is known by come first: it must not show a key that we cannot compare. */
  preferredAlgorithms(): ServerHostKeyAlgorithm[] {
    return [...new Set(this.#trusted().flatMap(({ keyType }) => algorithmsOf(keyType)))]
  }

  accepts(key: Buffer): boolean {
    this.refusal = this.#judge(key)
    return this.refusal === undefined
  }

  #judge(key: Buffer): UnreachableError | undefined {
    const revoked = this.#known.find((entry) => entry.marker === 'revoked' && entry.key.equals(key))
    if (revoked !== undefined) return this.#revoked(key, revoked)
    const trusted = this.#trusted()
    if (trusted.some((entry) => entry.key.equals(key))) return undefined
    // A key known for the plain name, without the port, is good enough to accept, but not to contradict.
    const conflict = trusted.find((entry) => entry.matches(this.#name))
    if (conflict !== undefined) return this.#changed(key, conflict)
    if (this.#options.acceptNewHostKeys !== true) return this.#unknown(key)
    addKnownHost(this.#file, `${this.#name} ${keyTypeOf(key)} ${key.toString('base64')}`)
    return undefined
  }

  #trusted(): readonly KnownHost[] {
    return this.#known.filter(({ marker }) => marker === undefined)
  }

  #isOurs({ matches }: KnownHost): boolean {
    if (matches(this.#name)) return true
    return this.#name === knownHostName(this.#host, this.#port) && matches(knownHostName(this.#host, 22))
  }

  #unknown(key: Buffer): UnreachableError {
    const port = this.#port === 22 ? '' : `-p ${this.#port} `
    return new UnreachableError(`${this.#where()} is not a known host: its ${describe(key)}`, {
      hint:
        `check this fingerprint on the host itself, then run with --accept-new-host-keys, ` +
        `or add the key: ssh-keyscan ${port}${this.#host} >> ${this.#file}`,
    })
  }

  #changed(key: Buffer, { file, line, key: known, keyType }: KnownHost): UnreachableError {
    return new UnreachableError(
      `the host key of ${this.#where()} has changed: its ${describe(key)}, ` +
        `but ${file}:${line} has the ${keyType} key ${fingerprint(known)}; somebody may be in between`,
      { hint: `if the host was reinstalled, forget its old key: ssh-keygen -f ${file} -R '${this.#name}'` },
    )
  }

  #revoked(key: Buffer, { file, line }: KnownHost): UnreachableError {
    return new UnreachableError(
      `the host key of ${this.#where()} is revoked by ${file}:${line}: its ${describe(key)}`,
    )
  }

  #where(): string {
    return `${this.#options.name} (${this.#host}:${this.#port})`
  }
}

/** One write in append mode: lines of runs that go on at the same time do not mix. */
function addKnownHost(file: string, line: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const unfinished = existsSync(file) && /[^\n]$/.test(readFileSync(file, 'latin1'))
  appendFileSync(file, `${unfinished ? '\n' : ''}${line}\n`, { mode: 0o600 })
}

function describe(key: Buffer): string {
  return `${keyTypeOf(key)} key is ${fingerprint(key)}`
}

/** As `ssh-keygen -l` prints it. */
function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`
}

/** A key in the protocol's form begins with its type. */
function keyTypeOf(key: Buffer): string {
  return key.toString('latin1', 4, 4 + key.readUInt32BE(0))
}

function algorithmsOf(keyType: string): ServerHostKeyAlgorithm[] {
  return keyType === 'ssh-rsa'
    ? RSA_ALGORITHMS
    : PLAIN_ALGORITHMS.filter((algorithm) => algorithm === keyType)
}
