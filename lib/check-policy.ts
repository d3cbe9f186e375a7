import type { Problem } from './errors.ts'
import type { Play } from './playbook.ts'

/** What is wrong with a play's `serial`, `maxFailures` and `anyErrorsFatal`. */
export function policyProblems({ name, place, serial = [], maxFailures, anyErrorsFatal }: Play): Problem[] {
  const wrong = (what: string, hint: string): Problem => ({
    message: `play ${name}: ${what}`,
    hint,
    ...(place && { place }),
  })
  const sizes = [serial].flat() as (number | string)[]
  return [
    ...sizes
      .filter((size) => !isCount(size, 1))
      .map((size) =>
        wrong(`serial ${JSON.stringify(size)}`, "a number of hosts from 1 on, or a share such as '30%'"),
      ),
    ...(maxFailures === undefined || isCount(maxFailures, 0)
      ? []
      : [wrong(`maxFailures ${JSON.stringify(maxFailures)}`, "a number of hosts, or a share such as '20%'")]),
    ...(anyErrorsFatal && maxFailures !== undefined
      ? [wrong('anyErrorsFatal and maxFailures exclude each other', 'anyErrorsFatal is maxFailures: 0')]
      : []),
  ]
}

function isCount(size: number | string, least: number): boolean {
  if (typeof size === 'number') return Number.isInteger(size) && size >= least
  const share = /^([0-9]+(?:\.[0-9]+)?)%$/.exec(size)?.[1]
  return share !== undefined && Number(share) <= 100 && Number(share) >= least
}
