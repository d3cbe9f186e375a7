import { createHash } from 'node:crypto'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { HostRecap } from './engine/events.ts'
import { type Problem, UsageError } from './errors.ts'
import { stateDirectory } from './state.ts'

/** What is run on what: failures are remembered for each pair. */
export interface RunSubject {
  readonly playbook: string
  /** The inventory's path. */
  readonly inventory: string
}

/**
 * The hosts that failed or were unreachable when they last took part in a run.
 *
 * @throws UsageError where there is none.
 */
export async function failedHosts(subject: RunSubject): Promise<readonly string[]> {
  const hosts = await read(subject)
  if (hosts.length > 0) return hosts
  const message = `--limit-failed: no host failed in the last run of ${subject.playbook} with ${subject.inventory}`
  throw new UsageError([{ message, hint: 'run it on all hosts, or choose with --limit' }])
}

/**
 * Keeps who failed for `--limit-failed`; a host that did not take part keeps its mark.
 *
 * @returns a warning where it cannot be kept.
 */
export async function rememberFailures(
  subject: RunSubject,
  recap: readonly HostRecap[],
): Promise<Problem | undefined> {
  const earlier = (await read(subject)).filter((name) => !recap.some(({ host }) => host === name))
  const failed = recap.filter(({ failed, unreachable }) => failed > 0 || unreachable).map(({ host }) => host)
  const hosts = [...earlier, ...failed]
  const path = fileOf(subject)
  try {
    if (hosts.length === 0) await rm(path, { force: true })
    else {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 })
      await writeFile(path, `${JSON.stringify({ ...subject, failed: hosts }, undefined, 2)}\n`, {
        mode: 0o600,
      })
    }
    return undefined
  } catch (error) {
    return { message: `cannot remember who failed for --limit-failed: ${(error as Error).message}` }
  }
}

async function read(subject: RunSubject): Promise<readonly string[]> {
  try {
    return (JSON.parse(await readFile(fileOf(subject), 'utf8')) as { failed: string[] }).failed
  } catch {
    return []
  }
}

function fileOf({ playbook, inventory }: RunSubject): string {
  const key = createHash('sha256')
    .update(`${playbook}\n${resolve(inventory)}`)
    .digest('hex')
  return join(stateDirectory(), `failed-${key.slice(0, 16)}.json`)
}
