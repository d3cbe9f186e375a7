import { isHostName, splitPort } from './address.ts'
import { addHost, type Draft, type DraftGroup, setHostVariable } from './draft.ts'
import { expandHostRange } from './host-range.ts'
import { readIniValue } from './ini-value.ts'
import { type Line, placeAt } from './line.ts'
import { shlexSplit, type Token } from './shlex.ts'
import { SyntaxProblem } from './syntax-problem.ts'
import { isSecretName, type Setting } from './variables.ts'

/**
 * A line such as `web[1:3]:2222 ansible_user=admin # comment`.
 *
 * @throws SyntaxProblem
 */
export function readHostLine(draft: Draft, group: DraftGroup, line: Line): void {
  const [pattern, ...words] = shlexSplit(line.text)
  if (pattern === undefined || pattern.text === '') throw new SyntaxProblem('the name of the host is empty')
  const { names, port } = readPattern(pattern.text)
  const settings = words.map((word, index) => readSetting(draft, line, word, index, words))
  for (const token of [pattern, ...words]) if (token.cut) warnCut(draft, line, token)
  if (names.length === 0) {
    draft.warnings.push({
      message: `the range in '${pattern.text}' is empty: it stands for no host`,
      place: placeAt(line, pattern.offset),
      hint: 'Ranges run from the smaller number to the larger: web[1:3].',
    })
  }
  for (const name of names) {
    warnOddName(draft, line, name)
    const isNew = addHost(draft, group, name, placeAt(line, pattern.offset))
    if (port !== undefined) setPort(draft, line, name, port, isNew)
    for (const setting of settings) setHostVariable(draft, name, setting)
  }
}

function readPattern(pattern: string): { names: readonly string[]; port: number | undefined } {
  const { name, port } = splitPort(pattern)
  if (pattern.endsWith(':')) {
    throw new SyntaxProblem(`'${pattern}' ends in ':' but names no port`, {
      hint: `Write ${pattern}22 or ${pattern.slice(0, -1)}.`,
    })
  }
  const names = name.includes('[') ? expandHostRange(name) : [name]
  if (names.includes('---')) {
    throw new SyntaxProblem("'---' starts a YAML file; this is read as INI", {
      hint: 'Inventories in YAML are not supported yet: write hosts.ini.',
    })
  }
  return { names, port }
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

function setPort(draft: Draft, line: Line, name: string, port: number, isNew: boolean): void {
  const place = placeAt(line, 0)
  const host = draft.hosts.get(name)
  if (isNew && port !== 0 && host !== undefined) {
    const setting = { value: port, place, layer: `host ${name}`, overrides: undefined }
    host.vars.set('ansible_port', setting)
    return
  }
  draft.warnings.push({
    message: `port ${port} of '${name}' is ignored`,
    place,
    hint:
      port === 0
        ? 'Ports are 1 to 65535.'
        : `Only the first line that names a host can give it a port this way: write ansible_port=${port}.`,
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

function warnOddName(draft: Draft, line: Line, name: string): void {
  if (isHostName(name)) return
  draft.warnings.push({
    message: `'${name}' is an odd name for a host`,
    place: placeAt(line, 0),
    hint: oddNameHint(name),
  })
}

function oddNameHint(name: string): string {
  if (name.includes('=')) return 'If this is a variable of a group, it belongs below a header [group:vars].'
  if (name.includes('@')) return 'The user to log in as is a variable: ansible_user=admin.'
  if (/:[^:]*$/.test(name)) return 'A port is a number: web1:2222, [fe80::1]:2222.'
  return 'Host names are letters, digits, "-", "_" and ".".'
}
