import { readFileSync } from 'node:fs'
import { type Problem, UsageError } from '../errors.ts'
import { didYouMean } from '../suggest.ts'
import { globToRegExp } from './fnmatch.ts'
import { parseTerm, splitPattern, type Term } from './pattern-terms.ts'
import { pythonRegExp } from './python-regexp.ts'
import type { Inventory } from './types.ts'

interface Match {
  readonly effect: Term['effect']
  readonly hosts: readonly string[]
}

/**
 * The hosts that an Ansible host pattern names, in Ansible's order: names of groups and hosts, globs, `~regex`, joined
 * by `,` or `:`, with `&` (and), `!` (but not) and subscripts (`etcd[0]`, `etcd[1:2]`, `etcd[-1]`). Additions come
 * first, as they are written, then `&`, then `!`, wherever they stand.
 *
 * The result is empty if, say, two groups have no host in common.
 *
 * @throws UsageError for every part that matches nothing
 */
export function selectHosts(pattern: string, inventory: Inventory): string[] {
  return selectTerms(splitPattern(pattern, inventory), inventory)
}

/**
 * The hosts of `--limit`: a pattern in which `@FILE` stands for the lines of a file, each a name or a part of a pattern.
 *
 * @throws UsageError as {@link selectHosts}, and for a file that cannot be read
 */
export function limitHosts(limit: string, inventory: Inventory): string[] {
  const parts = splitPattern(limit, inventory)
  const terms = parts.flatMap((part) => (part.startsWith('@') ? readTerms(part.slice(1)) : [part]))
  // A file without lines limits to nothing: it must not stand for all hosts.
  return terms.length === 0 ? [] : selectTerms(terms, inventory)
}

function readTerms(file: string): string[] {
  try {
    const lines = readFileSync(file, 'utf8').split('\n')
    return lines.map((line) => line.trim()).filter((line) => line !== '')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const hint = 'The file holds a host, a group or a pattern a line: -l @failed-hosts'
    throw new UsageError([{ message: `--limit @${file}: the file cannot be read: ${code}`, hint }])
  }
}

function selectTerms(written: readonly string[], inventory: Inventory): string[] {
  const problems: Problem[] = []
  const matches: Match[] = []
  for (const term of written.map(parseTerm)) {
    try {
      matches.push({ effect: term.effect, hosts: matchTerm(term, inventory) })
    } catch (error) {
      if (!(error instanceof UsageError)) throw error
      problems.push(...error.problems)
    }
  }
  if (problems.length > 0) throw new UsageError(problems)
  return combine(matches, inventory)
}

function combine(matches: readonly Match[], inventory: Inventory): string[] {
  const additions = matches.filter(({ effect }) => effect === 'add')
  const all = inventory.groups.get('all')?.hosts ?? []
  const hosts = new Set(additions.length === 0 ? all : additions.flatMap((match) => match.hosts))
  for (const match of matches) {
    if (match.effect === 'add') continue
    const named = new Set(match.hosts)
    for (const host of hosts) if (named.has(host) !== (match.effect === 'keep')) hosts.delete(host)
  }
  return [...hosts]
}

function matchTerm(term: Term, inventory: Inventory): readonly string[] {
  if (inventory.hosts.has(term.written)) return [term.written]
  const hosts = enumerate(term, inventory)
  if (term.subscript === undefined || hosts.length === 0) return hosts
  const [first, last] = term.subscript
  if (last >= 0 && last < first) throw unmatched(term, 'counts backwards', `Write [${last}:${first}].`)
  // A last of -1 is the end: position 0 from there.
  const picked = hosts.slice(first, last + 1 || undefined)
  if (picked.length === 0 && first === last) {
    throw unmatched(term, `is out of range: ${term.name} has ${hosts.length} hosts`, 'The first host is [0].')
  }
  return picked
}

/**
 * Hosts are searched only where no group matched, or where the name could match both. A host that several matches share
 * is there more than once, which subscripts count as Ansible does.
 */
function enumerate(term: Term, inventory: Inventory): readonly string[] {
  const regExp = toRegExp(term)
  const groups = [...inventory.groups.values()].filter(({ name }) => regExp.test(name))
  const hosts = groups.flatMap((group) => group.hosts)
  if (groups.length === 0 || /^~|[.?*[]/.test(term.name)) {
    for (const name of inventory.hosts.keys()) if (regExp.test(name)) hosts.push(name)
  }
  if (groups.length > 0 || hosts.length > 0) return hosts
  const names = [...inventory.groups.keys(), ...inventory.hosts.keys()]
  const hint = term.name.includes(':')
    ? 'Beside a comma, a colon separates nothing.'
    : didYouMean(term.name, names)
  throw unmatched(term, 'matches no host and no group', hint)
}

function toRegExp(term: Term): RegExp {
  if (!term.name.startsWith('~')) return globToRegExp(term.name)
  try {
    return pythonRegExp(term.name.slice(1))
  } catch (error) {
    throw unmatched(term, `is not a regular expression: ${(error as Error).message}`, 'Try ~^web[0-9]+$')
  }
}

function unmatched(term: Term, what: string, hint: string): UsageError {
  return new UsageError([{ message: `the host pattern '${term.written}' ${what}`, hint }])
}
