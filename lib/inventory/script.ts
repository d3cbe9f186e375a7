import { execFile } from 'node:child_process'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import type { Draft } from './draft.ts'
import { readScriptOutput, setHostVariables } from './script-output.ts'
import type { Value } from './types.ts'

const LARGEST_OUTPUT = 512 * 1024 * 1024
const AT_A_TIME = 8

/** Runs an executable inventory with `--list`, and with `--host NAME` for each host if it prints no `_meta`. */
export async function readScript(draft: Draft, path: string): Promise<void> {
  const output = await ask(draft, path, ['--list'])
  if (output === undefined) return
  const place = { file: path, line: 1 }
  const unanswered = readScriptOutput(draft, output, place) ?? []
  while (unanswered.length > 0) {
    const hosts = unanswered.splice(0, AT_A_TIME)
    const answers = await Promise.all(hosts.map((host) => ask(draft, path, ['--host', host])))
    for (const [index, host] of hosts.entries()) setHostVariables(draft, host, answers[index] ?? {}, place)
  }
}

/** What the script prints, as JSON; undefined if it failed, which is then a problem of the draft. */
async function ask(draft: Draft, path: string, args: readonly string[]): Promise<Value | undefined> {
  const command = [path, ...args].join(' ')
  try {
    const { stdout } = await promisify(execFile)(resolve(path), args, { maxBuffer: LARGEST_OUTPUT })
    return stdout.trim() === '' ? {} : JSON.parse(stdout)
  } catch (error) {
    // What the script printed may hold passwords: it is not shown.
    const { code, signal, stderr } = error as { code?: number | string; signal?: string; stderr?: string }
    const how = error instanceof SyntaxError ? 'printed no JSON' : `ended with ${code ?? signal}`
    const hint = stderr?.trim().split('\n').slice(-5).join('\n') || 'Run it yourself to see why.'
    draft.problems.push({ message: `the inventory script ${command} ${how}`, hint })
    return undefined
  }
}
