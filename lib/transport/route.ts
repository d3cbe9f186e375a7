import { type ConnectionSettings, DEFAULT_PORT } from './settings.ts'

/** The way to a host in words, for `-vvv`: `ssh admin@10.0.0.1:22 through bastion, key ~/.ssh/id, root by sudo`. */
export function describeRoute(settings: ConnectionSettings): string {
  const { transport, become, config, password, privateKeyFile } = settings
  const keys = privateKeyFile === undefined ? (config?.identityFiles ?? []) : [privateKeyFile]
  const isRemote = transport === 'ssh' || transport === 'openssh'
  return [
    transport === 'local' ? 'local' : `${transport} ${isRemote ? address(settings) : settings.host}`,
    ...(config?.proxyCommand === undefined ? [] : [`ProxyCommand ${config.proxyCommand}`]),
    ...(isRemote && keys.length > 0 ? [`keys ${keys.join(', ')}`] : []),
    ...(isRemote && password !== undefined ? ['a password'] : []),
    ...(config === undefined ? [] : [`host keys in ${config.knownHostsFiles.join(', ')}`]),
    ...(become === undefined ? [] : [`then ${become.user} by ${become.method ?? 'sudo'}`]),
  ].join('; ')
}

function address({ host, port = DEFAULT_PORT, user, config }: ConnectionSettings): string {
  const own = `${user === undefined ? '' : `${user}@`}${host}:${port}`
  return config?.jump === undefined ? own : `${own} through ${address(config.jump)}`
}
