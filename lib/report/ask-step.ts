import type { StepQuestion } from '../engine/run.ts'
import { UsageError } from '../errors.ts'
import { cleanText } from './clean.ts'
import { collapseHosts } from './text.ts'

export interface StepAskerOptions {
  /** Default: `process.stdin`. */
  readonly input?: NodeJS.ReadableStream & { readonly isTTY?: boolean }
  /** Default: `process.stdout`. */
  readonly output?: NodeJS.WritableStream
}

/**
 * Asks before each step of `--step`: no, yes, or yes to all that follow. The end of the input means no.
 *
 * @throws UsageError without a terminal: nobody could answer.
 */
export function createStepAsker(options: StepAskerOptions = {}): (step: StepQuestion) => Promise<boolean> {
  const { input = process.stdin, output = process.stdout } = options
  if (!input.isTTY) {
    const message = '--step asks before each role, but there is no terminal to answer on'
    throw new UsageError([{ message, hint: 'run it in a terminal, or choose with --tags and --start-at' }])
  }
  let all = false
  return async ({ play, role, hosts }) => {
    if (all) return true
    output.write(cleanText(`play ${play}: ${role} on ${collapseHosts(hosts)}? (N)o, (y)es, (c)ontinue: `))
    const answer = (await readLine(input)).trim().toLowerCase()
    all = answer === 'c' || answer === 'continue'
    return all || answer === 'y' || answer === 'yes'
  }
}

// Not as a terminal: Ctrl-C stays a signal.
async function readLine(input: NodeJS.ReadableStream): Promise<string> {
  const { createInterface } = await import('node:readline')
  const lines = createInterface({ input, terminal: false })
  return await new Promise((resolve) => {
    lines.once('line', (line) => {
      resolve(line)
      lines.close()
    })
    lines.once('close', () => resolve(''))
  })
}
