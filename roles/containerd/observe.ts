import type { Query } from '../../lib/index.ts'
import { CERTS_DIR, MARK } from './config.ts'
import type { ContainerdVars } from './vars.ts'

/** What decides how containerd is configured on a host. */
export interface Present {
  /** Of the containerd that is installed; undefined where there is none. */
  readonly version: string | undefined
  /** What the distribution would install, where there is none. */
  readonly candidate: string | undefined
  /** Whether systemd manages the cgroups of this host's services, so that containers' must be made through it. */
  readonly systemdCgroups: boolean
  readonly container: boolean
  readonly mayLowerOomScore: boolean
  /** Whether containers run: their pods outlive a restart of containerd. */
  readonly runsContainers: boolean
  /** Registries that this role has written a hosts.toml for. */
  readonly registries: readonly string[]
}

const CAP_SYS_RESOURCE = 1n << 24n

/** Asks a host, in one round trip. */
export async function observe(query: Query, { source }: Pick<ContainerdVars, 'source'>): Promise<Present> {
  const program = source === 'package' ? 'containerd' : PROGRAM
  const { stdout } = await query`export LC_ALL=C
version=$(${program} --version 2>/dev/null)
echo "version $version"
[ -n "$version" ] || echo "candidate $(apt-cache policy containerd 2>/dev/null | sed -n 's/^  Candidate: //p')"
echo "cgroup $(stat -fc %T /sys/fs/cgroup)"
ls -d /sys/fs/cgroup/*/system.slice 2>/dev/null | sed 's/^/slice /'
systemd-detect-virt --container --quiet && echo 'container yes'
sed -n 's/^CapBnd:[[:space:]]*/capabilities /p' /proc/1/status
ls -d /run/containerd/io.containerd.runtime.v2.task/*/* 2>/dev/null | sed 's/^/task /'
grep -ls ${`^${MARK}`} ${CERTS_DIR}/*/hosts.toml | sed 's/^/hosts /'
:`
  return parsePresent(stdout)
}

/** Where a release goes: apart from what the distribution installs. */
export const PROGRAM = '/usr/local/bin/containerd'

/** The lines that `observe`'s script prints. */
export function parsePresent(text: string): Present {
  const lines = text.split('\n')
  const all = (key: string) =>
    lines.filter((line) => line.startsWith(`${key} `)).map((line) => line.slice(key.length + 1).trim())
  const first = (key: string) => all(key)[0] ?? ''
  // systemd's own hierarchies are named so on cgroup v1; all others are controllers.
  const slices = all('slice').filter((path) => !/\/(systemd|unified)\/system\.slice$/.test(path))
  return {
    version: versionIn(first('version')),
    candidate: versionIn(first('candidate')),
    systemdCgroups: first('cgroup') === 'cgroup2fs' || slices.length > 0,
    container: first('container') === 'yes',
    mayLowerOomScore: (BigInt(`0x${first('capabilities') || 'ffffffffff'}`) & CAP_SYS_RESOURCE) !== 0n,
    runsContainers: all('task').length > 0,
    registries: all('hosts').map((path) => path.split('/').at(-2) as string),
  }
}

/** `containerd github.com/containerd/containerd 1.6.20~ds1 1.6.20~ds1-1+deb12u3` → `1.6.20` */
function versionIn(text: string): string | undefined {
  return /(?:^|\s)v?(\d+\.\d+\.\d+)/.exec(text)?.[1]
}
