import { homedir, userInfo } from 'node:os'
import { resolve } from 'node:path'
import { UsageError } from '../errors.ts'
import { type ConnectionSettings, DEFAULT_PORT, type SshConfig } from './settings.ts'
import { configFileOf } from './ssh-arguments.ts'
import { querySsh, type SshValues } from './ssh-query.ts'

// As many as anybody has; a chain that is longer leads back to itself.
const MOST_JUMPS = 8

/**
 * The settings with all that OpenSSH's configuration and the user's arguments for ssh say about the host. What the
 * inventory says is stronger than the configuration, as in Ansible.
 *
 * @throws UsageError for a mistake in the configuration, or when it asks for what only ssh(1) can do.
 */
export async function applySshConfig(settings: ConnectionSettings, depth = 0): Promise<ConnectionSettings> {
  const { host, timeoutSeconds } = settings
  if (depth > MOST_JUMPS) throw usage(`ProxyJump of ${host} leads back to itself`)
  const values = await querySsh(sshCommandLine(settings))
  const config = await toConfig(values, settings, depth)
  // ssh(1) reads its configuration itself: it gets the host by the name that it has there.
  if (wantsMore(values) || config.jump?.transport === 'openssh') return { ...settings, transport: 'openssh' }
  const timeout = Number(values.get('connecttimeout')?.[0])
  return {
    ...settings,
    host: values.get('hostname')?.[0] ?? host,
    port: Number(values.get('port')?.[0] ?? DEFAULT_PORT),
    user: values.get('user')?.[0] ?? userInfo().username,
    ...(timeoutSeconds === undefined && timeout > 0 && { timeoutSeconds: timeout }),
    config,
  }
}

/** Whether the configuration asks for what only ssh(1) can do. */
function wantsMore(values: SshValues): boolean {
  return ['certificatefile', 'pkcs11provider'].some((keyword) => unlessNone(values.get(keyword)?.[0]))
}

/** What follows `ssh` on a command line that leads to the host. */
export function sshCommandLine({
  host,
  port,
  user,
  privateKeyFile,
  sshArguments,
}: ConnectionSettings): string[] {
  return [
    ...(sshArguments?.before ?? []),
    ...(port === undefined ? [] : ['-p', String(port)]),
    ...(user === undefined ? [] : ['-l', user]),
    ...(privateKeyFile === undefined ? [] : ['-i', privateKeyFile]),
    ...(sshArguments?.after ?? []),
    ...['--', host],
  ]
}

async function toConfig(values: SshValues, settings: ConnectionSettings, depth: number): Promise<SshConfig> {
  const one = (keyword: string) => values.get(keyword)?.[0]
  const files = (keyword: string) => (one(keyword) ?? '').split(' ').filter(Boolean).map(toPath)
  const agent = one('identityagent')
  const family = one('addressfamily')
  const proxyCommand = unlessNone(one('proxycommand'))
  const jump = unlessNone(one('proxyjump'))
  const alias = one('hostkeyalias')
  return {
    identityFiles: (values.get('identityfile') ?? []).map(toPath),
    identitiesOnly: one('identitiesonly') === 'yes',
    knownHostsFiles: [...files('userknownhostsfile'), ...files('globalknownhostsfile')],
    acceptNewHostKeys: ['accept-new', 'no', 'false', 'off'].includes(one('stricthostkeychecking') ?? ''),
    ...(agent !== undefined && agent !== 'SSH_AUTH_SOCK' && { identityAgent: toAgent(agent) }),
    ...(alias !== undefined && { hostKeyAlias: alias }),
    ...(family === 'inet' && { family: 4 as const }),
    ...(family === 'inet6' && { family: 6 as const }),
    ...(proxyCommand !== undefined && { proxyCommand }),
    ...(jump !== undefined && { jump: await applySshConfig(jumpSettings(jump, settings), depth + 1) }),
  }
}

/** `jo@bastion:2222,inner`: the last is the one next to the host, and is itself reached through those before it. */
function jumpSettings(text: string, { sshArguments }: ConnectionSettings): ConnectionSettings {
  const hops = text.split(',')
  const last = hops.pop() ?? ''
  const [, user, bracketed, plain, port] =
    /^(?:ssh:\/\/)?(?:(.*)@)?(?:\[([^\]]+)\]|([^:]+|.*:.*:.*))(?::(\d+))?$/.exec(last) ?? []
  const host = bracketed ?? plain
  if (host === undefined) throw usage(`ProxyJump ${text}: ${last} is no [user@]host[:port]`)
  const file = sshArguments && configFileOf(sshArguments)
  return {
    transport: 'ssh',
    host,
    ...(user !== undefined && { user }),
    ...(port !== undefined && { port: Number(port) }),
    // ssh(1) too hands nothing else on to its jump hosts.
    sshArguments: {
      before: file === undefined ? [] : ['-F', file],
      after: hops.length === 0 ? [] : ['-J', hops.join(',')],
    },
  }
}

function toPath(path: string): string {
  return resolve(path.replace(/^~(?=\/|$)/, homedir()).replaceAll('%d', homedir()))
}

function toAgent(value: string): string {
  if (value === 'none') return value
  return value.startsWith('$') ? (process.env[value.slice(1)] ?? 'none') : toPath(value)
}

function unlessNone(value: string | undefined): string | undefined {
  return value === 'none' ? undefined : value
}

function usage(message: string): UsageError {
  return new UsageError([{ message, hint: 'see ssh_config(5); ssh -G HOST shows what it comes down to' }])
}
