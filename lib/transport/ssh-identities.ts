import { homedir } from 'node:os'
import { join } from 'node:path'
import type { ConnectionSettings } from './settings.ts'

const DEFAULT_KEYS = ['id_ed25519', 'id_ecdsa', 'id_rsa']

/** The socket of the agent to ask, if any. */
export function agentSocket({ config }: ConnectionSettings): string | undefined {
  const socket = config?.identityAgent ?? process.env.SSH_AUTH_SOCK
  return socket === 'none' || socket === '' ? undefined : socket
}

/** The key files to try, in order; those that nobody named need not exist. */
export function keyFiles({ privateKeyFile, config }: ConnectionSettings): readonly string[] {
  const given = privateKeyFile === undefined ? [] : [privateKeyFile]
  const configured = config?.identityFiles ?? []
  const files = [...new Set([...given, ...configured])]
  return files.length > 0 ? files : DEFAULT_KEYS.map((file) => join(homedir(), '.ssh', file))
}
