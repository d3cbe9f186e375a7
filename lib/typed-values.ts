import type { z } from 'zod'
import type { Place, Problem } from './errors.ts'
import { isSecretName } from './inventory/variables.ts'
import { Secret } from './secret.ts'

/** A value that somebody gave for a key of a schema. */
export interface Given {
  readonly value: unknown
  readonly place: Place | undefined
  /** The name the user wrote: `etcd_pki_dir` in the inventory, `pkiDir` in the playbook. */
  readonly name: string
  /** Text from the command line, where `-e port=8443` cannot say that it means a number. */
  readonly isLoose: boolean
}

/** Values typed by a schema, and what is wrong with them, by key. */
export interface Checked {
  readonly values: Record<string, unknown>
  readonly problems: readonly { readonly key: string; readonly problem: Problem }[]
}

/** Compiling a schema takes longer than using it for some hosts. */
const ONCE = { jitless: true }

type Issues = z.ZodError['issues']
type Path = readonly PropertyKey[]

const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ...['yes', 'true', 'on', '1', 'y', 't'].map((word): [string, boolean] => [word, true]),
  ...['no', 'false', 'off', '0', 'n', 'f'].map((word): [string, boolean] => [word, false]),
])

/** Types what was given by a schema; `missing` says what is wrong where a value is needed that nobody gave. */
export function checkValues(
  schema: z.ZodType,
  given: ReadonlyMap<string, Given>,
  missing: (key: string) => Problem,
): Checked {
  const raw = Object.fromEntries([...given].map(([key, { value }]) => [key, value]))
  let result = schema.safeParse(raw, ONCE)
  if (!result.success) result = schema.safeParse(adapt(raw, given, result.error.issues))
  if (result.success) return { values: result.data as Record<string, unknown>, problems: [] }
  const problems = result.error.issues.flatMap((issue) => {
    const [key, ...rest] = issue.path.map(String) as [string?, ...string[]]
    const source = key === undefined ? undefined : given.get(key)
    // What could not be evaluated has been reported.
    if (source !== undefined && source.value === undefined) return []
    if (key !== undefined && source === undefined) return { key, problem: missing(key) }
    return { key: key ?? '', problem: wrongValue(issue.message, source, rest) }
  })
  const wrong = new Set(problems.map(({ key }) => key))
  return { values: Object.fromEntries(Object.entries(raw).filter(([key]) => !wrong.has(key))), problems }
}

/**
 * What the schema refused, in the type that it wants where that is the same value: the text of a secret for a field
 * that is not marked secret (it is still masked in all output), and the number or the yes that loose text means.
 */
function adapt(raw: object, given: ReadonlyMap<string, Given>, issues: Issues): unknown {
  let adapted: unknown = raw
  for (const issue of issues) {
    const value = valueAt(adapted, issue.path)
    const isLoose = given.get(String(issue.path[0]))?.isLoose === true && typeof value === 'string'
    if (!isLoose && !(value instanceof Secret)) continue
    const text = value instanceof Secret ? value.reveal() : value
    adapted = withValue(adapted, issue.path, convert(text, 'expected' in issue ? issue.expected : undefined))
  }
  return adapted
}

function convert(text: string, expected: unknown): unknown {
  if (expected === 'boolean') return BOOLEANS.get(text.toLowerCase()) ?? text
  const isNumber = (expected === 'number' || expected === 'int') && /^[-+]?\d+(?:\.\d+)?$/.test(text.trim())
  return isNumber ? Number(text) : text
}

function valueAt(root: unknown, path: Path): unknown {
  return path.reduce<unknown>((at, step) => (at as Record<PropertyKey, unknown> | undefined)?.[step], root)
}

function withValue(root: unknown, [step, ...rest]: Path, value: unknown): unknown {
  if (step === undefined) return value
  const copy = (Array.isArray(root) ? [...root] : { ...(root as object) }) as Record<PropertyKey, unknown>
  copy[step] = withValue(copy[step], rest, value)
  return copy
}

function wrongValue(message: string, source: Given | undefined, path: readonly string[]): Problem {
  if (source === undefined) return { message }
  const name = [source.name, ...path].join('.')
  const value = valueAt(source.value, path)
  const shown = isSecretName(name) ? '***' : show(value)
  const wantsMore = source.isLoose && path.length === 0 && /array|record|object/.test(message)
  return {
    message: `${name} = ${shown}: ${message}`,
    ...(source.place && { place: source.place }),
    ...(wantsMore && { hint: `Lists and mappings are given as JSON: -e '{"${source.name}": ...}'` }),
  }
}

function show(value: unknown): string {
  if (value instanceof Secret) return String(value)
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 80 ? `${text.slice(0, 77)}...` : text
}
