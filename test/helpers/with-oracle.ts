import type { Test } from 'uvu'
import { type Oracle, startOracle } from './ansible-oracle.ts'

/**
 * Gives the tests of a suite an oracle, which ends with them. Where ansible-core cannot be installed the process ends with
 * one line, but in CI with a failure: nothing may be left out there.
 */
export function withOracle(suite: Test<object>): () => Oracle {
  let oracle: Oracle | undefined
  suite.before(async () => {
    oracle = await startOracle().catch((error: Error) => {
      if (process.env.CI) throw error
      console.log(`skipped: ansible-core cannot be installed (${error.message.split('\n')[0]})`)
      return process.exit(0)
    })
  })
  suite.after(() => oracle?.end())
  return () => oracle as Oracle
}
