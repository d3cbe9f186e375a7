import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const VERSION = '2.19.14'
const SCRIPT = fileURLToPath(new URL('../inventory/oracle.py', import.meta.url))
const run = promisify(execFile)

/** What is asked of Ansible. */
export interface Question {
  readonly sources: readonly string[]
  readonly playbookDirectory?: string | undefined
  readonly patterns?: readonly string[]
  readonly limits?: readonly string[]
}

/** What Ansible makes of an inventory, or why it refuses it. */
export type Answer = { readonly error: string } | AnsibleInventory

export interface AnsibleInventory {
  readonly error?: undefined
  /** As `ansible-inventory --list` prints it. */
  readonly list: unknown
  /** The lines of `ansible-inventory --graph`. */
  readonly graph: readonly string[]
  /** All hosts of each group. */
  readonly hosts: Readonly<Record<string, readonly string[]>>
  readonly patterns: Readonly<Record<string, readonly string[] | { readonly error: string }>>
  readonly limits: Readonly<Record<string, readonly string[] | { readonly error: string }>>
}

/** A running ansible-core that answers in milliseconds: its command line takes a second to start. */
export interface Oracle {
  readonly python: string
  ask(question: Question): Promise<Answer>
  end(): Promise<void>
}

/** Starts the oracle; the first time on a machine, installs ansible-core into the cache. */
export async function startOracle(): Promise<Oracle> {
  const python = await installAnsible()
  const child = spawn(python, [SCRIPT], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { ...process.env, PYTHONUTF8: '1' },
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    python,
    async ask(question) {
      child.stdin.write(`${JSON.stringify(question)}\n`)
      const { value, done } = await lines.next()
      if (done) throw new Error(`ansible-core ended (${child.exitCode ?? child.signalCode})`)
      return JSON.parse(value)
    },
    end: () => endOf(child),
  }
}

function endOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve()
    child.once('close', () => resolve())
    child.stdin?.end()
  })
}

/** Returns the Python of a virtual environment that has ansible-core. */
export async function installAnsible(): Promise<string> {
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'quorate')
  const home = join(cache, `ansible-core-${VERSION}`)
  const python = join(home, 'bin', 'python')
  if (existsSync(python)) return python
  mkdirSync(cache, { recursive: true })
  const fresh = mkdtempSync(join(cache, 'ansible-core-'))
  try {
    await run('python3', ['-m', 'venv', fresh])
    const pip = [
      join(fresh, 'bin', 'python'),
      '-m',
      'pip',
      'install',
      '--quiet',
      `ansible-core==${VERSION}`,
    ] as const
    await run(pip[0], pip.slice(1))
    // A half of it must never be found; whoever comes second finds it done.
    if (!existsSync(home)) renameSync(fresh, home)
  } finally {
    rmSync(fresh, { recursive: true, force: true })
  }
  return python
}
