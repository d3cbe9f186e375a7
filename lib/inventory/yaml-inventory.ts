import type { Node, Pair, YAMLMap } from 'yaml'
import type { Place, Problem } from '../errors.ts'
import { didYouMean } from '../suggest.ts'
import { addChild, type Draft, type DraftGroup, openGroup, setGroupVariable } from './draft.ts'
import { listHosts, readHostPattern } from './host-pattern.ts'
import { readScriptOutput } from './script-output.ts'
import { SyntaxProblem } from './syntax-problem.ts'
import type { Setting } from './variables.ts'
import type { VarsFile } from './vars-files.ts'
import { openYaml, parseJson, type YamlFile } from './vars-yaml.ts'

interface Reader {
  readonly draft: Draft
  readonly file: YamlFile
  readonly yaml: typeof import('yaml')
}

/** A key of a mapping with its value; `undefined` stands for null. */
interface Entry {
  readonly key: unknown
  readonly place: Place
  readonly value: Node | undefined
}

const SECTIONS = ['vars', 'children', 'hosts']
// Deeper nesting comes from an alias that contains itself.
const DEEPEST = 100

/**
 * Reads an inventory in YAML (or JSON, also as scripts print it) into the draft.
 *
 * @param certain - false: a file that is no mapping is left alone
 * @returns whether the file was YAML
 */
export function readYaml(
  draft: Draft,
  yaml: typeof import('yaml'),
  source: VarsFile,
  certain: boolean,
): boolean {
  const printed = scriptOutput(source.text)
  if (printed !== undefined) {
    readScriptOutput(draft, printed, { file: source.file, line: 1, column: 1 })
    return true
  }
  const file = openYaml(yaml, source)
  const root = file.document.contents
  const isMapping = yaml.isMap(root)
  if (!certain && (file.problems.length > 0 || !isMapping)) return false
  draft.problems.push(...file.problems)
  draft.warnings.push(...file.warnings)
  if (file.problems.length > 0) return true
  const reader: Reader = { draft, file, yaml }
  if (!isMapping) {
    const message = root === null ? 'the inventory is empty' : 'expected groups with their hosts'
    draft.problems.push({
      message,
      place: file.placeOf(0),
      hint: 'A YAML inventory begins with a group: "all:".',
    })
  } else readGroups(reader, root)
  return true
}

/**
 * JSON as scripts print it (and `ansible-inventory --list`): hosts are lists, and `_meta` has their variables. undefined
 * for anything else. Read as YAML, which knows the place of each key, that of thousands of hosts would take a minute.
 */
function scriptOutput(text: string): object | undefined {
  const root = parseJson(text)
  if (typeof root !== 'object' || root === null || Array.isArray(root)) return undefined
  const isGroup = (value: unknown) =>
    Array.isArray(value) || Array.isArray((value as { hosts?: unknown } | null)?.hosts)
  return '_meta' in root || Object.values(root).some(isGroup) ? root : undefined
}

function readGroups(reader: Reader, root: YAMLMap): void {
  if (root.has('plugin')) {
    const { file } = reader.file.placeOf(0)
    report(reader, reader.file.placeOf(0), 'this is the configuration of an inventory plugin', {
      hint: `Let Ansible run it: ansible-inventory -i ${file} --list > hosts.json`,
    })
    return
  }
  for (const entry of entries(reader, root)) readGroup(reader, entry, 0)
}

/** Returns the group's name, if it is a group. */
function readGroup(reader: Reader, { key, place, value }: Entry, depth: number): string | undefined {
  if (!isName(reader, key, place, 'group') || depth > DEEPEST) return undefined
  if (value !== undefined && !reader.yaml.isMap(value)) {
    report(reader, place, `${key} must be a mapping`, {
      hint: `A group has ${SECTIONS.join(', ')}, or nothing.`,
    })
    return undefined
  }
  const group = openGroup(reader.draft, key, true, place)
  for (const section of value === undefined ? [] : entries(reader, value))
    readSection(reader, group, section, depth)
  return key
}

function readSection(reader: Reader, group: DraftGroup, section: Entry, depth: number): void {
  const { key, place, value } = section
  if (typeof key !== 'string' || !SECTIONS.includes(key)) {
    const hint = `${didYouMean(String(key), SECTIONS)} A group has vars, children and hosts.`
    reader.draft.warnings.push({ message: `'${key}' of ${group.name} is ignored`, place, hint })
    return
  }
  const members = sectionEntries(reader, section)
  if (members === undefined) {
    report(reader, place, `${key} of ${group.name} must be a mapping`, {
      hint: 'Write each as a key, with a colon behind it and no dash before it.',
    })
    return
  }
  if (value === undefined) return
  if (key === 'vars')
    for (const entry of members) setGroupVariable(reader.draft, group, toSetting(reader, entry))
  else if (key === 'hosts') for (const entry of members) readHost(reader, group, entry)
  else for (const entry of members) readChild(reader, group, entry, depth)
}

/** A single name may stand for a mapping with that key. */
function sectionEntries(reader: Reader, { place, value }: Entry): Entry[] | undefined {
  if (value === undefined) return []
  if (reader.yaml.isMap(value)) return entries(reader, value)
  if (!reader.yaml.isScalar(value) || typeof value.value !== 'string') return undefined
  return [{ key: value.value, place, value: undefined }]
}

function readChild(reader: Reader, parent: DraftGroup, entry: Entry, depth: number): void {
  const child = readGroup(reader, entry, depth + 1)
  if (child !== undefined) addChild(reader.draft, parent.name, child, entry.place)
}

function readHost(reader: Reader, group: DraftGroup, { key, place, value }: Entry): void {
  if (!isName(reader, key, place, 'host')) return
  const isFalsy =
    (reader.yaml.isScalar(value) && !value.value) || (reader.yaml.isSeq(value) && value.items.length === 0)
  if (value !== undefined && !isFalsy && !reader.yaml.isMap(value)) {
    report(reader, place, `${key} must have its variables as a mapping, or nothing`)
    return
  }
  const settings = reader.yaml.isMap(value)
    ? entries(reader, value).map((entry) => toSetting(reader, entry))
    : []
  try {
    listHosts(reader.draft, group, key, { ...readHostPattern(key), settings, place })
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error
    report(reader, place, error.message, error.hint === undefined ? {} : { hint: error.hint })
  }
}

/** The keys of a mapping, those that `<<` merges into it included; of a key that is set twice, the last. */
function entries(reader: Reader, map: YAMLMap): Entry[] {
  const { yaml, file } = reader
  const merged = new Map<unknown, Entry>()
  const own = new Map<unknown, Entry>()
  for (const { key, value } of map.items as Pair<Node, Node | null>[]) {
    const name = yaml.isScalar(key) ? key.value : String(key)
    const node = resolve(reader, value)
    // The reader of YAML 1.1 makes `<<` a symbol.
    if (typeof name === 'symbol') {
      const sources = yaml.isSeq(node) ? node.items.map((item) => resolve(reader, item as Node)) : [node]
      for (const source of sources.reverse()) {
        if (yaml.isMap(source)) for (const entry of entries(reader, source)) merged.set(entry.key, entry)
      }
    } else own.set(name, { key: name, place: file.placeOf(key.range?.[0] ?? 0), value: node })
  }
  return [...new Map([...merged, ...own]).values()]
}

function resolve({ yaml, file }: Reader, node: Node | null): Node | undefined {
  const resolved = yaml.isAlias(node) ? node.resolve(file.document) : node
  return yaml.isScalar(resolved) && resolved.value === null ? undefined : (resolved ?? undefined)
}

function toSetting({ file }: Reader, { key, place, value }: Entry): Setting {
  return { name: String(key), value: value === undefined ? null : value.toJS(file.document), place }
}

function isName(reader: Reader, key: unknown, place: Place, kind: string): key is string {
  if (typeof key === 'string' && key !== '') return true
  report(reader, place, `the name of a ${kind} must be text, but ${JSON.stringify(key)} is not`, {
    hint: `Quote it: "${key}".`,
  })
  return false
}

function report({ draft }: Reader, place: Place, message: string, rest: Pick<Problem, 'hint'> = {}): void {
  draft.problems.push({ message, place, ...rest })
}
