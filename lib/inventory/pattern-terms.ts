import { isIPv6 } from 'node:net'
import { UsageError } from '../errors.ts'
import { isHostPattern, splitPort } from './address.ts'
import type { Inventory } from './types.ts'

/** One part of a host pattern. */
export interface Term {
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
 * The parts of a pattern: commas win; else a single address or host stays whole; else colons separate.
 *
 * @throws UsageError if there is none
 */
export function splitPattern(pattern: string, inventory: Inventory): string[] {
  const trimmed = pattern.trim()
  const parts = trimmed.includes(',') ? trimmed.split(',') : splitColons(trimmed, inventory)
  const terms = parts.map((part) => part.trim()).filter((part) => part !== '')
  if (terms.length === 0) {
    throw new UsageError([{ message: 'the host pattern is empty', hint: 'Name a host or a group: -l etcd' }])
  }
  return terms
}

/** What a part of a pattern means. */
export function parseTerm(written: string): Term {
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

function splitColons(pattern: string, inventory: Inventory): string[] {
  const name = pattern.replace(/^[&!]/, '')
  const isWhole = inventory.hosts.has(name) || (isHostPattern(name) && splitPort(name).port === undefined)
  if (isWhole) return [pattern]
  if (/[[\]]/.test(pattern.replaceAll(BETWEEN_COLONS, ''))) {
    throw new UsageError([{ message: `the host pattern '${pattern}' has a bracket without its partner` }])
  }
  return pattern.match(BETWEEN_COLONS) ?? []
}

function single(index: number): readonly [number, number] {
  return [index, index]
}
