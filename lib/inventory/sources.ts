import { readdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Problem } from '../errors.ts'

/** One thing to read hosts from. */
export interface Source {
  readonly kind: 'file' | 'hosts'
  /** The file's path, or `host1,host2,` as the user wrote it. */
  readonly name: string
}

/** What the `-i` flags of a run stand for. */
export interface Sources {
  /** In the order in which they are read. */
  readonly sources: readonly Source[]
  /** Where `group_vars/` and `host_vars/` may be, the weakest first. */
  readonly directories: readonly string[]
  readonly problems: readonly Problem[]
}

/** What Ansible leaves out of a directory of inventories. */
const IGNORED =
  /^\.|^(?:host_vars|group_vars|vars_plugins)$|(?:\.(?:pyc|pyo|swp|bak|rpm|md|txt|rst|orig|cfg|retry)|~)$/
const HINT = 'Name an inventory file or a directory of them: -i inventory/hosts.ini'

/** Finds the files behind the names that follow `-i`: files, directories of several, lists of hosts. */
export function findSources(names: readonly string[]): Sources {
  const problems: Problem[] = []
  const directories = names.flatMap((name) => directoryOf(name) ?? [])
  return {
    sources: names.flatMap((name) => expand(name, problems)),
    // Where a directory is named twice, the later wins over what is in between, as in Ansible.
    directories: [...new Set(directories.reverse())].reverse(),
    problems,
  }
}

function directoryOf(name: string): string | undefined {
  const stats = statSync(name, { throwIfNoEntry: false })
  if (stats === undefined) return undefined
  return stats.isDirectory() ? name : dirname(name)
}

function expand(name: string, problems: Problem[]): Source[] {
  try {
    if (!statSync(name).isDirectory()) return [{ kind: 'file', name }]
    const files = listSources(name)
    if (files.length === 0)
      problems.push({ message: `the inventory ${name} is a directory without files`, hint: HINT })
    return files
  } catch (error) {
    if (name.includes(',')) return [{ kind: 'hosts', name }]
    problems.push(unreadable(name, (error as NodeJS.ErrnoException).code))
    return []
  }
}

function listSources(directory: string): Source[] {
  const entries = readdirSync(directory).filter((entry) => !IGNORED.test(entry))
  return entries.sort().flatMap((entry): Source[] => {
    const name = join(directory, entry)
    return statSync(name).isDirectory() ? listSources(name) : [{ kind: 'file', name }]
  })
}

function unreadable(path: string, code: string | undefined): Problem {
  if (code === 'ENOENT') return { message: `the inventory ${path} does not exist`, hint: HINT }
  return { message: `the inventory ${path} cannot be read: ${code}`, hint: HINT }
}
