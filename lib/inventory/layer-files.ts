import { join } from 'node:path'
import type { Draft } from './draft.ts'
import { assign, type Variables } from './variables.ts'
import { readVarsFiles, type VarsFile } from './vars-files.ts'

/** Variables from the `group_vars/` and `host_vars/` of one directory, by group and by host. */
export interface LayerFiles {
  readonly groups: ReadonlyMap<string, Variables>
  readonly hosts: ReadonlyMap<string, Variables>
}

/** Reads the variables files of each directory. What is wrong with them becomes a problem of the draft. */
export async function readLayers(draft: Draft, directories: readonly string[]): Promise<LayerFiles[]> {
  const layers: LayerFiles[] = []
  for (const directory of directories) {
    layers.push({
      groups: await readKind(draft, join(directory, 'group_vars'), 'group', draft.groups.keys()),
      hosts: await readKind(draft, join(directory, 'host_vars'), 'host', draft.hosts.keys()),
    })
  }
  return layers
}

async function readKind(
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
    const { settings, problems, warnings } = await parseVarsFile(yaml, file)
    draft.problems.push(...problems)
    draft.warnings.push(...warnings)
    for (const setting of settings) assign(variables, setting, layer)
  }
  return variables
}
