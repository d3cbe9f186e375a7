import { CONTROLS } from './python-string.ts'
import { SyntaxProblem } from './syntax-problem.ts'

// A word ends at white space, but not within quotes or a template.
const WORD = /(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|\{\{.*?\}\}|\{%.*?%\}|\\.|[^\s"'])+/gsy
const ESCAPE = /\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([\\'"abfnrtv]))/g

/**
 * Reads `a=1 b="two words"` as `ansible -e` does: every value is text, quotes around a whole value are taken away.
 *
 * @throws SyntaxProblem for an open quote and for a word without `=`
 */
export function readKeyValues(text: string): [name: string, value: string][] {
  const pairs: [string, string][] = []
  let at = skipSpace(text, 0)
  while (at < text.length) {
    WORD.lastIndex = at
    const word = WORD.exec(text)?.[0]
    if (word === undefined || /["']/.test(text[at + word.length] ?? '')) {
      throw new SyntaxProblem('a quote is not closed', { offset: at })
    }
    pairs.push(readPair(word, at))
    at = skipSpace(text, at + word.length)
  }
  return pairs
}

function readPair(word: string, offset: number): [string, string] {
  const equals = word.indexOf('=')
  // The word may be the rest of a password: it is not shown.
  if (equals < 1) {
    throw new SyntaxProblem('expected name=value', {
      hint: 'Quote a value with spaces: -e \'name="two words"\'. A file is named with @: -e @vars.yml.',
      offset,
    })
  }
  return [word.slice(0, equals).trim(), unquote(decodeEscapes(word.slice(equals + 1)))]
}

function decodeEscapes(text: string): string {
  return text.replace(ESCAPE, (_, unicode?: string, hex?: string, char = '') => {
    const code = unicode ?? hex
    return code === undefined ? (CONTROLS[char] ?? char) : String.fromCharCode(Number.parseInt(code, 16))
  })
}

function unquote(text: string): string {
  const quote = text[0]
  const isQuoted = text.length > 1 && (quote === '"' || quote === "'") && text.endsWith(quote)
  return isQuoted && text.at(-2) !== '\\' ? text.slice(1, -1) : text
}

function skipSpace(text: string, at: number): number {
  const offset = text.slice(at).search(/\S/)
  return offset === -1 ? text.length : at + offset
}
