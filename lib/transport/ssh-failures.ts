import { type QuorateError, UnreachableError } from '../errors.ts'
import type { SshAuthentication } from './ssh-authentication.ts'

export interface Place {
  readonly name: string
  readonly host: string
  readonly port: number
  readonly timeoutSeconds: number
}

/** Why no connection came about, in words for the person who has to mend it. */
export function connectFailure(error: Error, place: Place, authentication: SshAuthentication): QuorateError {
  const { name, host, port, timeoutSeconds } = place
  const { level, code } = error as Error & { level?: string; code?: string }
  const where = `${name} (${host}:${port})`
  const failure = (message: string, hint?: string) =>
    new UnreachableError(message, { cause: error, ...(hint !== undefined && { hint }) })

  if (level === 'client-authentication') return authentication.refusal(name)
  if (level === 'client-timeout' || code === 'ETIMEDOUT') {
    return failure(
      `${where} does not answer: no connection after ${timeoutSeconds} s`,
      'is it up, and does a firewall drop ssh?',
    )
  }
  switch (code) {
    case 'ECONNREFUSED':
      return failure(`${where} refused the connection`, 'is sshd running there, on this port?')
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return failure(`${name}: there is no address for the name ${host}`, 'check ansible_host, or DNS')
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return failure(
        `${where} cannot be reached: no route to it`,
        'is it up, and in a network that we can reach?',
      )
    default:
      return failure(`${where}: ${error.message}`)
  }
}

/** An open connection broke. */
export function lostFailure(name: string, error?: Error): QuorateError {
  return new UnreachableError(
    `connection to ${name} lost${error === undefined ? '' : `: ${error.message}`}`,
    { cause: error },
  )
}
