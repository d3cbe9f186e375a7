import { QuorateError } from '../errors.ts'
import type { Contents } from './knowledge.ts'
import type { Change } from './resource.ts'

/** A change that a run is about to make, or in check mode would make. */
export interface Finding {
  readonly host: string
  readonly play: string
  readonly role: string
  /** `file /etc/hosts` */
  readonly resource: string
  /** Absent in check mode, where none is needed as far as can be known. */
  readonly change?: Change
  /** In check mode: what has to happen before this can be known for sure. */
  readonly after?: string
  /** Work of `once`: the host that makes it is the one that comes first. */
  readonly once?: boolean
  /** Digests of the files that the plan looked at, by path. */
  readonly before: Contents
}

/** Told of all changes, in check mode as they are planned, else before they are made: a DriftError keeps them from it. */
export type Review = (found: Finding) => void

/** A host is not as it was when its plan was made. */
export class DriftError extends QuorateError {}
