import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { QuorateError } from '../errors.ts'

/** The programs that a lab runs, and the Debian package that holds each. */
const TOOLS = {
  'systemd-nspawn': 'systemd-container',
  mmdebstrap: 'mmdebstrap',
  iptables: 'iptables',
  ip: 'iproute2',
  ssh: 'openssh-client',
  'ssh-keygen': 'openssh-client',
} as const

/** The Debian packages that a lab needs and that this machine has not got. */
export function missingTools(): string[] {
  const missing = Object.entries(TOOLS).filter(([program]) => !isInstalled(program))
  return [...new Set(missing.map(([, debianPackage]) => debianPackage))]
}

/** @throws QuorateError when this machine cannot run a lab: not root, or a program is missing. */
export function requireTools(): void {
  requireRoot()
  const missing = missingTools()
  if (missing.length === 0) return
  throw new QuorateError(`a lab needs ${missing.join(', ')}, which this machine has not got`, {
    hint: `Run: apt-get install -y ${missing.join(' ')}`,
  })
}

/** @throws QuorateError when this is not Linux, or we are not root. */
export function requireRoot(): void {
  if (process.platform !== 'linux')
    throw new QuorateError('a lab needs Linux: its hosts are systemd-nspawn containers')
  if (process.getuid?.() === 0) return
  throw new QuorateError('a lab needs root: it mounts, adds a bridge and starts containers', {
    hint: 'Run the command again with sudo.',
  })
}

function isInstalled(program: string): boolean {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin']
  return folders.some((folder) => isExecutable(join(folder, program)))
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
