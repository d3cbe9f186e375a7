import { homedir } from 'node:os'
import type { AnyAuthMethod, AuthenticationType, BaseAgent, NextAuthHandler, ParsedKey } from 'ssh2'
import { UnreachableError } from '../errors.ts'
import { type KeyFile, readKeyFile } from './private-key.ts'
import type { ConnectionSettings } from './settings.ts'
import { agentSocket, keyFiles } from './ssh-identities.ts'

interface Attempt {
  /** For messages: `key ~/.ssh/id_ed25519`. */
  readonly label: string
  readonly method: AnyAuthMethod
}

/** The ways to prove who we are, in the order in which they are tried, and what became of them. */
export class SshAuthentication {
  readonly #user: string
  readonly #attempts: Attempt[] = []
  readonly #tried: string[] = []
  readonly #notes: string[] = []
  /** What the server lets us try, once it has said so. */
  #offered: readonly string[] | undefined

  private constructor(user: string) {
    this.#user = user
  }

  /**
   * Order: the key that was given, the agent's keys, the keys in ~/.ssh where none was given, the password.
   *
   * @throws UnreachableError when the key that was given cannot be used.
   */
  static async prepare(
    settings: ConnectionSettings & { user: string },
    name: string,
  ): Promise<SshAuthentication> {
    const authentication = new SshAuthentication(settings.user)
    const agent = agentSocket(settings)
    const keys = await authentication.#readKeys(settings, name, agent !== undefined)
    const given = keys.filter(({ file }) => file === settings.privateKeyFile)
    authentication.#addKeys(given)
    if (agent !== undefined) await authentication.#addAgent(agent, settings, keys)
    authentication.#addKeys(keys.filter((key) => !given.includes(key)))
    if (settings.password !== undefined) authentication.#addPassword(settings.password.reveal())
    return authentication
  }

  /** What ssh2 calls for the next way to try. */
  next(offered: readonly string[] | null, next: NextAuthHandler): void {
    if (offered !== null) this.#offered = offered
    // `false` says "that was all"; ssh2's types do not know it.
    next(this.#choose() ?? (false as unknown as AuthenticationType))
  }

  agentFailed(error: Error): void {
    this.#notes.push(`the ssh-agent cannot be used: ${error.message}`)
  }

  /** Why the server did not let us in, and what to do about it. */
  refusal(name: string): UnreachableError {
    const tried =
      this.#tried.length === 0
        ? 'nothing to try: no key, no agent, no password'
        : `tried ${this.#tried.join(', ')}`
    const offered = this.#offered === undefined ? '' : `; the server takes ${this.#offered.join(', ')}`
    const notes = this.#notes.map((note) => `; ${note}`).join('')
    const message = this.#tried.some((label) => label.startsWith('password'))
      ? `wrong password for ${this.#user}`
      : `authentication failed for ${this.#user}`
    return new UnreachableError(`${name}: ${message} (${tried}${offered}${notes})`, {
      hint: 'check ansible_user, ansible_ssh_private_key_file, the ssh-agent, or ansible_password',
    })
  }

  #choose(): AnyAuthMethod | undefined {
    const index = this.#attempts.findIndex(({ method }) => this.#offered?.includes(nameOf(method)) ?? true)
    const [attempt] = index < 0 ? [] : this.#attempts.splice(0, index + 1).slice(-1)
    if (attempt !== undefined) {
      this.#tried.push(attempt.label)
      return attempt.method
    }
    // Without anything to try, ask at least what the server would take.
    return this.#offered === undefined ? { type: 'none', username: this.#user } : undefined
  }

  async #readKeys(settings: ConnectionSettings, name: string, hasAgent: boolean): Promise<KeyFile[]> {
    const { privateKeyFile, passphrase, passphrases } = settings
    const keys: KeyFile[] = []
    for (const file of keyFiles(settings)) {
      try {
        keys.push(await readKeyFile(file, passphrases?.get(file) ?? passphrase))
      } catch (error) {
        if (file === privateKeyFile) throw unusable(name, file, error as Error)
        const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT'
        if (!isMissing) this.#notes.push(`${brief(file)} cannot be used: ${(error as Error).message}`)
      }
    }
    for (const { file, isEncrypted } of keys) {
      if (!isEncrypted) continue
      if (file === privateKeyFile && !hasAgent) throw locked(name, file)
      this.#notes.push(`${brief(file)} has a passphrase: only the agent can use it`)
    }
    return keys
  }

  async #addAgent(socket: string, { config }: ConnectionSettings, keys: readonly KeyFile[]): Promise<void> {
    let agent: string | BaseAgent = socket
    if (config?.identitiesOnly) {
      const { agentWithKeys } = await import('./ssh-agent.ts')
      agent = agentWithKeys(
        socket,
        keys.flatMap(({ publicKey }) => publicKey ?? []),
      )
    }
    this.#attempts.push({ label: 'ssh-agent', method: { type: 'agent', username: this.#user, agent } })
  }

  #addKeys(keys: readonly KeyFile[]): void {
    const usable = keys.filter((key): key is KeyFile & { key: ParsedKey } => key.key !== undefined)
    for (const { file, key } of usable) {
      const method = { type: 'publickey', username: this.#user, key } as const
      this.#attempts.push({ label: `key ${brief(file)}`, method })
    }
  }

  #addPassword(password: string): void {
    const username = this.#user
    this.#attempts.push({ label: 'password', method: { type: 'password', username, password } })
    this.#attempts.push({
      label: 'password (keyboard-interactive)',
      method: {
        type: 'keyboard-interactive',
        username,
        prompt: (_name, _instructions, _language, prompts, finish) => finish(prompts.map(() => password)),
      },
    })
  }
}

/** The method's name in the protocol. */
function nameOf({ type }: AnyAuthMethod): string {
  return type === 'agent' ? 'publickey' : type
}

function unusable(name: string, file: string, cause: Error): UnreachableError {
  return new UnreachableError(`${name}: cannot use the private key ${file}: ${cause.message}`, { cause })
}

function locked(name: string, file: string): UnreachableError {
  return new UnreachableError(`${name}: the private key ${file} has a passphrase`, {
    hint: `load it into an ssh-agent first: eval $(ssh-agent) && ssh-add ${file}`,
  })
}

/** A path as people write it. */
function brief(file: string): string {
  return file.startsWith(`${homedir()}/`) ? `~${file.slice(homedir().length)}` : file
}
