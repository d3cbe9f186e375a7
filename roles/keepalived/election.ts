import { createHash } from 'node:crypto'

const HIGHEST_PRIORITY = 150
const PRIORITY_STEP = 10

/** What decides who holds the VIP. */
export interface Election {
  readonly preempt: boolean
  readonly checkWeight: number
  readonly priorities: readonly number[]
}

/** The VRRP priority of each member: the one it was given, else 150, 140, … by its position. */
export function prioritiesOf(members: readonly { readonly priority?: number | undefined }[]): number[] {
  return members.map(({ priority }, position) => priority ?? HIGHEST_PRIORITY - PRIORITY_STEP * position)
}

/** How many members can have a default priority. */
export const MOST_MEMBERS = HIGHEST_PRIORITY / PRIORITY_STEP

/** A VRRP id from 1 to 255 that a cluster's name always gives. Two names may give the same: hence the check on the segment. */
export function routerIdOf(clusterName: string): number {
  return (createHash('sha256').update(clusterName).digest().readUInt32BE() % 255) + 1
}

/**
 * What is wrong with a weight of the check script; undefined where a member whose check fails always loses against
 * every member whose check does not.
 */
export function weightProblem({ preempt, checkWeight, priorities }: Election): string | undefined {
  if (checkWeight === 0) return undefined
  if (!preempt) {
    return 'without preempt a lower priority never takes the VIP away, so a failing check would change nothing: leave it 0, or set preempt'
  }
  const [lowest, highest] = [Math.min(...priorities), Math.max(...priorities)]
  const gap = highest - lowest
  const weight = Math.abs(checkWeight)
  if (weight <= gap) {
    return `priorities are up to ${gap} apart, so a member with a failing check would keep the VIP: give at least ${gap + 1} (or -${gap + 1}), or 0`
  }
  const [least, most] = checkWeight < 0 ? [lowest - weight, highest] : [lowest, highest + weight]
  if (least >= 1 && most <= 254) return undefined
  return `would lead to priorities from ${least} to ${most}, keepalived knows 1 to 254: give a smaller one, or 0`
}
