import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { QuorateError } from '../errors.ts'
import { heldLocks } from './lock.ts'

/** What a command left behind. */
export interface Output {
  readonly stdout: string
  readonly stderr: string
  /** Exit code; -1 when a signal ended it. */
  readonly rc: number
}

/** Runs a program of this machine without a shell and waits for it; never throws for its exit code. */
export async function tryRun(program: string, args: readonly string[], stdin = ''): Promise<Output> {
  return await finish(spawn(program, args, { stdio: 'pipe' }), stdin)
}

/**
 * Runs a program of this machine without a shell and resolves to its stdout. The locks that we hold are not
 * released before it ends, even when we are killed: whoever cleans up after us comes after what it did.
 *
 * @throws QuorateError with the command and its stderr when it fails.
 */
export async function run(program: string, args: readonly string[]): Promise<string> {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe', ...heldLocks()] })
  const { stdout, stderr, rc } = await finish(child as ChildProcessWithoutNullStreams)
  if (rc === 0) return stdout
  throw new QuorateError(`${[program, ...args].join(' ')} failed (exit ${rc}): ${(stderr || stdout).trim()}`)
}

function finish(child: ChildProcessWithoutNullStreams, stdin = ''): Promise<Output> {
  return new Promise((resolve, reject) => {
    const stdout: Buffer[] = []
    const stderr: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
    child.stdin.on('error', () => undefined) // a program need not read what it is given
    child.stdin.end(stdin)
    child.on('error', reject)
    child.on('close', (code) => {
      resolve({
        stdout: String(Buffer.concat(stdout)),
        stderr: String(Buffer.concat(stderr)),
        rc: code ?? -1,
      })
    })
  })
}

/** Waits until `condition` holds, looking every 50 ms; false when it still does not after `seconds`. */
export async function waitUntil(
  condition: () => boolean | Promise<boolean>,
  seconds: number,
): Promise<boolean> {
  const end = performance.now() + seconds * 1000
  while (!(await condition())) {
    if (performance.now() > end) return false
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return true
}
