import { UsageError } from '../errors.ts'
import type { Secret } from '../secret.ts'
import { type Ask, askCredentials, type CredentialOptions } from './credentials.ts'
import { resolveConnections } from './resolve.ts'
import type { ConnectionSettings } from './settings.ts'

/** Settings with what ~/.ssh/config and a person add to those of the inventory. */
export interface Completed {
  readonly settings: ReadonlyMap<string, ConnectionSettings>
  /** For a host that is reached later: what a person has answered holds for it, and nothing more is asked. */
  readonly later: (settings: ConnectionSettings) => Promise<ConnectionSettings>
}

/** @throws UsageError as `resolveConnections` and `askCredentials`. */
export async function completeSettings(
  all: ReadonlyMap<string, ConnectionSettings>,
  options: CredentialOptions,
  ask: Ask,
): Promise<Completed> {
  const answers = new Map<string, Secret>()
  const complete = async (settings: ReadonlyMap<string, ConnectionSettings>, ask: Ask) =>
    askCredentials(await resolveConnections(settings), options, ask)
  const settings = await complete(all, async (question, what) => {
    const answer = await ask(question, what)
    answers.set(question, answer)
    return answer
  })
  const known: Ask = async (question, what) => {
    const answer = answers.get(question)
    if (answer === undefined) throw new UsageError([{ message: what }])
    return answer
  }
  return {
    settings,
    async later(one) {
      const [completed = one] = (await complete(new Map([['', one]]), known)).values()
      return completed
    },
  }
}
