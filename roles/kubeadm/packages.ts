import { directory, type Facts, file, pkg, QuorateError, type Resource, symlink, z } from '../../lib/index.ts'
import { BIN } from './paths.ts'

const KEYRING = '/etc/apt/keyrings/kubernetes.asc'
const APT_LIST = '/etc/apt/sources.list.d/kubernetes.list'
const APT_PIN = '/etc/apt/preferences.d/kubernetes'
const RPM_KEY = '/etc/pki/rpm-gpg/RPM-GPG-KEY-kubernetes'
const YUM_REPO = '/etc/yum.repos.d/kubernetes.repo'

/** Where hosts get packages from that their distribution does not have. */
export const packageRepository = z.strictObject({
  url: z
    .url({
      protocol: /^(https?|file)$/,
      error: 'expected a URL such as https://pkgs.k8s.io/core:/stable:/v1.36/deb/',
    })
    .describe('the repository: https://pkgs.k8s.io/core:/stable:/v1.36/deb/, or /rpm/'),
  key: z
    .string()
    .min(1)
    .describe('the file with its public key, armored, on the control machine: Release.key of the repository'),
})

export type PackageRepository = z.output<typeof packageRepository>

/** Packages of each program, as Kubernetes' own repository and the distributions call them. */
const PACKAGES: Readonly<Record<string, { readonly apt: string; readonly dnf: string }>> = {
  crictl: { apt: 'cri-tools', dnf: 'cri-tools' },
  etcdctl: { apt: 'etcd-client', dnf: 'etcd' },
}

/**
 * The programs of a release from packages, under the names that the roles call them by. Kubernetes' own stay at this
 * version also when somebody upgrades the host.
 *
 * @throws QuorateError on a host that has no package manager.
 */
export function packagedPrograms(
  version: string,
  programs: readonly string[],
  { packageManager }: Pick<Facts, 'packageManager'>,
  repository: PackageRepository | undefined,
): Resource[] {
  if (packageManager === 'none')
    throw new QuorateError('this host has no package manager: give a bundle instead of a version')
  const isApt = packageManager === 'apt'
  const release = `${version.replace(/^v/, '')}-*`
  const own = programs.filter((name) => PACKAGES[name] === undefined)
  const others = programs.flatMap((name) => PACKAGES[name]?.[isApt ? 'apt' : 'dnf'] ?? [])
  const source = repository && (isApt ? aptSource(repository) : yumSource(repository))
  return [
    ...(source?.resources ?? []),
    ...(isApt ? [file(APT_PIN, { content: pin(own, release) })] : []),
    pkg(own, { version: release, ...(source && { sources: [source.path] }) }),
    pkg(others),
    // The roles call programs by their path: what `PATH` is under sudo, the distribution decides.
    ...programs.map((name) => symlink(`${BIN}/${name}`, { target: `/usr/bin/${name}` })),
  ]
}

function aptSource({ url, key }: PackageRepository) {
  const resources = [
    ...(url.startsWith('https:') ? [pkg('ca-certificates')] : []),
    directory('/etc/apt/keyrings'),
    file(KEYRING, { source: key }),
    file(APT_LIST, { content: `deb [signed-by=${KEYRING}] ${url} /\n` }),
  ]
  return { path: APT_LIST, resources }
}

function yumSource({ url, key }: PackageRepository) {
  const content = `[kubernetes]
name=Kubernetes
baseurl=${url}
enabled=1
gpgcheck=1
gpgkey=file://${RPM_KEY}
`
  return { path: YUM_REPO, resources: [file(RPM_KEY, { source: key }), file(YUM_REPO, { content })] }
}

function pin(names: readonly string[], version: string): string {
  return names.map((name) => `Package: ${name}\nPin: version ${version}\nPin-Priority: 1001\n`).join('\n')
}
