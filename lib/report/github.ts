import { randomUUID } from 'node:crypto'
import { isAbsolute, relative, resolve } from 'node:path'
import type { FailureReport, RunEvent } from '../engine/events.ts'
import { failureSummary } from './failure.ts'
import type { Sink } from './sink.ts'
import { mapPlace } from './stack.ts'
import { collapseHosts } from './text.ts'

/**
 * Annotations on GitHub's pages, one for each failure and warning, at the end of the run. Until then the runner is told
 * to take no commands: a line that a host prints could be one.
 */
export function createGithub(print: (text: string) => void, env: NodeJS.ProcessEnv): Sink {
  const token = randomUUID()
  const failures = new Map<string, { failure: FailureReport; hosts: string[] }>()
  const warnings = new Set<string>()
  print(`::stop-commands::${token}\n`)
  let open = true
  function finish(): void {
    if (!open) return
    open = false
    print(`::${token}::\n`)
    for (const { failure, hosts } of failures.values()) print(failureCommand(failure, hosts, env))
    for (const message of warnings) print(command('warning', {}, message))
  }
  return {
    event(event: RunEvent) {
      if (event.type === 'warning')
        warnings.add(event.host === undefined ? event.message : `${event.host}: ${event.message}`)
      if (event.type !== 'failed') return
      const { host, ...what } = event.failure
      const key = JSON.stringify(what)
      const known = failures.get(key)
      if (known !== undefined) known.hosts.push(host)
      else failures.set(key, { failure: event.failure, hosts: [host] })
    },
    async close() {
      finish()
    },
  }
}

function failureCommand(failure: FailureReport, hosts: readonly string[], env: NodeJS.ProcessEnv): string {
  const { role, place, message, hint, stderr } = failure
  const title = `${collapseHosts(hosts)}${role === undefined ? '' : ` ${role}`}: ${failureSummary(failure)}`
  const text = [message, stderr, hint].filter((part) => part !== undefined).join('\n')
  return command('error', { ...(place && fileProperties(place, env)), title }, text)
}

/** The place, if it is in the repository: paths count from its root. */
function fileProperties(
  place: NonNullable<FailureReport['place']>,
  env: NodeJS.ProcessEnv,
): Record<string, string | number> {
  const { file, line, column } = mapPlace(place)
  const path = relative(env.GITHUB_WORKSPACE ?? process.cwd(), resolve(file))
  if (path.startsWith('..') || isAbsolute(path)) return {}
  return { file: path, line, ...(column !== undefined && { col: column }) }
}

function command(
  name: string,
  properties: Readonly<Record<string, string | number>>,
  message: string,
): string {
  const given = Object.entries(properties).map(([key, value]) => `${key}=${escapeProperty(String(value))}`)
  return `::${name}${given.length > 0 ? ` ${given.join(',')}` : ''}::${escapeData(message)}\n`
}

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
