import { closest, distance } from 'fastest-levenshtein'

/** `did you mean X?` where something near is known, else what there is to choose from. */
export function didYouMean(word: string, known: Iterable<string>): string {
  const candidates = [...known]
  if (candidates.length === 0) return 'there is none to choose from'
  const nearest = closest(word, candidates)
  // A word that shares no letter with a short name is no slip of the fingers.
  const limit = Math.min(nearest.length - 1, Math.max(2, Math.floor(nearest.length / 3)))
  if (distance(word, nearest) <= limit) return `did you mean ${nearest}?`
  const shown = candidates.slice(0, 20).join(', ')
  return `known: ${shown}${candidates.length > 20 ? ', ...' : ''}`
}
