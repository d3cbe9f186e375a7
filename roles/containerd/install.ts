import { artifact, directory, type Facts, pkg, type Resource, sh, step, unit } from '../../lib/index.ts'
import { PROGRAM } from './observe.ts'
import type { ContainerdVars } from './vars.ts'

const UNIT = 'containerd.service'
const PLUGINS = ['bandwidth', 'bridge', 'firewall', 'host-local', 'loopback', 'portmap', 'tuning']

/** Programs: nothing here disturbs a containerd that runs. */
export function installation(
  vars: ContainerdVars,
  { packageManager }: Pick<Facts, 'packageManager'>,
): Resource[] {
  if (vars.source !== 'package') return released(vars.source, vars.cniBinDir)
  return [
    // It would run with the package's configuration first: cgroups of another driver than wanted.
    pkg(['containerd', 'runc', 'containernetworking-plugins'], { doNotStart: [UNIT] }),
    directory(vars.cniBinDir),
    linkedPlugins(vars.cniBinDir, packageManager === 'apt' ? '/usr/lib/cni' : '/usr/libexec/cni'),
  ]
}

/** What containerd is started from, beside its configuration: a restart is due when one of them changes. */
export function startedFrom({ source }: Pick<ContainerdVars, 'source'>): string[] {
  return source === 'package' ? [] : [PROGRAM, `/etc/systemd/system/${UNIT}`]
}

function released(source: Exclude<ContainerdVars['source'], 'package'>, cniBinDir: string): Resource[] {
  const { containerd, runc, cniPlugins } = source
  const bin = (name: string) => [`bin/${name}`, `/usr/local/bin/${name}`]
  return [
    directory(cniBinDir),
    artifact({
      name: 'containerd',
      ...reachable(containerd),
      files: Object.fromEntries(['containerd', 'containerd-shim-runc-v2', 'ctr'].map(bin)),
    }),
    artifact({ name: 'runc', ...reachable(runc), to: '/usr/local/sbin/runc' }),
    artifact({
      name: 'cni-plugins',
      ...reachable(cniPlugins),
      files: Object.fromEntries(PLUGINS.map((name) => [`./${name}`, `${cniBinDir}/${name}`])),
    }),
    unit(UNIT, containerdUnit()),
  ]
}

type Release = Exclude<ContainerdVars['source'], 'package'>['runc']

function reachable({ version: _, ...where }: Release) {
  return where
}

/** Distributions keep CNI plugins elsewhere than everybody else looks for them; a plugin that is there already stays. */
function linkedPlugins(cniBinDir: string, packaged: string): Resource {
  const each = sh`for plugin in ${packaged}/*; do [ -x "$plugin" ] && [ -e ${cniBinDir}/"$\{plugin##*/}" ] ||`
  return step(`CNI plugins in ${cniBinDir}`, {
    done: sh`${each} exit 1; done`,
    run: sh`${each} ln -sf "$(readlink -e "$plugin")" ${cniBinDir}/ || exit; done`,
  })
}

/** As upstream ships it: pods outlive a restart, since only the main process is killed. */
function containerdUnit(): string {
  return `[Unit]
Description=containerd container runtime
Documentation=https://containerd.io
After=network.target dbus.service

[Service]
ExecStartPre=-/sbin/modprobe overlay
ExecStart=${PROGRAM}
Type=notify
Delegate=yes
KillMode=process
Restart=always
RestartSec=5
LimitNPROC=infinity
LimitCORE=infinity
TasksMax=infinity
OOMScoreAdjust=-999

[Install]
WantedBy=multi-user.target
`
}
