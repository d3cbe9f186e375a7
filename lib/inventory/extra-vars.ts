import { readFileSync } from 'node:fs'
import { type Problem, UsageError } from '../errors.ts'
import { readKeyValues } from './extra-words.ts'
import { LazyVariables } from './lazy-variables.ts'
import { SyntaxProblem } from './syntax-problem.ts'
import type { Inventory, Variable } from './types.ts'
import { assign, overlay, type Setting, type Variables } from './variables.ts'
import type { ParsedVars } from './vars-yaml.ts'

/** The layer of variables from the command line: it wins over all others. */
export const EXTRA_LAYER = '--extra-vars'

/**
 * Reads the values of `-e`, the later winning: `name=value ...`, YAML or JSON, or `@file` with either of them.
 *
 * @throws UsageError with everything that is wrong in any of them
 */
export async function readExtraVars(texts: readonly string[]): Promise<Variables> {
  const variables: Variables = new Map()
  const problems: Problem[] = []
  for (const [index, text] of texts.entries()) {
    const parsed = await readOne(text, index + 1)
    problems.push(...parsed.problems)
    for (const setting of parsed.settings) assign(variables, setting, EXTRA_LAYER)
  }
  if (problems.length > 0) throw new UsageError(problems)
  return variables
}

/** The inventory with `extra` on top of every host's variables, and of those of the group `all`. */
export function withExtraVars(inventory: Inventory, extra: Variables): Inventory {
  if (extra.size === 0) return inventory
  const withExtra = (vars: ReadonlyMap<string, Variable>) =>
    new LazyVariables(
      () => overlay(vars, extra),
      () => [vars, extra],
    )
  const hosts = new Map(
    [...inventory.hosts].map(([name, host]) => [name, { ...host, vars: withExtra(host.vars) }]),
  )
  const groups = new Map(inventory.groups)
  const all = groups.get('all')
  if (all !== undefined) groups.set('all', { ...all, vars: withExtra(all.vars) })
  return { ...inventory, hosts, groups }
}

async function readOne(text: string, number: number): Promise<Pick<ParsedVars, 'settings' | 'problems'>> {
  // The place is the flag and which of them it is: `--extra-vars:2`.
  const place = { file: EXTRA_LAYER, line: number }
  const [first = ''] = text.trimStart()
  if (first === '@') return readFile(text.trim().slice(1))
  if ('{['.includes(first) && first !== '') {
    const { settings, problems } = await parseYaml(EXTRA_LAYER, text)
    const here = <T extends Problem | Setting>(item: T): T => ({ ...item, place })
    return { settings: settings.map(here), problems: problems.map(here) }
  }
  if ('/.'.includes(first)) {
    const hint = `A file is named with @: -e @${text.trim()}`
    return { settings: [], problems: [{ message: 'expected name=value', place, hint }] }
  }
  try {
    const settings = readKeyValues(text).map(([name, value]) => ({ name, value, place }))
    return { settings, problems: [] }
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error
    const { message, hint } = error
    return { settings: [], problems: [{ message, place, ...(hint !== undefined && { hint }) }] }
  }
}

async function readFile(path: string): Promise<Pick<ParsedVars, 'settings' | 'problems'>> {
  try {
    return await parseYaml(path, readFileSync(path, 'utf8'))
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code
    if (reason === undefined) throw error
    const message = `--extra-vars @${path}: the file cannot be read: ${reason}`
    return { settings: [], problems: [{ message, hint: 'Check that it exists and its permissions.' }] }
  }
}

async function parseYaml(file: string, text: string): Promise<ParsedVars> {
  const [yaml, { parseVarsFile }] = await Promise.all([import('yaml'), import('./vars-yaml.ts')])
  return parseVarsFile(yaml, { file, text })
}
