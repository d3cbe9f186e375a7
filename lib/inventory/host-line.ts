import { addHost, type Draft, type DraftGroup } from './draft.ts'
import { listHosts, readHostPattern } from './host-pattern.ts'
import { readIniValue } from './ini-value.ts'
import { type Line, placeAt } from './line.ts'
import { hasSettings, plainName } from './plain-line.ts'
import { shlexSplit, type Token } from './shlex.ts'
import { SyntaxProblem } from './syntax-problem.ts'
import { isSecretName, type Setting } from './variables.ts'

/**
 * A line such as `web[1:3]:2222 ansible_user=admin # comment`.
 *
 * @throws SyntaxProblem
 */
export function readHostLine(draft: Draft, group: DraftGroup, line: Line): void {
  if (readPlainLine(draft, group, line)) return
  const [pattern, ...words] = shlexSplit(line.text)
  if (pattern === undefined || pattern.text === '') throw new SyntaxProblem('the name of the host is empty')
  const { names, port } = readHostPattern(pattern.text)
  if (names.includes('---')) {
    throw new SyntaxProblem("'---' starts a YAML file; this is read as INI", {
      hint: 'Give the file the extension .yml.',
    })
  }
  const settings = words.map((word, index) => readSetting(draft, line, word, index, words))
  for (const token of [pattern, ...words]) if (token.cut) warnCut(draft, line, token)
  listHosts(draft, group, pattern.text, { names, port, settings, place: placeAt(line, pattern.offset) })
}

/** Most lines are plain, and a large inventory has a great many: their values wait until somebody asks for them. */
function readPlainLine(draft: Draft, group: DraftGroup, line: Line): boolean {
  const name = plainName(line)
  // What is said about a host that is named like a group lands on the group.
  if (name === undefined || draft.groups.has(name) || draft.hide !== undefined) return false
  addHost(draft, group, name, placeAt(line, 0))
  if (hasSettings(line)) draft.hosts.get(name)?.postpone(line)
  return true
}

function readSetting(draft: Draft, line: Line, word: Token, index: number, words: readonly Token[]): Setting {
  const equals = word.text.indexOf('=')
  const place = placeAt(line, word.offset)
  if (equals > 0) {
    const name = word.text.slice(0, equals)
    return { name, value: readIniValue(draft, name, word.text.slice(equals + 1), place), place }
  }
  const before = words[index - 1]?.text.split('=')[0]
  // The rest of a password that has a space in it must not be shown.
  const shown = before !== undefined && isSecretName(before) ? `what follows ${before}=` : `'${word.text}'`
  throw new SyntaxProblem(`expected key=value, but ${shown} is not`, {
    hint: word.text.startsWith(';')
      ? "';' starts a comment only at the start of a line: write # instead."
      : 'Quote a value with spaces: key="two words". No spaces around "=".',
    offset: word.offset,
  })
}

function warnCut(draft: Draft, line: Line, token: Token): void {
  const [name = '', value] = token.text.split('=', 2)
  draft.warnings.push({
    message: `'#' starts a comment: ${value === undefined ? `'${name}'` : `the value of ${name}`} ends there`,
    place: placeAt(line, token.offset),
    hint: `Quote it to keep it: ${value === undefined ? `"${name}#..."` : `${name}="...#..."`}. Or put a space before the #.`,
  })
}
