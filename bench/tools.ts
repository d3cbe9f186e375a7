import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

export const TOOLS = ['floor-ssh', 'floor-ssh2', 'ansible', 'ansible-mitogen', 'pyinfra', 'quorate'] as const
export type Tool = (typeof TOOLS)[number]

/** A tool that is there, or why it is not. */
export interface Installed {
  readonly tool: Tool
  /** Its folder, where it is a Python one. */
  readonly folder: string
  /** As its users say it: `ansible-core 2.19.14`. */
  readonly version: string
  readonly missing?: string
}

// Mitogen needs to know Ansible's insides: pip takes the newest ansible-core, and the trial run below says whether the
// two get on; ANSIBLE_CORE_FOR_MITOGEN pins an older one.
const PACKAGES: Partial<Record<Tool, string[]>> = {
  ansible: ['ansible-core'],
  'ansible-mitogen': [`ansible-core${process.env.ANSIBLE_CORE_FOR_MITOGEN ?? ''}`, 'mitogen'],
  pyinfra: ['pyinfra'],
}

/** Installs the Python tools into virtual environments of their own in the cache, where they are not there yet. */
export function install(tools: readonly Tool[], log: (line: string) => void): Installed[] {
  return tools.map((tool) => {
    const packages = PACKAGES[tool]
    if (packages === undefined) return { tool, folder: '', version: ownVersion(tool) }
    const folder = join(cache(), tool)
    try {
      if (!existsSync(join(folder, 'complete'))) create(folder, packages, log)
      return { tool, folder, version: versions(folder, packages) }
    } catch (error) {
      return { tool, folder, version: '', missing: (error as Error).message.split('\n')[0] ?? '' }
    }
  })
}

function create(folder: string, packages: readonly string[], log: (line: string) => void): void {
  log(`installing ${packages.join(' and ')} into ${folder}`)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(cache(), { recursive: true })
  execFileSync('python3', ['-m', 'venv', folder], { stdio: 'pipe' })
  execFileSync(join(folder, 'bin', 'pip'), ['install', '--quiet', ...packages], { stdio: 'pipe' })
  mkdirSync(join(folder, 'complete'))
}

function versions(folder: string, packages: readonly string[]): string {
  const listed = JSON.parse(
    execFileSync(join(folder, 'bin', 'pip'), ['list', '--format', 'json'], { stdio: 'pipe' }).toString(),
  )
  const names = packages.map((text) => text.replace(/[^a-z-].*$/, ''))
  return (listed as { name: string; version: string }[])
    .filter(({ name }) => names.includes(name))
    .map(({ name, version }) => `${name} ${version}`)
    .join(', ')
}

function ownVersion(tool: Tool): string {
  if (tool === 'floor-ssh') return execFileSync('sh', ['-c', 'ssh -V 2>&1']).toString().split(',')[0] ?? ''
  return tool === 'quorate' ? `this checkout, Node ${process.version}` : `ssh2, Node ${process.version}`
}

function cache(): string {
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'quorate', 'bench')
}
