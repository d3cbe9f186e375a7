import { posix } from 'node:path'
import { artifact, directory, type Facts, pkg, QuorateError, type Resource, user } from '../../lib/index.ts'
import { CERTIFICATE_DIR, UNIT, USER } from './config.ts'
import type { EtcdVars } from './vars.ts'

/** Where the programs are on a host. */
export interface Binaries {
  readonly etcd: string
  readonly etcdctl: string
}

/** Programs of a pinned release get a directory of their own, so that the running one is not overwritten. */
export function binariesOf({ source }: Pick<EtcdVars, 'source'>): Binaries {
  const dir = source === 'package' ? '/usr/bin' : `/opt/etcd-${source.version}`
  return { etcd: `${dir}/etcd`, etcdctl: `${dir}/etcdctl` }
}

/** Programs, user and directories: nothing here disturbs a member that runs. */
export function installation(
  vars: EtcdVars,
  { architecture, packageManager }: Pick<Facts, 'architecture' | 'packageManager'>,
): Resource[] {
  return [
    // The package would start a member without TLS, with data of its own.
    ...(vars.source === 'package'
      ? [pkg(packageManager === 'apt' ? ['etcd-server', 'etcd-client'] : ['etcd'], { doNotStart: [UNIT] })]
      : [user(USER, { system: true }), ...release(vars.source, architecture)]),
    directory('/etc/etcd', { mode: 0o755 }),
    directory(CERTIFICATE_DIR, { owner: USER, group: USER, mode: 0o700 }),
    directory(vars.dataDir, { owner: USER, group: USER, mode: 0o700 }),
  ]
}

function release(source: Exclude<EtcdVars['source'], 'package'>, architecture: string): Resource[] {
  const binaries = binariesOf({ source })
  const folder = directory(posix.dirname(binaries.etcd))
  if ('programs' in source) {
    const { etcd, etcdctl } = source.programs
    return [
      folder,
      artifact({ name: `etcd-${source.version}`, ...etcd, to: binaries.etcd }),
      artifact({ name: `etcdctl-${source.version}`, ...etcdctl, to: binaries.etcdctl }),
    ]
  }
  const { version, ...where } = source
  const dir = archiveDirectory(version, architecture)
  const files = { [`${dir}/etcd`]: binaries.etcd, [`${dir}/etcdctl`]: binaries.etcdctl }
  return [folder, artifact({ name: `etcd-${version}`, ...where, files })]
}

/** Upstream's archives hold `etcd-v3.5.24-linux-amd64/etcd` and the like. */
function archiveDirectory(version: string, architecture: string): string {
  const suffix = ARCHITECTURES[architecture]
  if (suffix === undefined) throw new QuorateError(`etcd has no release for the architecture ${architecture}`)
  return `etcd-v${version}-linux-${suffix}`
}

const ARCHITECTURES: Readonly<Record<string, string>> = {
  x86_64: 'amd64',
  aarch64: 'arm64',
  ppc64le: 'ppc64le',
  s390x: 's390x',
}
