import { existsSync, readFileSync } from 'node:fs'
import { type Problem, UsageError } from '../errors.ts'
import type { ConnectionSettings } from './settings.ts'
import { keyFiles } from './ssh-identities.ts'

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
  const resolved = new Map([...all].map(([name, settings]) => [name, throughOpenSsh(settings)]))
  if (concerned.length === 0) return resolved
  const { applySshConfig } = await import('./ssh-config.ts')
  const problems = new Map<string, Problem>()
  const next = async (): Promise<void> => {
    for (let entry = concerned.shift(); entry !== undefined; entry = concerned.shift()) {
      const [name, settings] = entry
      try {
        resolved.set(name, throughOpenSsh(await applySshConfig(settings), settings))
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

/**
 * Certificates and hardware keys are for the system's ssh(1): it takes over where a key has a certificate beside it, or
 * is but the handle of a hardware key. A password it could not be given.
 *
 * @param asGiven What ssh(1) is to start from, which reads the configuration itself.
 */
function throughOpenSsh(settings: ConnectionSettings, asGiven = settings): ConnectionSettings {
  if (settings.transport !== 'ssh' || settings.password !== undefined) return settings
  const isSpecial = keyFiles(settings).some((file) => existsSync(`${file}-cert.pub`) || isHardwareKey(file))
  return isSpecial ? { ...asGiven, transport: 'openssh' } : settings
}

function isHardwareKey(file: string): boolean {
  return existsSync(`${file}.pub`) && readFileSync(`${file}.pub`, 'latin1').startsWith('sk-')
}
