import { randomBytes } from 'node:crypto'
import { type QuorateError, UnreachableError } from '../errors.ts'
import type { HostProcess } from './host-process.ts'
import type { Become } from './settings.ts'

/** How a program is started as another user, and what sudo will ask in between. */
export interface Elevation {
  readonly argv: readonly string[]
  /** What sudo prints when it wants the password; undefined where it must not ask. */
  readonly prompt: string | undefined
}

/** Who we are on a host, and who we want to be. */
export interface Person {
  readonly name: string
  readonly user: string
  readonly become: Become | undefined
}

/** The command line that runs `argv` as the user to become. No secret is on it. */
export function elevate(argv: readonly string[], { user, become }: Person): Elevation {
  if (become === undefined || become.user === user) return { argv, prompt: undefined }
  if (become.password === undefined) {
    return { argv: ['sudo', '-n', '-H', '-u', become.user, '--', ...argv], prompt: undefined }
  }
  const prompt = `[quorate ${randomBytes(8).toString('hex')}]`
  return { argv: ['sudo', '-S', '-H', '-p', prompt, '-u', become.user, '--', ...argv], prompt }
}

/**
 * Gives sudo the password when it asks, and only then: a host that does not ask must not get it as a script.
 * A second question means that it was wrong.
 */
export class PasswordPrompt {
  readonly #process: HostProcess
  readonly #prompt: string | undefined
  readonly #become: Become | undefined
  #asked = 0
  #tail = ''

  constructor(process: HostProcess, prompt: string | undefined, become: Become | undefined) {
    this.#process = process
    this.#prompt = prompt
    this.#become = become
  }

  /** Whether sudo has refused the password. */
  get refused(): boolean {
    return this.#asked > 1
  }

  /** Takes what arrives on stderr until the program has started. */
  watch(chunk: Buffer): void {
    if (this.#prompt === undefined) return
    this.#tail += chunk.toString('latin1')
    for (let at = this.#tail.indexOf(this.#prompt); at >= 0; at = this.#tail.indexOf(this.#prompt)) {
      this.#tail = this.#tail.slice(at + this.#prompt.length)
      this.#answer()
    }
    this.#tail = this.#tail.slice(-this.#prompt.length)
  }

  #answer(): void {
    this.#asked++
    if (this.refused) this.#process.destroy()
    else this.#process.stdin.write(`${this.#become?.password?.reveal()}\n`)
  }
}

/** Why sudo did not start the program, where its messages tell; undefined where it was not sudo's fault. */
export function becomeFailure(
  { name, user, become }: Person,
  { refused, stderr }: { refused: boolean; stderr: string },
): QuorateError | undefined {
  if (become === undefined) return undefined
  const failure = (message: string, hint?: string) =>
    new UnreachableError(`${name}: ${message}`, hint === undefined ? {} : { hint })

  if (refused || /incorrect password attempt/.test(stderr)) {
    return failure(`wrong become password for ${user}: sudo did not take it`, 'check ansible_become_password')
  }
  if (/a password is required/.test(stderr)) {
    return failure(
      `sudo wants a password before ${user} may become ${become.user}`,
      'set ansible_become_password, or allow it without one (NOPASSWD) in sudoers',
    )
  }
  if (/not in the sudoers file|not allowed to (execute|run)|may not run sudo/.test(stderr)) {
    return failure(`sudo does not let ${user} become ${become.user}: ${firstLine(stderr)}`)
  }
  if (/sudo: (command )?not found|sudo: No such file/.test(stderr)) {
    return failure('sudo is not installed', `install sudo there, or connect as ${become.user}`)
  }
  if (/unknown user/.test(stderr)) return failure(`there is no user ${become.user} to become`)
  return /^sudo: /m.test(stderr) ? failure(`sudo failed: ${firstLine(stderr)}`) : undefined
}

function firstLine(text: string): string {
  return (
    text
      .split('\n')
      .find((line) => line.trim() !== '')
      ?.trim() ?? ''
  )
}
