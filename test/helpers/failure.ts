import * as assert from 'uvu/assert'
import { QuorateError } from '../../lib/errors.ts'

/** The error that something has to end with, one that is meant for people. */
export async function failure(work: Promise<unknown>): Promise<QuorateError> {
  const error = await work.then(
    () => undefined,
    (reason) => reason,
  )
  assert.instance(error, QuorateError)
  return error
}
