import type { Probe } from '../engine/resource.ts'
import type { PackageState } from './probes/package.ts'

/** What one change does to a host's packages. */
export interface Transaction {
  /** As the package manager writes them, with the version where one is wanted. */
  readonly install: readonly string[]
  /** Installed packages that have a newer version. */
  readonly upgrade: readonly string[]
  readonly remove: readonly string[]
  /** Some version is wanted exactly, be it an older one or that of a package on hold. */
  readonly pinned: boolean
  /** Fetch the lists of packages first. */
  readonly update: boolean
  /** Names that the present lists do not have. */
  readonly unavailable: readonly string[]
  readonly doNotStart: readonly string[]
}

/** What `pkg` has to know about a distribution's package manager. */
export interface PackageManager {
  /** The question for installed versions; with `latest` also for newer ones of what is installed. */
  probe(latest: boolean): Probe<PackageState>
  /** Whether the installed version is the one that the user wrote, which may end in `*`. */
  matches(installed: string, wanted: string): boolean
  /** How name and version are written as one. */
  specify(name: string, version: string | undefined): string
  /** Whether the probe tells what could be installed. */
  readonly listsCandidates: boolean
  script(transaction: Transaction): string
}
