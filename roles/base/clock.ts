import type { Offset } from './observe.ts'

/**
 * The hosts whose clock surely differs by more than `limit` seconds from that of `name`; empty unless these are most of
 * the others, so that the one clock that is wrong is named and not those that are right.
 */
export function clockStrangers(name: string, clocks: ReadonlyMap<string, Offset>, limit: number): string[] {
  const own = clocks.get(name)
  if (own === undefined) return []
  const others = [...clocks].filter(([other]) => other !== name)
  const strangers = others.filter(([, clock]) => leastSkew(own, clock) > limit)
  return strangers.length * 2 > others.length ? strangers.map(([other]) => other) : []
}

/** The most that two of the clocks may differ, in seconds. */
export function mostSkew(clocks: Iterable<Offset>): number {
  const all = [...clocks]
  return Math.max(...all.map(({ most }) => most)) - Math.min(...all.map(({ least }) => least))
}

/** What two clocks differ at the least; 0 where they may well agree. */
export function leastSkew(one: Offset, other: Offset): number {
  return Math.max(0, one.least - other.most, other.least - one.most)
}
