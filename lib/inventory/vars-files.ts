import { readdirSync, readFileSync, statSync } from 'node:fs'
import { extname, join } from 'node:path'
import { closest, distance } from 'fastest-levenshtein'
import type { Problem } from '../errors.ts'

/** A file with variables of one group or host. */
export interface VarsFile {
  readonly file: string
  readonly text: string
}

/** The variables files of groups or of hosts, by name. */
export interface VarsFiles {
  readonly files: ReadonlyMap<string, readonly VarsFile[]>
  readonly problems: readonly Problem[]
  readonly warnings: readonly Problem[]
}

/** In the order in which Ansible tries them: the first that exists is the only one read. */
const EXTENSIONS: readonly string[] = ['', '.yml', '.yaml', '.json']

const MOST_MISNAMED = 20

/**
 * Reads `group_vars/` or `host_vars/`: for each name a file with or without an extension, or a directory whose
 * files are merged in the order of their names.
 */
export function readVarsFiles(directory: string, names: Iterable<string>): VarsFiles {
  const files = new Map<string, readonly VarsFile[]>()
  const problems: Problem[] = []
  const warnings: Problem[] = []
  const entries = new Set(listDirectory(directory, problems))
  if (entries.size === 0) return { files, problems, warnings }
  const known = new Set(names)
  for (const name of known) {
    const [first, ...shadowed] = EXTENSIONS.map((extension) => name + extension).filter((entry) =>
      entries.has(entry),
    )
    if (first === undefined) continue
    files.set(name, readEntry(join(directory, first), problems))
    for (const entry of shadowed) warnings.push(shadowWarning(directory, entry, first))
  }
  warnings.push(...misnamed(directory, entries, known))
  return { files, problems, warnings }
}

function readEntry(path: string, problems: Problem[]): VarsFile[] {
  try {
    if (!statSync(path).isDirectory()) return [{ file: path, text: readFileSync(path, 'utf8') }]
  } catch (error) {
    problems.push(unreadable(path, error))
    return []
  }
  return listDirectory(path, problems)
    .filter((entry) => !entry.startsWith('.') && !entry.endsWith('~') && EXTENSIONS.includes(extname(entry)))
    .filter((entry) => extname(entry) === '' || !isDirectory(join(path, entry)))
    .flatMap((entry) => readEntry(join(path, entry), problems))
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

function listDirectory(path: string, problems: Problem[]): string[] {
  try {
    return readdirSync(path).sort()
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') problems.push(unreadable(path, error))
    return []
  }
}

function shadowWarning(directory: string, entry: string, first: string): Problem {
  return {
    message: `${join(directory, entry)} is ignored because ${join(directory, first)} exists`,
    hint: `Move what it holds into ${first}.`,
  }
}

/**
 * Files for names that the inventory almost has. Others may be meant for another inventory, and where there are many,
 * so are all: comparing each with each name would take long too.
 */
function misnamed(directory: string, entries: ReadonlySet<string>, known: ReadonlySet<string>): Problem[] {
  const strangers = [...entries].filter(
    (entry) => !entry.startsWith('.') && !known.has(entry) && !known.has(stem(entry)),
  )
  if (strangers.length > MOST_MISNAMED || known.size === 0) return []
  return strangers.flatMap((entry) => {
    const name = stem(entry)
    const nearest = closest(name, [...known])
    if (distance(name, nearest) > Math.min(2, name.length / 3)) return []
    const message = `${join(directory, entry)} is used by nothing: the inventory has no '${name}'`
    return [{ message, hint: `did you mean ${nearest}${entry.slice(name.length)}?` }]
  })
}

/** `web` of `web.yml`; what has another extension is a name with a dot in it. */
function stem(entry: string): string {
  const extension = extname(entry)
  return EXTENSIONS.includes(extension) ? entry.slice(0, entry.length - extension.length) : entry
}

function unreadable(path: string, error: unknown): Problem {
  const code = errorCode(error)
  const reason = code === undefined ? String(error) : code
  return { message: `${path} cannot be read: ${reason}`, hint: 'Check that it exists and its permissions.' }
}

function errorCode(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code
}
