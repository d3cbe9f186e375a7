import type { Document, LineCounter, Pair } from 'yaml'
import { type Place, type Problem, QuorateError } from '../errors.ts'
import { isEncryptedFile, openFile } from '../vault/keychain.ts'
import type { Value } from './types.ts'
import type { Setting } from './variables.ts'
import type { VarsFile } from './vars-files.ts'
import { hide } from './vault-value.ts'
import { ansibleTags } from './yaml-scalars.ts'

/** What a variables file sets, and what is wrong with it. */
export interface ParsedVars {
  readonly settings: readonly Setting[]
  readonly problems: readonly Problem[]
  readonly warnings: readonly Problem[]
}

type Yaml = typeof import('yaml')
type FilePlace = (offset: number) => Place

/** A file in YAML or JSON, parsed as Ansible parses it. */
export interface YamlFile {
  readonly document: Document.Parsed
  /** Where in the file an offset of its text is. */
  readonly placeOf: FilePlace
  readonly problems: readonly Problem[]
  readonly warnings: readonly Problem[]
}

/** Reads a variables file in YAML or JSON as Ansible does. What is in an encrypted one is secret. */
export async function parseVarsFile(yaml: Yaml, { file, text }: VarsFile): Promise<ParsedVars> {
  if (!isEncryptedFile(text)) return parsePlain(yaml, { file, text })
  try {
    const { settings, problems, warnings } = parsePlain(yaml, { file, text: await openFile(text) })
    const secret = settings.map((setting) => ({ ...setting, value: hide(setting.value) as Value }))
    return { settings: secret, problems, warnings }
  } catch (error) {
    if (!(error instanceof QuorateError)) throw error
    const { message, hint } = error
    return failed([{ message, place: { file, line: 1 }, ...(hint !== undefined && { hint }) }])
  }
}

function parsePlain(yaml: Yaml, { file, text }: VarsFile): ParsedVars {
  const { document, placeOf, problems, warnings } = openYaml(yaml, { file, text })
  if (problems.length > 0) return failed(problems)
  if (document.contents === null || (yaml.isScalar(document.contents) && document.contents.value === null)) {
    return { settings: [], problems: [], warnings }
  }
  if (!yaml.isMap(document.contents)) {
    const hint = 'The file must be a mapping: lines of "name: value".'
    return failed([{ message: 'expected variables with names', place: placeOf(document.range[0]), hint }])
  }
  try {
    return { settings: readSettings(yaml, document, placeOf), problems: [], warnings }
  } catch (error) {
    // Too many aliases (a "billion laughs" file), or a key that is a list.
    return failed([{ message: (error as Error).message, place: placeOf(document.range[0]) }])
  }
}

/** Parses a file, with what is wrong with it and where. */
export function openYaml(yaml: Yaml, { file, text }: VarsFile): YamlFile {
  const lines = new yaml.LineCounter()
  const document = parse(yaml, text, lines)
  const placeOf: FilePlace = (offset) => {
    const { line, col } = lines.linePos(offset)
    return { file, line, column: col }
  }
  return { document, placeOf, ...complaints(document, placeOf) }
}

function parse(yaml: Yaml, text: string, lineCounter: LineCounter): Document.Parsed {
  const shared = { lineCounter, uniqueKeys: true, prettyErrors: false, logLevel: 'error' } as const
  // Ansible tries JSON first, where 1e3 is a number and nothing is octal.
  if (parseJson(text) !== undefined) return yaml.parseDocument(text, { ...shared, schema: 'json' })
  return yaml.parseDocument(text, { ...shared, version: '1.1', merge: true, customTags: ansibleTags })
}

/** undefined where it is no JSON, or neither an object nor a list. */
export function parseJson(text: string): unknown {
  if (!/^\s*[{[]/.test(text)) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** A key that is set twice is no error to Ansible, which takes the last; here it is a warning. */
function complaints(document: Document.Parsed, placeOf: FilePlace) {
  const problems: Problem[] = []
  const warnings: Problem[] = []
  for (const { code, message, pos } of document.errors) {
    const place = placeOf(pos[0])
    if (code === 'DUPLICATE_KEY') {
      warnings.push({
        message: 'the same key twice: the last one counts',
        place,
        hint: 'Remove one of them.',
      })
    } else problems.push({ message, place })
  }
  for (const { message, pos } of document.warnings) problems.push({ message, place: placeOf(pos[0]) })
  return { problems, warnings }
}

function readSettings(yaml: Yaml, document: Document.Parsed, placeOf: FilePlace): Setting[] {
  const places = keyPlaces(yaml, document, placeOf)
  const values = document.toJS() as Record<string, Value>
  const top = placeOf(document.range[0])
  return Object.entries(values).map(([name, value]) => ({ name, value, place: places.get(name) ?? top }))
}

/** Keys that a merge (`<<`) brings have the place of the merge. */
function keyPlaces(yaml: Yaml, document: Document.Parsed, placeOf: FilePlace): Map<string, Place> {
  const places = new Map<string, Place>()
  if (!yaml.isMap(document.contents)) return places
  for (const { key } of document.contents.items as Pair[]) {
    if (!yaml.isScalar(key) || !key.range) continue
    places.set(String(key.value), placeOf(key.range[0]))
  }
  return places
}

function failed(problems: readonly Problem[]): ParsedVars {
  return { settings: [], problems, warnings: [] }
}
