import {
  defineRole,
  directory,
  file,
  type Resource,
  type RoleContext,
  Secret,
  service,
} from '../../lib/index.ts'
import { CONFIG_FILE, configToml, SOCKET } from './config.ts'
import { health } from './health.ts'
import { installation, startedFrom } from './install.ts'
import { observe, PROGRAM, type Present } from './observe.ts'
import { registryFiles } from './registries.ts'
import { type ContainerdVars, containerdVars } from './vars.ts'

/**
 * containerd for Kubernetes: runc, CNI plugins, and a configuration that fits its version and the host.
 *
 * @example containerd({ mirrors: { 'docker.io': ['https://mirror.lan:5000'] } })
 */
export const containerd = defineRole({
  name: 'containerd',
  summary: 'containerd with runc and CNI plugins, ready for a kubelet',
  vars: containerdVars,

  async converge(context) {
    const { vars, facts, query, apply, rolling, check } = context
    const programs = installation(vars, facts)
    let present = await observe(query, vars)
    const isInstalled = present.version !== undefined
    if (!isInstalled) {
      await apply(...programs)
      if (!check) present = await observe(query, vars)
    }
    const configure = () => apply(...(isInstalled ? programs : []), ...configuration(context, present))
    // Containers outlive a restart of containerd, but a configuration that does not work must not reach every host.
    if (present.runsContainers) await rolling(configure)
    else await configure()
  },

  async verify({ query }) {
    return await health(query)
  },
})

function configuration({ vars }: Pick<RoleContext<ContainerdVars>, 'vars'>, present: Present): Resource[] {
  const version = versionOf(vars, present)
  const config = configToml(vars, version, present)
  const isSecret = Object.keys(vars.credentials).length > 0
  const program = vars.source === 'package' ? 'containerd' : PROGRAM
  return [
    directory('/etc/containerd'),
    ...registryFiles(vars, present.registries),
    ...(vars.crictl ? [file('/etc/crictl.yaml', { content: crictlYaml() })] : []),
    file(CONFIG_FILE, {
      content: isSecret ? new Secret(config) : config,
      validate: `${program} --config % config dump >/dev/null`,
    }),
    service('containerd', {
      enabled: true,
      state: 'running',
      restartOn: [...startedFrom(vars), CONFIG_FILE],
    }),
  ]
}

/** The version that containerd has once it is installed. Where nobody knows, its configuration is one that every version reads. */
function versionOf({ source }: ContainerdVars, { version, candidate }: Present): string {
  if (source !== 'package') return source.containerd.version
  return version ?? candidate ?? '1.6.0'
}

function crictlYaml(): string {
  return `runtime-endpoint: unix://${SOCKET}\nimage-endpoint: unix://${SOCKET}\n`
}
