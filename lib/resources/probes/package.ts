import type { Probe } from '../../engine/resource.ts'
import { sh } from '../../quote.ts'

/** What a host knows about one package. */
export interface PackageState {
  /** Installed version; absent where the package is not, or only partly, installed. */
  readonly installed?: string
  /** What would be installed; absent where it was not asked for or the package is not known. */
  readonly candidate?: string
  /** All versions in the host's lists, where they were asked for. */
  readonly versions?: readonly string[]
  /** How good the host's lists of packages are; absent where they were not asked for. */
  readonly lists?: PackageLists
}

export interface PackageLists {
  /** Seconds since they were fetched; undefined where there are none. */
  readonly age: number | undefined
  /** The package sources were changed after the lists were fetched. */
  readonly outdated: boolean
}

/** Installed versions by one `dpkg-query`; candidates by one `apt-cache policy`, for what is not installed. */
export const aptProbe: Probe<PackageState> = {
  name: 'apt',
  script: (names) => `${aptInstalled(names)}${APT_AVAILABLE}`,
  parse: parseApt,
}

/** As `aptProbe`, but with candidates for what is installed, too. */
export const aptLatestProbe: Probe<PackageState> = {
  name: 'apt-latest',
  script: (names) => `${aptInstalled(names)}${sh`missing=${names.join(' ')}`}\n${APT_AVAILABLE}`,
  parse: parseApt,
}

/** Installed versions by one `rpm`. */
export const rpmProbe: Probe<PackageState> = {
  name: 'rpm',
  script: rpmInstalled,
  parse: parseRpm,
}

/** Installed versions, and by one `dnf` (or `yum`) the updates there are for them. */
export const rpmLatestProbe: Probe<PackageState> = {
  name: 'rpm-latest',
  script: (names) => `${rpmInstalled(names)}
command -v dnf >/dev/null && dnf=dnf || dnf=yum
${sh`$dnf -q check-update ${[...names]}`} </dev/null 2>/dev/null | while read -r name version repository; do
  [ -z "$repository" ] || echo "update $name $version"
done`,
  parse: parseRpm,
}

const aptInstalled = (names: readonly string[]) => `export LC_ALL=C
${sh`set -- ${[...names]}`}
known=$(dpkg-query -W -f '\${db:Status-Status}/\${db:Status-Eflag} \${Package} \${Version}
\${db:Status-Status}/\${db:Status-Eflag} \${Package}:\${Architecture} \${Version}
' "$@" 2>/dev/null)
printf '%s\\n' "$known"
missing=
for name do
  case "
$known" in
    *"
installed/ok $name "*) ;;
    *) missing="$missing $name" ;;
  esac
done
`

// An update that finds nothing new may leave the lists' own times alone, but it has always written to partial/.
const APT_AVAILABLE = `[ -n "$missing" ] || exit 0
lists=/var/lib/apt/lists
set -- $lists/*_Packages*
if [ -e "$1" ]; then
  newest=$lists
  [ $lists/partial -nt $lists ] && newest=$lists/partial
  outdated=0
  for source in /etc/apt/sources.list /etc/apt/sources.list.d /etc/apt/sources.list.d/*; do
    [ -e "$source" ] && [ "$source" -nt $newest ] && outdated=1
  done
  echo "lists $(($(date +%s) - $(stat -c %Y $newest))) $outdated"
else
  echo 'lists none'
fi
apt-cache policy $missing 2>/dev/null`

function parseApt(stdout: Buffer, names: readonly string[]): PackageState[] {
  const installed = new Map<string, string>()
  const policies = new Map<string, Policy>()
  let lists: PackageLists | undefined
  let policy: Policy = { versions: [] }
  for (const line of stdout.toString().split('\n')) {
    const [word = '', name = '', version = ''] = line.split(' ')
    if (word === 'installed/ok') installed.set(name, version)
    else if (word === 'lists') lists = parseLists(name, version)
    else if (/^\S+:$/.test(line)) {
      policy = { versions: [] }
      policies.set(line.slice(0, -1), policy)
    } else addPolicyLine(policy, line)
  }
  return names.map((name) => ({
    ...(installed.has(name) && { installed: installed.get(name) as string }),
    ...(policies.get(name) ?? policies.get(name.replace(/:.*/, ''))),
    ...(lists !== undefined && { lists }),
  }))
}

interface Policy {
  candidate?: string
  readonly versions: string[]
}

function parseLists(age: string, outdated: string): PackageLists {
  return age === 'none'
    ? { age: undefined, outdated: true }
    : { age: Number(age), outdated: outdated === '1' }
}

function addPolicyLine(policy: Policy, line: string): void {
  const candidate = /^ {2}Candidate: ([^(\s]\S*)/.exec(line)?.[1]
  if (candidate !== undefined) policy.candidate = candidate
  // `     1.2-3 500` or, for what is installed, ` *** 1.2-3 500`; the lines of its sources are indented deeper.
  const version = /^(?: {5}| \*{3} )(\S+) -?\d+/.exec(line)?.[1]
  if (version !== undefined) policy.versions.push(version)
}

function rpmInstalled(names: readonly string[]): string {
  return sh`export LC_ALL=C
rpm -q --qf 'installed %{NAME} %{EPOCHNUM}:%{VERSION}-%{RELEASE} %{ARCH}\\n' ${[...names]} 2>/dev/null`.text
}

function parseRpm(stdout: Buffer, names: readonly string[]): PackageState[] {
  const installed = new Map<string, string>()
  const updates = new Map<string, string>()
  for (const line of stdout.toString().split('\n')) {
    const [word, name = '', version = ''] = line.split(' ')
    if (word === 'installed') installed.set(name, version.replace(/^0:/, ''))
    if (word === 'update') updates.set(name.replace(/\.[^.]*$/, ''), version)
  }
  return names.map((name) => {
    const version = installed.get(name)
    const candidate = updates.get(name) ?? version
    return version === undefined ? {} : { installed: version, ...(candidate !== undefined && { candidate }) }
  })
}
