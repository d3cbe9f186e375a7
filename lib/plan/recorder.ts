import type { Finding } from '../engine/review.ts'
import { changeDigest, type Digest } from './digests.ts'
import type { HostPlan, PlannedChange } from './document.ts'

/** What a run finds to do on one host. */
export type Found = Pick<HostPlan, 'changes' | 'unknown'>

/** In place of a host: whichever comes first. */
export const ANY_HOST = 'any host'

/** Writes down what a run finds to do, as plans have it. */
export class Recorder {
  readonly hosts = new Map<string, Found>()
  readonly #made = new Map<string, Map<string, string>>()
  readonly #digest: Digest

  constructor(digest: Digest) {
    this.#digest = digest
  }

  /** Takes a finding down; the change, unless it only leaves something open. */
  record(finding: Finding): PlannedChange | undefined {
    const { play, role, resource, change, after, before } = finding
    const host = finding.once ? ANY_HOST : finding.host
    const found = this.hosts.get(host) ?? { changes: [], unknown: [] }
    this.hosts.set(host, found)
    if (change === undefined) {
      found.unknown.push({ play, role, resource, after: after ?? '' })
      return undefined
    }
    const made = this.#made.get(host) ?? new Map<string, string>()
    this.#made.set(host, made)
    const { summary, diff, provisional } = change
    const planned: PlannedChange = {
      ...{ play, role, resource, summary },
      ...(diff && { diff }),
      digest: changeDigest(change, before, made, this.#digest),
      ...(after !== undefined && { after }),
      ...(provisional && { provisional }),
    }
    found.changes.push(planned)
    return planned
  }
}
