import { type Problem, UsageError } from '../errors.ts'
import type { ConnectionSettings } from './settings.ts'

// Each question starts a process.
const AT_ONCE = 8

/**
 * The settings of all hosts, with what OpenSSH's configuration (~/.ssh/config and the system's) and the user's
 * arguments for ssh add. Where there are none this costs nothing.
 *
 * @throws UsageError with all that is wrong with them.
 */
export async function resolveConnections(
  all: ReadonlyMap<string, ConnectionSettings>,
): Promise<ReadonlyMap<string, ConnectionSettings>> {
  const waiting = [...all].filter(([, { transport }]) => transport === 'ssh')
  if (waiting.length === 0) return all
  const { hasSshConfig } = await import('./ssh-query.ts')
  const concerned = hasSshConfig() ? waiting : waiting.filter(([, settings]) => settings.sshArguments)
  if (concerned.length === 0) return all
  const { applySshConfig } = await import('./ssh-config.ts')
  const resolved = new Map(all)
  const problems = new Map<string, Problem>()
  const next = async (): Promise<void> => {
    for (let entry = concerned.shift(); entry !== undefined; entry = concerned.shift()) {
      const [name, settings] = entry
      try {
        resolved.set(name, await applySshConfig(settings))
      } catch (error) {
        if (!(error instanceof UsageError)) throw error
        for (const problem of error.problems) problems.set(JSON.stringify(problem), problem)
      }
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, next))
  if (problems.size > 0) throw new UsageError([...problems.values()])
  return resolved
}
