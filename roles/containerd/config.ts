import { QuorateError } from '../../lib/index.ts'
import type { Present } from './observe.ts'
import { type ContainerdVars, revealPassword } from './vars.ts'

export const CONFIG_FILE = '/etc/containerd/config.toml'
export const CERTS_DIR = '/etc/containerd/certs.d'
export const SOCKET = '/run/containerd/containerd.sock'

/** How files of this role begin. */
export const MARK = '# Written by Quorate (role containerd)'

/** What of a host the configuration depends on. */
export type Surroundings = Pick<Present, 'systemdCgroups' | 'container' | 'mayLowerOomScore'>

/** A TOML table: its path, and the keys in it. */
type Table = readonly [
  path: readonly string[],
  keys: Readonly<Record<string, string | boolean | readonly string[]>>,
]

/**
 * config.toml for a version of containerd: tables of the CRI plugin in configuration version 2 (containerd 1.6 and 1.7)
 * or 3 (2.x), where they were divided in two.
 *
 * @throws QuorateError for credentials where containerd has no place for them (2.3 and later).
 */
export function configToml(vars: ContainerdVars, version: string, host: Surroundings): string {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  refuseCredentials(vars, version, major > 2 || (major === 2 && minor >= 3))
  const tables = major < 2 ? version2(vars, host) : version3(vars, host, minor)
  return [
    `${MARK}: the next run undoes what is changed here.\nversion = ${major < 2 ? 2 : 3}\n`,
    ...tables.map(formatTable),
    ...(vars.extraConfig === '' ? [] : [`${vars.extraConfig.trimEnd()}\n`]),
  ].join('\n')
}

/** The cgroup driver, which the kubelet has to share. */
export function cgroupDriver(
  { cgroupDriver }: ContainerdVars,
  { systemdCgroups }: Surroundings,
): 'systemd' | 'cgroupfs' {
  return cgroupDriver ?? (systemdCgroups ? 'systemd' : 'cgroupfs')
}

function refuseCredentials({ credentials }: ContainerdVars, version: string, unsupported: boolean): void {
  if (!unsupported || Object.keys(credentials).length === 0) return
  throw new QuorateError(`containerd ${version} takes no credentials in its configuration any more`, {
    hint: 'give them to pods as imagePullSecrets, or to the kubelet in /var/lib/kubelet/config.json; the sandbox image has to be had without',
  })
}

function version2(vars: ContainerdVars, host: Surroundings): Table[] {
  const cri = ['plugins', 'io.containerd.grpc.v1.cri']
  return [
    [cri, { sandbox_image: vars.sandboxImage, ...restrictions(vars, host) }],
    [[...cri, 'cni'], { bin_dir: vars.cniBinDir, conf_dir: vars.cniConfDir }],
    ...runc([...cri, 'containerd'], vars, host),
    ...registry([...cri, 'registry'], vars),
  ]
}

function version3(vars: ContainerdVars, host: Surroundings, minor: number): Table[] {
  const [images, runtime] = [
    ['plugins', 'io.containerd.cri.v1.images'],
    ['plugins', 'io.containerd.cri.v1.runtime'],
  ]
  // 2.1 took bin_dirs for bin_dir, which 2.3 does not know any more.
  const binDir = minor === 0 ? { bin_dir: vars.cniBinDir } : { bin_dirs: [vars.cniBinDir] }
  return [
    [[...images, 'pinned_images'], { sandbox: vars.sandboxImage }],
    ...registry([...images, 'registry'], vars),
    [runtime, restrictions(vars, host)],
    [[...runtime, 'cni'], { ...binDir, conf_dir: vars.cniConfDir }],
    ...runc([...runtime, 'containerd'], vars, host),
  ]
}

function restrictions(vars: ContainerdVars, { container, mayLowerOomScore }: Surroundings) {
  return {
    disable_apparmor: vars.disableApparmor ?? container,
    restrict_oom_score_adj: vars.restrictOomScoreAdj ?? !mayLowerOomScore,
  }
}

function runc(containerd: readonly string[], vars: ContainerdVars, host: Surroundings): Table[] {
  const runtime = [...containerd, 'runtimes', 'runc']
  return [
    [containerd, { default_runtime_name: 'runc' }],
    [runtime, { runtime_type: 'io.containerd.runc.v2' }],
    [[...runtime, 'options'], { SystemdCgroup: cgroupDriver(vars, host) === 'systemd' }],
  ]
}

/** Credentials have no other place that works with every registry: a header in hosts.toml is of no use where tokens are. */
function registry(path: readonly string[], { credentials }: ContainerdVars): Table[] {
  return [
    [path, { config_path: CERTS_DIR }],
    ...Object.entries(credentials).map(
      ([name, credential]): Table => [
        [...path, 'configs', HUB_ALIASES.has(name) ? HUB : name, 'auth'],
        { username: credential.username, password: revealPassword(credential) },
      ],
    ),
  ]
}

/** Docker Hub is called otherwise in image names than its registry is. */
export const HUB = 'registry-1.docker.io'
const HUB_ALIASES = new Set(['docker.io', 'index.docker.io'])

function formatTable([path, keys]: Table): string {
  const head = path.map((part) => (/^[A-Za-z0-9_-]+$/.test(part) ? part : JSON.stringify(part))).join('.')
  // A string of JSON is one of TOML as well.
  const lines = Object.entries(keys).map(([key, value]) => `${key} = ${JSON.stringify(value)}\n`)
  return `[${head}]\n${lines.join('')}`
}
