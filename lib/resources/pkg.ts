import { callPlace } from '../engine/place.ts'
import type { Change, Need, Observed, Resource } from '../engine/resource.ts'
import { QuorateError } from '../errors.ts'
import type { Facts } from '../transport/connection.ts'
import type { PackageManager, Transaction } from './package-manager.ts'
import { apt } from './pkg-apt.ts'
import { dnf } from './pkg-dnf.ts'
import type { PackageLists, PackageState } from './probes/package.ts'
import { pathNeed } from './probes/path.ts'
import { unitName } from './unit-name.ts'

export interface PackageOptions {
  /** `latest` upgrades to the newest version in the lists of packages that the host has. @default 'present' */
  readonly state?: 'present' | 'absent' | 'latest'
  /** Exactly this version, as the distribution writes it (an older one too); it may end in `*`. @default any */
  readonly version?: string
  /**
   * Units that installing must neither start nor restart, because their configuration is yet to come. They are
   * still enabled at boot where the package does that. @default none
   */
  readonly doNotStart?: readonly string[]
  /** Files with package sources that the role writes: packages may come from there, so the lists are fetched anew. @default none */
  readonly sources?: readonly string[]
}

/**
 * Packages of the distribution (apt, dnf or yum), several of them in one transaction.
 *
 * @example pkg(['haproxy', 'socat'])
 * @example pkg('etcd-server', { doNotStart: ['etcd.service'] })
 */
export function pkg(names: string | readonly string[], options: PackageOptions = {}): Resource {
  const wanted: Wanted = { ...options, names: typeof names === 'string' ? [names] : [...new Set(names)] }
  validate(wanted)
  return {
    kind: 'package',
    name: wanted.names.join(', '),
    place: callPlace(),
    needs: ({ facts }) =>
      facts.packageManager === 'none'
        ? []
        : [...packageNeeds(wanted, facts), ...(options.sources ?? []).map(pathNeed)],
    plan: (observed, { facts }) => plan(wanted, managerOf(facts), observed),
  }
}

interface Wanted extends PackageOptions {
  readonly names: readonly string[]
}

/** A package that is not as desired. */
interface Difference {
  readonly name: string
  readonly state: PackageState
}

function packageNeeds(wanted: Wanted, facts: Facts): Need<PackageState>[] {
  const probe = managerOf(facts).probe(wanted.state === 'latest')
  return wanted.names.map((name) => ({ probe, arg: name }))
}

function managerOf({ packageManager }: Facts): PackageManager {
  if (packageManager === 'apt') return apt
  if (packageManager !== 'none') return dnf(packageManager)
  throw new QuorateError('this host has none of the package managers apt, dnf and yum', {
    hint: 'install what is needed by step(), or use a distribution of the Debian or Red Hat family',
  })
}

function plan(wanted: Wanted, manager: PackageManager, observed: Observed): Change[] {
  const probe = manager.probe(wanted.state === 'latest')
  const differences = wanted.names
    .map((name) => ({ name, state: observed.get(probe, name) }))
    .filter(({ state }) => differs(state, wanted, manager))
  if (differences.length === 0) return []
  const transaction = transactionOf(differences, wanted, manager)
  return [
    {
      summary: summaryOf(differences, wanted),
      action: manager.script(transaction),
      effects: {
        unknown: 'everything',
        known: differences.map(
          ({ name, state }) => [{ probe, arg: name }, predicted(state, wanted)] as const,
        ),
      },
    },
  ]
}

function differs({ installed, candidate }: PackageState, wanted: Wanted, manager: PackageManager): boolean {
  if (wanted.state === 'absent') return installed !== undefined
  if (installed === undefined) return true
  if (wanted.version !== undefined) return !manager.matches(installed, wanted.version)
  return wanted.state === 'latest' && candidate !== undefined && candidate !== installed
}

function transactionOf(
  differences: readonly Difference[],
  wanted: Wanted,
  manager: PackageManager,
): Transaction {
  const { version } = wanted
  const doNotStart = (wanted.doNotStart ?? []).map((unit) => unitName('pkg', unit))
  const base = {
    install: [],
    upgrade: [],
    remove: [],
    unavailable: [],
    pinned: version !== undefined,
    update: false,
    doNotStart,
  }
  const names = differences.map(({ name }) => name)
  if (wanted.state === 'absent') return { ...base, remove: names }
  const isUpgrade = ({ state }: Difference) => version === undefined && state.installed !== undefined
  const unavailable = manager.listsCandidates
    ? differences.filter(({ state }) => !isAvailable(state, wanted))
    : []
  const lists = differences.find(({ state }) => state.lists !== undefined)?.state.lists
  if (unavailable.length > 0 && !isOld(lists) && !wanted.sources?.length)
    throw unknownPackages(unavailable, wanted, lists)
  return {
    ...base,
    install: differences.filter((one) => !isUpgrade(one)).map(({ name }) => manager.specify(name, version)),
    upgrade: differences.filter(isUpgrade).map(({ name }) => name),
    unavailable: unavailable.map(({ name }) => name),
    update: manager.listsCandidates && (unavailable.length > 0 || isOld(lists)),
  }
}

const DAY = 24 * 3600

/** Lists that may not have what the sources have by now. */
function isOld(lists: PackageLists | undefined): boolean {
  return lists === undefined || lists.age === undefined || lists.outdated || lists.age > DAY
}

function isAvailable({ installed, candidate, versions }: PackageState, { version }: Wanted): boolean {
  // Of what is installed only the version is known: whether there is another one will be seen.
  if (installed !== undefined && versions === undefined) return true
  if (candidate === undefined) return false
  return version === undefined || (versions ?? []).some((one) => apt.matches(one, version))
}

function unknownPackages(
  missing: readonly Difference[],
  { version }: Wanted,
  lists: PackageLists | undefined,
): QuorateError {
  const [first] = missing as [Difference]
  const fetched = `the lists were fetched ${Math.round((lists?.age ?? 0) / 60)} minutes ago`
  if (version !== undefined && first.state.candidate !== undefined) {
    return new QuorateError(
      `package ${first.name} has no version ${version} in this host's package sources`,
      {
        hint: `${fetched}; they have ${first.state.versions?.join(', ')}`,
      },
    )
  }
  const names = missing.map(({ name }) => name)
  const subject = names.length === 1 ? `package ${names} does` : `packages ${names.join(', ')} do`
  return new QuorateError(`${subject} not exist in this host's package sources`, {
    hint: `is the name right, and the source there? ${fetched}`,
  })
}

function predicted({ candidate }: PackageState, { state, version }: Wanted): PackageState {
  if (state === 'absent') return {}
  const installed = version?.replace(/\*$/, '') ?? candidate ?? ''
  return { installed, candidate: installed }
}

function summaryOf(differences: readonly Difference[], wanted: Wanted): string {
  const one = ({ name, state }: Difference): string => {
    const { installed } = state
    const version = wanted.version ?? state.candidate
    if (wanted.state === 'absent') return `remove ${name} ${installed}`
    if (installed === undefined) return `install ${name}${version === undefined ? '' : ` ${version}`}`
    return `${name} ${installed} → ${version}`
  }
  return differences.map(one).join(', ')
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9+._-]*(:[a-z0-9-]+)?$/
const VERSION = /^[A-Za-z0-9][A-Za-z0-9.+:~^_-]*\*?$/

function validate({ names, state, version }: Wanted): void {
  if (names.length === 0) throw new QuorateError('pkg: name at least one package')
  for (const name of names) {
    if (NAME.test(name)) continue
    throw new QuorateError(`pkg: '${name}' is not a package name`, {
      hint: 'a name as in: haproxy, libc6:amd64, g++',
    })
  }
  if (version === undefined) return
  if (!VERSION.test(version))
    throw new QuorateError(`pkg: '${version}' is not a version`, { hint: 'as in: 2.6.12-1, 1:9.2*' })
  if (state === 'absent' || state === 'latest')
    throw new QuorateError(`pkg: a version makes no sense with state '${state}'`)
}
