import { QuorateError } from '../../lib/index.ts'
import type { NodeState } from '../kubeadm/node-state.ts'
import { resetCommand } from '../kubeadm/run-kubeadm.ts'

/** A master of this run that speaks for the cluster. */
export interface Speaker {
  readonly name: string
  readonly state: NodeState
}

/** What a worker has to do. */
export interface Course {
  readonly course: 'join' | 'converge'
  /** What an unfinished join has left is cleared first. */
  readonly reset: boolean
}

/**
 * Decides from what the worker and a master of the cluster found, before anything is changed. `isPlanned`: in check mode
 * the masters of the run would have made the cluster by now.
 *
 * @throws QuorateError where the host is another cluster's, a master, or nobody can let it in.
 */
export function decide(
  self: string,
  own: NodeState,
  speaker: Speaker | undefined,
  isPlanned = false,
): Course {
  const { unfinished, kubeletConf, manifest, caHash } = own
  if (manifest && unfinished === undefined) {
    throw new QuorateError(`${self} has a control plane, and cannot be a worker as well`, {
      hint: `masters take pods with kube_master_taint_masters: false; list ${self} in one of the groups only`,
    })
  }
  const isNode = kubeletConf && unfinished === undefined
  if (speaker === undefined) {
    if (isNode) return { course: 'converge', reset: false }
    if (isPlanned) return { course: 'join', reset: unfinished !== undefined }
    throw new QuorateError(
      `${self} is to join the cluster, and no master with a ready apiserver takes part in this run`,
      {
        hint: 'the play needs the masters beside the workers; with --limit, name one master too',
      },
    )
  }
  if (caHash !== undefined && caHash !== speaker.state.caHash && unfinished === undefined) {
    throw new QuorateError(
      `${self} belongs to another cluster than ${speaker.name}: its CA is a different one`,
      {
        hint: `drain it there, delete its node, and clear it with: ${resetCommand(false)}; the next run has it join`,
      },
    )
  }
  if (isNode) return { course: 'converge', reset: false }
  return { course: 'join', reset: unfinished !== undefined || caHash !== undefined }
}
