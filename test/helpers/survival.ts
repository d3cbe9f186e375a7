import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import * as assert from 'uvu/assert'
import { type Lab, labUp } from '../../lib/lab/index.ts'
import { digest, leftBehind, leftRunning, RESET, type StartedRun, startEverything } from './everything.ts'

/** What goes wrong with a run, and what ends that. */
export interface Fault {
  readonly args?: readonly string[]
  /** Whether the package is there already: it takes most of a run's time. @default false */
  readonly installed?: boolean
  /** Before the run starts. */
  readonly arrange?: string
  /** While it runs. */
  readonly inject?: (run: StartedRun, lab: Lab) => Promise<unknown>
  /** When the run has ended. */
  readonly heal?: string
  /** Exit codes that the run may end with. */
  readonly codes: readonly (number | null)[]
  /** What the run has to say. */
  readonly says?: RegExp
}

const HOST = 'm1'

/** A lab host, on which a run that changes everything goes wrong again and again. */
export class Survival {
  readonly #folder = mkdtempSync(join(tmpdir(), 'quorate-survival-'))
  readonly #lab: Lab
  #wanted = ''
  #events = 0
  #injected = 0
  #survived = 0

  private constructor(lab: Lab) {
    this.#lab = lab
  }

  /** Boots the host, and sees what an undisturbed run leads to. */
  static async start(name: string): Promise<Survival> {
    const survival = new Survival(await labUp({ name, hosts: [HOST] }))
    try {
      await survival.#undisturbed()
    } catch (error) {
      await survival.end()
      throw error
    }
    return survival
  }

  async end(): Promise<void> {
    console.log(`\n  ${this.#injected} faults injected, ${this.#survived} survived`)
    rmSync(this.#folder, { recursive: true })
    await this.#lab.down()
  }

  /** How many events an undisturbed run tells. */
  get events(): number {
    return this.#events
  }

  async exec(command: string): Promise<string> {
    const { stdout, stderr, rc } = await this.#lab.exec(HOST, command)
    assert.is(rc, 0, stderr)
    return stdout
  }

  /** After the fault a new run leads to the same state as an undisturbed one, and nothing is left of both. */
  async requireSurvived(fault: Fault): Promise<void> {
    await this.#reset(fault)
    const run = this.#start(fault.args)
    this.#injected += 1
    await fault.inject?.(run, this.#lab)
    const code = await run.ended
    assert.ok(fault.codes.includes(code), `exit code ${code}\n${run.output().slice(-3000)}`)
    if (fault.says) assert.match(run.output(), fault.says)
    if (fault.heal) await this.exec(fault.heal)
    assert.is(await leftRunning(this.#lab, HOST), '', 'processes of the run that went wrong')
    await this.#requireConverged()
    this.#survived += 1
  }

  /** What went wrong, by the name of the fault, where some of these were not survived. */
  async failuresOf(faults: readonly (Fault & { readonly name: string })[]): Promise<string[]> {
    const failures: string[] = []
    for (const { name, ...fault } of faults) {
      try {
        await this.requireSurvived(fault)
      } catch (error) {
        const { message, details = '' } = error as Error & { details?: string }
        failures.push(`${name}: ${message}\n${details}`)
      }
    }
    return failures
  }

  async digest(): Promise<string> {
    return await digest(this.#lab, HOST)
  }

  async #undisturbed(): Promise<void> {
    await this.#reset({})
    const run = this.#start()
    assert.is(await run.ended, 0, run.output())
    this.#events = run.told()
    this.#wanted = await this.digest()
    const second = this.#start()
    assert.is(await second.ended, 0, second.output())
    assert.not.match(second.output(), '"type":"change"')
  }

  async #requireConverged(): Promise<void> {
    const run = this.#start()
    assert.is(await run.ended, 0, run.output().slice(-3000))
    assert.is(await this.digest(), this.#wanted)
    assert.is(await leftRunning(this.#lab, HOST), '')
    assert.is(await leftBehind(this.#lab, HOST), '')
  }

  async #reset({ installed = false, arrange = '' }: Partial<Fault>): Promise<void> {
    const remove = installed ? '' : 'dpkg -r hello >/dev/null 2>&1'
    await this.exec(`${RESET}\n${remove}\n${arrange}\ntrue`)
  }

  #start(args: readonly string[] = []): StartedRun {
    return startEverything(this.#lab, this.#folder, args)
  }
}

/** Sends a signal once the run has told so many events, and some milliseconds later. */
export function signalAt(signal: NodeJS.Signals, events: number, milliseconds: number): Fault['inject'] {
  return async (run) => {
    await run.reaches(events)
    await sleep(milliseconds)
    run.child.kill(signal)
  }
}

/** Numbers from 0 to 1 that look random, always the same for a seed. */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32
    return state / 2 ** 32
  }
}

/** Signals at points of the run that are chosen by the seed. */
export function signalFaults(count: number, events: number, seed: number): (Fault & { name: string })[] {
  const random = seeded(seed)
  const signals = ['SIGINT', 'SIGTERM', 'SIGKILL'] as const
  // Before a run has begun, and when it is over, a signal ends the process as any other.
  const codes = { SIGINT: [130, 0, null], SIGTERM: [143, 0, null], SIGKILL: [null, 0] }
  return Array.from({ length: count }, (_, index) => {
    const signal = signals[index % 3] as (typeof signals)[number]
    const [at, milliseconds] = [Math.ceil(random() * events), Math.floor(random() * 200)]
    const name = `${signal} ${milliseconds} ms after event ${at}`
    const inject = signalAt(signal, at, milliseconds) as NonNullable<Fault['inject']>
    return { name, installed: index % 6 !== 0, codes: codes[signal], inject }
  })
}
