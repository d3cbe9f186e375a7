import { isIPv6 } from 'node:net'
import { type Problem, UsageError } from '../errors.ts'
import { didYouMean } from '../suggest.ts'
import { isHostPattern, splitPort } from './address.ts'
import { globToRegExp } from './fnmatch.ts'
import type { Inventory } from './types.ts'

/** One part of a host pattern. */
interface Term {
  /** What it does with the hosts so far: add, keep only (`&`), or take away (`!`). */
  readonly effect: 'add' | 'keep' | 'remove'
  /** A name, a glob, or `~` and a regular expression. */
  readonly name: string
  /** First and last position, both included; a last of -1 is the end. */
  readonly subscript: readonly [number, number] | undefined
  /** As the user wrote it. */
  readonly written: string
}

// Text outside of brackets, or a complete pair of brackets: what stands between colons.
const BETWEEN_COLONS = /(?:[^\s:[\]]|\[[^\]]*\])+/g
const SUBSCRIPT = /^(.+)\[(?:(-?[0-9]+)|([0-9]+)[:-]([0-9]*))\]$/
const BRACKETED = /^\[(.+)\]$/
const EFFECTS: Readonly<Record<string, Term['effect']>> = { '&': 'keep', '!': 'remove' }

/**
 * The hosts that an Ansible host pattern names, in the order in which Ansible runs `all`:
 * names of groups and hosts, globs, `~regex`, joined by `,` or `:`, with `&` (and), `!` (but not) and subscripts
 * (`etcd[0]`, `etcd[1:2]`, `etcd[-1]`). Additions come first, then `&`, then `!`, wherever they stand.
 *
 * The result is empty if, say, two groups have no host in common.
 *
 * @throws UsageError for every part that matches nothing
 */
export function selectHosts(pattern: string, inventory: Inventory): string[] {
  const terms = splitPattern(pattern, inventory).map(parseTerm)
  const problems: Problem[] = []
  const matches: Match[] = []
  for (const term of terms) {
    try {
      matches.push({ effect: term.effect, hosts: new Set(matchTerm(term, inventory)) })
    } catch (error) {
      if (!(error instanceof UsageError)) throw error
      problems.push(...error.problems)
    }
  }
  if (problems.length > 0) throw new UsageError(problems)
  return combine(matches, inventory)
}

interface Match {
  readonly effect: Term['effect']
  readonly hosts: ReadonlySet<string>
}

function combine(matches: readonly Match[], inventory: Inventory): string[] {
  const all = inventory.groups.get('all')?.hosts ?? []
  const additions = matches.filter(({ effect }) => effect === 'add')
  return all.filter(
    (host) =>
      (additions.length === 0 || additions.some(({ hosts }) => hosts.has(host))) &&
      matches.every(({ effect, hosts }) => effect === 'add' || hosts.has(host) === (effect === 'keep')),
  )
}

/** Commas win; else a single address or host stays whole; else colons separate. */
function splitPattern(pattern: string, inventory: Inventory): string[] {
  const trimmed = pattern.trim()
  const parts = trimmed.includes(',') ? trimmed.split(',') : splitColons(trimmed, inventory)
  const terms = parts.map((part) => part.trim()).filter((part) => part !== '')
  if (terms.length === 0) {
    throw new UsageError([{ message: 'the host pattern is empty', hint: 'Name a host or a group: -l etcd' }])
  }
  return terms
}

function splitColons(pattern: string, inventory: Inventory): string[] {
  const name = pattern.replace(/^[&!]/, '')
  const isWhole = inventory.hosts.has(name) || (isHostPattern(name) && splitPort(name).port === undefined)
  if (isWhole) return [pattern]
  if (/[[\]]/.test(pattern.replaceAll(BETWEEN_COLONS, ''))) {
    throw new UsageError([{ message: `the host pattern '${pattern}' has a bracket without its partner` }])
  }
  return pattern.match(BETWEEN_COLONS) ?? []
}

function parseTerm(written: string): Term {
  const effect = EFFECTS[written.charAt(0)]
  const text = effect === undefined ? written : written.slice(1)
  const shared = { effect: effect ?? 'add', written }
  const address = BRACKETED.exec(text)?.[1]
  if (address !== undefined && isIPv6(address)) return { ...shared, name: address, subscript: undefined }
  const [, name, index, first, last] = text.startsWith('~') ? [] : (SUBSCRIPT.exec(text) ?? [])
  if (name === undefined) return { ...shared, name: text, subscript: undefined }
  const subscript =
    index === undefined ? ([Number(first), Number(last || -1)] as const) : single(Number(index))
  return { ...shared, name, subscript }
}

function single(index: number): readonly [number, number] {
  return [index, index]
}

function matchTerm(term: Term, inventory: Inventory): readonly string[] {
  const text = term.written.replace(/^[&!]/, '')
  if (inventory.hosts.has(text)) return [text]
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

/** Hosts are searched only where no group matched, or where the name could match both. */
function enumerate(term: Term, inventory: Inventory): readonly string[] {
  const regExp = toRegExp(term)
  const groups = [...inventory.groups.values()].filter(({ name }) => regExp.test(name))
  const hosts = new Set(groups.flatMap((group) => group.hosts))
  if (groups.length === 0 || /^~|[.?*[]/.test(term.name)) {
    for (const name of inventory.hosts.keys()) if (regExp.test(name)) hosts.add(name)
  }
  if (groups.length > 0 || hosts.size > 0) return [...hosts]
  const names = [...inventory.groups.keys(), ...inventory.hosts.keys()]
  const hint = term.name.includes(':')
    ? 'Beside a comma, a colon separates nothing.'
    : didYouMean(term.name, names)
  throw unmatched(term, 'matches no host and no group', hint)
}

function toRegExp(term: Term): RegExp {
  if (!term.name.startsWith('~')) return globToRegExp(term.name)
  const [, ignoreCase, source = ''] = /^~(\(\?i\))?(.*)$/s.exec(term.name) ?? []
  try {
    // Python writes named groups as (?P<name>…).
    return new RegExp(`^(?:${source.replaceAll('(?P<', '(?<')})`, ignoreCase === undefined ? 'u' : 'ui')
  } catch (error) {
    throw unmatched(term, `is not a regular expression: ${(error as Error).message}`, 'Try ~^web[0-9]+$')
  }
}

function unmatched(term: Term, what: string, hint: string): UsageError {
  return new UsageError([{ message: `the host pattern '${term.written}' ${what}`, hint }])
}
