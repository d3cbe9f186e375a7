import { readFileSync } from 'node:fs'
import { dirname, extname, join } from 'node:path'
import { type Problem, UsageError } from '../errors.ts'
import type { Draft } from './draft.ts'
import { checkGroups, groupGraph } from './group-graph.ts'
import { parseIni } from './ini.ts'
import { type LayerFiles, resolveInventory } from './resolve.ts'
import type { Inventory } from './types.ts'
import { assign, type Variables } from './variables.ts'
import { readVarsFiles, type VarsFile } from './vars-files.ts'

/**
 * Reads an inventory in Ansible's INI format with the `group_vars/` and `host_vars/` beside it.
 *
 * Variables merge as in Ansible, the later winning: lines of `[all:vars]`, lines of groups (parents before
 * children), group_vars/all, group_vars of groups, the host's line, host_vars. So `group_vars/all` wins over a line
 * of `[group:vars]`.
 *
 * @throws UsageError with everything that is wrong in any of the files
 */
export async function loadInventory(path: string): Promise<Inventory> {
  const draft = parseIni(readInventory(path), path)
  checkGroups(draft)
  warnNameClashes(draft)
  const directory = dirname(path)
  const files: LayerFiles = {
    groups: await loadVars(draft, join(directory, 'group_vars'), 'group', draft.groups.keys()),
    hosts: await loadVars(draft, join(directory, 'host_vars'), 'host', draft.hosts.keys()),
  }
  if (draft.problems.length > 0) throw new UsageError(draft.problems)
  return resolveInventory(draft, groupGraph(draft), files)
}

function readInventory(path: string): Buffer {
  if (['.yml', '.yaml', '.json', '.toml'].includes(extname(path))) {
    throw new UsageError([
      {
        message: `${path}: only inventories in INI format can be read yet`,
        hint: 'Convert it to a hosts.ini.',
      },
    ])
  }
  try {
    return readFileSync(path)
  } catch (error) {
    throw new UsageError([unreadable(path, (error as NodeJS.ErrnoException).code)])
  }
}

function unreadable(path: string, code: string | undefined): Problem {
  const hint = 'Name an inventory file: -i inventory/hosts.ini'
  if (code === 'ENOENT') return { message: `the inventory ${path} does not exist`, hint }
  if (code === 'EISDIR') return { message: `the inventory ${path} is a directory, not a file`, hint }
  return { message: `the inventory ${path} cannot be read: ${code}`, hint }
}

function warnNameClashes(draft: Draft): void {
  for (const { name, place } of draft.hosts.values()) {
    if (!draft.groups.has(name)) continue
    draft.warnings.push({
      message: `'${name}' names a host and a group: variables on the host's line can land on the group`,
      place,
      hint: 'Rename one of them.',
    })
  }
}

async function loadVars(
  draft: Draft,
  directory: string,
  kind: 'group' | 'host',
  names: Iterable<string>,
): Promise<Map<string, Variables>> {
  const { files, problems, warnings } = readVarsFiles(directory, names)
  draft.problems.push(...problems)
  draft.warnings.push(...warnings)
  const layers = new Map<string, Variables>()
  for (const [name, varsFiles] of files) {
    layers.set(name, await readLayer(draft, `${kind} ${name}`, varsFiles))
  }
  return layers
}

async function readLayer(draft: Draft, layer: string, files: readonly VarsFile[]): Promise<Variables> {
  const [yaml, { parseVarsFile }] = await Promise.all([import('yaml'), import('./vars-yaml.ts')])
  const variables: Variables = new Map()
  for (const file of files) {
    const { settings, problems, warnings } = parseVarsFile(yaml, file)
    draft.problems.push(...problems)
    draft.warnings.push(...warnings)
    for (const setting of settings) assign(variables, setting, layer)
  }
  return variables
}
