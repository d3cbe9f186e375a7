import { SyntaxProblem } from './syntax-problem.ts'

/** A word of a line after quotes and backslashes have been taken away. */
export interface Token {
  readonly text: string
  /** Zero-based offset of its first character in the line, its quote included. */
  readonly offset: number
  /** A `#` right behind it began a comment, so the word may have been meant to go on. */
  readonly cut: boolean
}

const SPACE = ' \t\r\n'
/** What stands for itself. */
const PLAIN = /[^ \t\r\n#\\"']+/y

/**
 * Splits a line as Python's `shlex.split(line, comments=True)` does.
 *
 * Two of its habits surprise: `#` starts a comment in the middle of a word too, and a backslash within double
 * quotes stays unless a quote or a backslash follows.
 *
 * @throws SyntaxProblem for an unbalanced quote and a backslash at the end
 */
export function shlexSplit(line: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  while (at < line.length) {
    const char = line.charAt(at)
    if (char === '#') break
    if (SPACE.includes(char)) {
      at++
      continue
    }
    const word = readWord(line, at)
    tokens.push({ text: word.text, offset: at, cut: line[word.end] === '#' })
    at = word.end
  }
  return tokens
}

function readWord(line: string, start: number): { text: string; end: number } {
  let text = ''
  let at = start
  while (at < line.length) {
    const char = line.charAt(at)
    if (char === '#' || SPACE.includes(char)) break
    if (char === '\\') {
      text += escaped(line, at)
      at += 2
    } else if (char === '"' || char === "'") {
      const quoted = readQuoted(line, at)
      text += quoted.text
      at = quoted.end
    } else {
      PLAIN.lastIndex = at
      const plain = PLAIN.exec(line)?.[0] ?? char
      text += plain
      at += plain.length
    }
  }
  return { text, end: at }
}

function readQuoted(line: string, start: number): { text: string; end: number } {
  const quote = line.charAt(start)
  let text = ''
  for (let at = start + 1; at < line.length; at++) {
    const char = line.charAt(at)
    if (char === quote) return { text, end: at + 1 }
    if (char !== '\\' || quote === "'") {
      text += char
      continue
    }
    const next = escaped(line, at++)
    text += next === quote || next === '\\' ? next : `\\${next}`
  }
  throw new SyntaxProblem(`quote ${quote} is never closed`, {
    hint: `Close it, or write \\${quote} for a quote that is part of the value.`,
    offset: start,
  })
}

function escaped(line: string, at: number): string {
  const next = line[at + 1]
  if (next !== undefined) return next
  throw new SyntaxProblem('nothing follows the backslash', {
    hint: 'Write \\\\ for a backslash.',
    offset: at,
  })
}
