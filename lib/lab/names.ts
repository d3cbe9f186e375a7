import { type Problem, UsageError } from '../errors.ts'

const NAME = /^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/
const HINT = 'A name is made of lower-case letters, digits and inner hyphens, at most 32.'
const MAX_HOSTS = 200

/** @throws UsageError for what cannot be a lab's name. */
export function checkLabName(name: string): void {
  if (!NAME.test(name)) throw new UsageError([{ message: `'${name}' cannot be a lab's name`, hint: HINT }])
}

/** @throws UsageError that names all that is wrong with the names of a lab's hosts. */
export function checkHostNames(names: readonly string[]): void {
  const bad = names.filter((name) => !NAME.test(name))
  const twice = names.filter((name, index) => names.indexOf(name) !== index)
  const problems: Problem[] = [
    ...bad.map((name) => ({ message: `'${name}' cannot be a host's name`, hint: HINT })),
    ...[...new Set(twice)].map((name) => ({ message: `two hosts are named ${name}` })),
    ...wrongCount(names.length),
  ]
  if (problems.length > 0) throw new UsageError(problems)
}

/** m1, m2, … @throws UsageError when a lab cannot have so many hosts. */
export function numberedHosts(count: number): string[] {
  const problems = wrongCount(count)
  if (problems.length > 0) throw new UsageError(problems)
  return Array.from({ length: count }, (_, index) => `m${index + 1}`)
}

function wrongCount(count: number): Problem[] {
  if (Number.isInteger(count) && count >= 1 && count <= MAX_HOSTS) return []
  return [{ message: `a lab has 1 to ${MAX_HOSTS} hosts, not ${count}` }]
}
