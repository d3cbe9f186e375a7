import type { Problem } from '../errors.ts'
import type { PlannedChange } from './document.ts'
import type { Found } from './recorder.ts'

/** What a check finds that is not in the plan, or the other way round: `m1: file /etc/hosts: …`. */
export function drift(host: string, planned: Found, found: Found): Problem[] {
  const [wanted, present] = [byIdentity(planned.changes), byIdentity(found.changes)]
  return [...new Set([...wanted.keys(), ...present.keys()])].flatMap((identity) => {
    const [plans, finds] = [wanted.get(identity) ?? [], present.get(identity) ?? []]
    const length = Math.max(plans.length, finds.length)
    return Array.from({ length }, (_, index) => difference(plans[index], finds[index])).flatMap((problem) =>
      problem === undefined ? [] : [{ message: `${host}: ${identity}: ${problem}` }],
    )
  })
}

/** Why a change must not be made on a host with this plan; undefined where it may. */
export function refusal(planned: Found, found: PlannedChange): string | undefined {
  const own = planned.changes.filter((change) => identityOf(change) === identityOf(found))
  if (own.some((change) => isOpen(change) || difference(change, found) === undefined)) return undefined
  const isUnknown = ({ play, role, resource }: Found['unknown'][number]) =>
    play === found.play && role === found.role && resource === found.resource
  if (planned.unknown.some(isUnknown)) return undefined
  return difference(own[0], found)
}

/** `etcd: file /etc/etcd/ca.crt` */
export function identityOf({ role, resource, play }: PlannedChange): string {
  return play === role ? `${role}: ${resource}` : `${play}: ${role}: ${resource}`
}

function difference(
  planned: PlannedChange | undefined,
  found: PlannedChange | undefined,
): string | undefined {
  if (planned === undefined) return `not planned, found: ${found?.summary}`
  if (found === undefined) return `planned: ${planned.summary}; found: nothing to change`
  if (isOpen(planned)) return undefined
  if (planned.summary !== found.summary) return `planned: ${planned.summary}; found: ${found.summary}`
  if (planned.digest === found.digest) return undefined
  return `planned: ${planned.summary}; found: the same, but the content is not what it was`
}

/** Whether only the run can tell what exactly it is going to be. */
function isOpen({ after, provisional }: PlannedChange): boolean {
  return after !== undefined || provisional === true
}

function byIdentity(changes: readonly PlannedChange[]): Map<string, PlannedChange[]> {
  const groups = new Map<string, PlannedChange[]>()
  for (const change of changes) {
    const identity = identityOf(change)
    groups.set(identity, [...(groups.get(identity) ?? []), change])
  }
  return groups
}
