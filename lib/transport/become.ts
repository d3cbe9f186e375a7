import { type QuorateError, UnreachableError } from '../errors.ts'
import { BECOME_METHODS, type Complaint, type Elevation } from './become-methods.ts'
import type { HostProcess } from './host-process.ts'
import type { Become } from './settings.ts'

/** Who we are on a host, and who we want to be. */
export interface Person {
  readonly name: string
  readonly user: string
  readonly become: Become | undefined
}

/** The command line that runs `argv` as the user to become. No secret is on it. */
export function elevate(argv: readonly string[], { user, become }: Person): Elevation {
  if (become === undefined || become.user === user) return { argv, question: undefined }
  return BECOME_METHODS[become.method ?? 'sudo'].command(argv, become)
}

/**
 * Gives the password when it is asked for, and only then: a host that does not ask must not get it as a script.
 * A second question means that it was wrong; a question without a password to give ends the program.
 */
export class PasswordPrompt {
  readonly #process: HostProcess
  readonly #question: RegExp | undefined
  readonly #become: Become | undefined
  #asked = 0
  #tail = ''

  constructor(process: HostProcess, question: RegExp | undefined, become: Become | undefined) {
    this.#process = process
    this.#question = question
    this.#become = become
  }

  /** What an answer that did not do comes down to. */
  get complaint(): Complaint | undefined {
    if (this.#asked > 0 && this.#become?.password === undefined) return 'password wanted'
    return this.#asked > 1 ? 'wrong password' : undefined
  }

  /** Takes what arrives on stderr until the program has started. */
  watch(chunk: Buffer): void {
    if (this.#question === undefined) return
    this.#tail = (this.#tail + chunk.toString('latin1')).slice(-1000)
    const asked = this.#question.exec(this.#tail)
    if (asked === null) return
    this.#tail = this.#tail.slice(asked.index + asked[0].length)
    this.#asked++
    if (this.complaint !== undefined) this.#process.destroy()
    else this.#process.stdin.write(`${this.#become?.password?.reveal()}\n`)
  }
}

/** Why the program was not started, where what was said tells; undefined where it was not become's fault. */
export function becomeFailure(
  { name, user, become }: Person,
  { complaint, stderr }: { complaint: Complaint | undefined; stderr: string },
): QuorateError | undefined {
  if (become === undefined || become.user === user) return undefined
  const method = become.method ?? 'sudo'
  const said = BECOME_METHODS[method].complaints.find(([pattern]) => pattern.test(stderr))?.[1]
  const failure = (message: string, hint?: string) =>
    new UnreachableError(`${name}: ${message}`, hint === undefined ? {} : { hint })
  // su wants the password of the user to become, the others that of the one who asks.
  const owner = method === 'su' ? become.user : user
  switch (complaint ?? said) {
    case 'wrong password':
      return failure(
        `wrong become password for ${owner}: ${method} did not take it`,
        'check ansible_become_password',
      )
    case 'password wanted':
      return failure(
        `${method} wants a password before ${user} may become ${become.user}`,
        `set ansible_become_password, run with --ask-become-pass, or allow it without one`,
      )
    case 'not allowed':
      return failure(`${method} does not let ${user} become ${become.user}: ${firstLine(stderr)}`)
    case 'not installed':
      return failure(`${method} is not installed`, `install it there, or connect as ${become.user}`)
    case 'unknown user':
      return failure(`there is no user ${become.user} to become`)
    default: {
      const own = stderr.split('\n').find((line) => line.startsWith(`${method}: `))
      return own === undefined ? undefined : failure(`${method} failed: ${firstLine(own)}`)
    }
  }
}

function firstLine(text: string): string {
  return (
    text
      .split('\n')
      .find((line) => line.trim() !== '')
      ?.trim() ?? ''
  )
}
