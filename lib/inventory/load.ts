import { resolve } from 'node:path'
import { UsageError } from '../errors.ts'
import { type Draft, newDraft } from './draft.ts'
import { groupGraph } from './group-graph.ts'
import { checkLoops } from './group-loops.ts'
import { readLayers } from './layer-files.ts'
import { readSource } from './read-source.ts'
import { resolveInventory } from './resolve.ts'
import { findSources } from './sources.ts'
import type { Inventory } from './types.ts'

export interface LoadOptions {
  /** Where the playbook is: `group_vars/` and `host_vars/` there win over those beside the inventory. Default: none. */
  readonly playbookDirectory?: string | undefined
}

/**
 * Reads inventories as Ansible does, with their `group_vars/` and `host_vars/`: files in INI, YAML or JSON, modules,
 * executables, directories of all these, and `host1,host2,`. Of several sources, the later wins.
 *
 * Variables merge as in Ansible, the later winning: lines of the group `all`, lines of groups (parents before
 * children), group_vars/all beside the inventory, then beside the playbook, group_vars of groups beside the inventory,
 * then beside the playbook, the host's line, host_vars beside the inventory, then beside the playbook. So
 * `group_vars/all` wins over a line of `[group:vars]`.
 *
 * @param names - what follows `-i`
 * @throws UsageError with everything that is wrong in any of the files
 */
export async function loadInventory(
  names: string | readonly string[],
  { playbookDirectory }: LoadOptions = {},
): Promise<Inventory> {
  const given = typeof names === 'string' ? [names] : names
  const { sources, directories, problems } = findSources(given)
  const draft = newDraft(given.join(', '))
  draft.problems.push(...problems)
  for (const source of sources) await readSource(draft, source)
  checkLoops(draft)
  warnNameClashes(draft)
  const files = await readLayers(draft, withPlaybook(directories, playbookDirectory))
  if (draft.problems.length > 0) throw new UsageError(draft.problems)
  const inventory = resolveInventory(draft, groupGraph(draft), files)
  return { ...inventory, directory: directories[0] ?? '.' }
}

/** The playbook's directory comes last; where it is the inventory's too, once is enough. */
function withPlaybook(directories: readonly string[], playbook: string | undefined): string[] {
  if (playbook === undefined) return [...directories]
  return [...directories.filter((directory) => resolve(directory) !== resolve(playbook)), playbook]
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
