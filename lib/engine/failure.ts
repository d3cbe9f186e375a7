import { type Place, QuorateError, UnreachableError } from '../errors.ts'
import { ResourceError } from './converge.ts'
import type { FailureReport } from './events.ts'
import { LockedError } from './lock.ts'
import { placeOf } from './place.ts'
import { QueryError } from './query.ts'

const STDERR_LINES = 20

/** Everything that is known about why a host stopped. */
export function failureReport(
  error: unknown,
  at: { host: string; play: string; role?: string },
): FailureReport {
  if (!(error instanceof Error)) return { ...at, message: String(error), unreachable: false }
  return {
    ...at,
    message: error instanceof QuorateError ? error.message : `${error.name}: ${error.message}`,
    unreachable: error instanceof UnreachableError,
    ...(error instanceof QuorateError && error.hint !== undefined && { hint: error.hint }),
    ...outputOf(error),
    ...placed(error),
  }
}

/** A host that cannot be reached, or that another run has, is no line's fault. */
function placed(error: Error): { place?: Place } {
  if (error instanceof UnreachableError || error instanceof LockedError) return {}
  const place = error instanceof ResourceError ? error.place : placeOf(error)
  return place === undefined ? {} : { place }
}

function outputOf(error: Error): Pick<FailureReport, 'resource' | 'rc' | 'stderr'> {
  if (!(error instanceof ResourceError) && !(error instanceof QueryError)) return {}
  const lines = (error.stderr ?? '').trimEnd().split('\n')
  return {
    ...(error instanceof ResourceError && { resource: error.resource }),
    ...(error.rc !== undefined && { rc: error.rc }),
    ...(lines.join('') !== '' && { stderr: lines.slice(-STDERR_LINES).join('\n') }),
  }
}
