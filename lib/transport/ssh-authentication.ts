import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { AnyAuthMethod, AuthenticationType, NextAuthHandler } from 'ssh2'
import { UnreachableError } from '../errors.ts'
import type { ConnectionSettings } from './settings.ts'

const DEFAULT_KEYS = ['id_ed25519', 'id_ecdsa', 'id_rsa']

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
    const { user, privateKeyFile, password } = settings
    const agent = process.env.SSH_AUTH_SOCK
    const authentication = new SshAuthentication(user)
    if (privateKeyFile !== undefined) await authentication.#addGivenKey(privateKeyFile, name, agent)
    if (agent)
      authentication.#attempts.push({ label: 'ssh-agent', method: { type: 'agent', username: user, agent } })
    if (privateKeyFile === undefined)
      for (const file of DEFAULT_KEYS) await authentication.#addDefaultKey(file)
    if (password !== undefined) authentication.#addPassword(password.reveal())
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

  async #addGivenKey(file: string, name: string, agent: string | undefined): Promise<void> {
    const key = await readKey(file).catch((error: Error) => {
      throw new UnreachableError(`${name}: cannot use the private key ${file}: ${error.message}`, {
        cause: error,
      })
    })
    if (key !== 'encrypted') return this.#addKey(file, key)
    if (!agent) {
      throw new UnreachableError(`${name}: the private key ${file} has a passphrase`, {
        hint: `load it into an ssh-agent first: eval $(ssh-agent) && ssh-add ${file}`,
      })
    }
    this.#notes.push(`${file} has a passphrase: only the agent can use it`)
  }

  async #addDefaultKey(file: string): Promise<void> {
    const key = await readKey(join(homedir(), '.ssh', file)).catch(() => undefined)
    if (key === 'encrypted') this.#notes.push(`~/.ssh/${file} has a passphrase: only the agent can use it`)
    else if (key !== undefined) this.#addKey(`~/.ssh/${file}`, key)
  }

  #addKey(file: string, key: Buffer): void {
    this.#attempts.push({ label: `key ${file}`, method: { type: 'publickey', username: this.#user, key } })
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

async function readKey(file: string): Promise<Buffer | 'encrypted'> {
  const { utils } = (await import('ssh2')).default
  const text = await readFile(file)
  const key = utils.parseKey(text)
  if (!(key instanceof Error)) return text
  if (/passphrase/i.test(key.message)) return 'encrypted'
  throw key
}
