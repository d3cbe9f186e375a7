import * as assert from 'uvu/assert'
import type { AppliedRole, Host } from '../../lib/index.ts'
import { type Lab, labDown, labUp } from '../../lib/lab/index.ts'
import { type LabRun, type LabRunOptions, runInLab } from './run-in-lab.ts'

/** Two lab hosts for the suite of one role. */
export class RoleLab {
  readonly #name: string
  readonly #role: (hosts: readonly Host[], vars: object) => AppliedRole
  #lab: Lab | undefined

  /** @param role for the hosts, with further variables */
  constructor(name: string, role: (hosts: readonly Host[], vars: object) => AppliedRole) {
    this.#name = `test-${name}-${process.pid}`
    this.#role = role
  }

  async up(): Promise<void> {
    this.#lab = await labUp({ name: this.#name, hosts: 2 })
  }

  async down(): Promise<void> {
    await labDown(this.#name)
  }

  get lab(): Lab {
    if (this.#lab === undefined) throw new Error('the lab is not up')
    return this.#lab
  }

  async converge(vars: object = {}, options: LabRunOptions = {}): Promise<LabRun> {
    return await runInLab(this.lab, (hosts) => [this.#role(hosts, vars)], options)
  }

  /** A run that has to go through. */
  async settled(vars: object = {}): Promise<LabRun> {
    const run = await this.converge(vars)
    assert.equal(run.failures, [])
    return run
  }

  async out(host: string, command: string): Promise<string> {
    return (await this.lab.exec(host, command)).stdout.trim()
  }
}
