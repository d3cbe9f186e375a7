import { isHostName } from './address.ts'
import { type Line, placeAt } from './line.ts'
import { parseLiteral } from './python-literal.ts'
import type { Setting } from './variables.ts'

/**
 * A name and settings in which there is nothing to complain about and nothing to evaluate, whatever their values are:
 * ASCII without a quote, a backslash, a comment, a range, a port or an opening brace.
 */
const PLAIN = /^[A-Za-z0-9][\w.-]*(?:[ \t]+[!$-&(-<>-[\]-z|}~]+=[!$-&(-[\]-z|}~]*)*$/
const WORD = /[^ \t]+/g

/** The name of the host, if its line is as plain as most are: then its settings can be read later. */
export function plainName({ text }: Line): string | undefined {
  if (!PLAIN.test(text)) return undefined
  const name = text.slice(0, nameLength(text))
  return isHostName(name) ? name : undefined
}

/** Whether a plain line has more than the name. */
export function hasSettings({ text }: Line): boolean {
  return nameLength(text) < text.length
}

/** What a plain line sets. */
export function plainSettings(line: Line): Setting[] {
  const words = [...line.text.matchAll(WORD)].slice(1)
  return words.map(({ 0: word, index }) => {
    const equals = word.indexOf('=')
    const text = word.slice(equals + 1)
    const literal = parseLiteral(text)
    const value = literal === undefined ? text : literal.value
    return { name: word.slice(0, equals), value, place: placeAt(line, index) }
  })
}

function nameLength(text: string): number {
  const end = text.search(/[ \t]/)
  return end === -1 ? text.length : end
}
