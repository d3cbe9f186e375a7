import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { z } from 'zod'
import type { Place } from '../errors.ts'
import { didYouMean } from '../suggest.ts'
import type { InventoryDefinition, InventoryVars } from './define.ts'
import { addChild, type Draft, type DraftGroup, openGroup, setGroupVariable } from './draft.ts'
import { listHosts, readHostPattern } from './host-pattern.ts'
import { SyntaxProblem } from './syntax-problem.ts'
import type { Value } from './types.ts'
import type { Setting } from './variables.ts'

const value: z.ZodType<Value> = z.lazy(() =>
  z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(value), z.record(z.string(), value)]),
)
const vars = z.record(z.string(), value)
const names = z.array(z.string().min(1))
const schema: z.ZodType<InventoryDefinition> = z.strictObject({
  hosts: z.record(z.string().min(1), vars),
  groups: z
    .record(
      z.string().min(1),
      z.union([
        names,
        z.strictObject({ hosts: names.optional(), children: names.optional(), vars: vars.optional() }),
      ]),
    )
    .optional(),
  vars: vars.optional(),
}) as z.ZodType<InventoryDefinition>

/** Reads a module whose default export is an inventory ({@link defineInventory}), or a function that makes one. */
export async function readModule(draft: Draft, path: string): Promise<void> {
  const place: Place = { file: path, line: 1 }
  try {
    const exported = (await import(pathToFileURL(resolve(path)).href)).default
    const result = schema.safeParse(typeof exported === 'function' ? await exported() : exported)
    if (result.success) readDefinition(draft, result.data, place)
    else draft.problems.push(...result.error.issues.map((issue) => wrongShape(issue, place)))
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException
    const hint =
      code === 'ERR_UNKNOWN_FILE_EXTENSION'
        ? 'TypeScript needs Node 22.18, or tsx: NODE_OPTIONS="--import tsx" npx zx PLAYBOOK -i ...'
        : 'The module is run to read it: this is an error of its own code.'
    draft.problems.push({ message: `the inventory cannot be loaded: ${message}`, place, hint })
  }
}

function wrongShape({ path, message }: z.core.$ZodIssue, place: Place) {
  const where = path.length === 0 ? 'the default export' : path.join('.')
  return { message: `${where}: ${message}`, place, hint: 'See defineInventory: hosts, groups, vars.' }
}

function readDefinition(
  draft: Draft,
  { hosts, groups = {}, vars = {} }: InventoryDefinition,
  place: Place,
): void {
  const ungrouped = openGroup(draft, 'ungrouped', true, place)
  setVars(draft, openGroup(draft, 'all', true, place), vars, place)
  const known = new Set(Object.keys(hosts))
  for (const [pattern, own] of Object.entries(hosts))
    list(draft, ungrouped, pattern, toSettings(own, place), place)
  for (const name of Object.keys(groups)) openGroup(draft, name, true, place)
  for (const [name, given] of Object.entries(groups)) {
    const group = openGroup(draft, name, true, place)
    const { hosts = [], children = [], vars = {} } = 'length' in given ? { hosts: given } : given
    for (const host of hosts) {
      if (known.has(host) || draft.hosts.has(host)) list(draft, group, host, [], place)
      else reportUnknown(draft, `${name} names the host ${host}`, host, known, place)
    }
    setVars(draft, group, vars, place)
    for (const child of children) {
      if (draft.groups.has(child)) addChild(draft, name, child, place)
      else reportUnknown(draft, `${name} names the group ${child}`, child, draft.groups.keys(), place)
    }
  }
}

function list(draft: Draft, group: DraftGroup, pattern: string, settings: Setting[], place: Place): void {
  try {
    listHosts(draft, group, pattern, { ...readHostPattern(pattern), settings, place })
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error
    draft.problems.push({
      message: error.message,
      place,
      ...(error.hint !== undefined && { hint: error.hint }),
    })
  }
}

function setVars(draft: Draft, group: DraftGroup, vars: InventoryVars, place: Place): void {
  for (const setting of toSettings(vars, place)) setGroupVariable(draft, group, setting)
}

function toSettings(vars: InventoryVars, place: Place): Setting[] {
  return Object.entries(vars).map(([name, value]) => ({ name, value, place }))
}

function reportUnknown(
  draft: Draft,
  what: string,
  name: string,
  known: Iterable<string>,
  place: Place,
): void {
  draft.problems.push({ message: `${what}, which is not there`, place, hint: didYouMean(name, known) })
}
