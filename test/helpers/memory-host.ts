import type { Change, Effects, Need, Probe, Resource } from '../../lib/engine/resource.ts'
import { QuorateError } from '../../lib/errors.ts'
import type { Connection, Facts, RunAllOptions, ScriptResult } from '../../lib/transport/connection.ts'

/** Of a Debian host. */
export const FACTS: Facts = {
  hostname: 'memory',
  os: { id: 'debian', version: '12', like: [] },
  architecture: 'x86_64',
  kernel: '6.1',
  packageManager: 'apt',
  systemd: true,
  user: 'root',
  cpus: 2,
  memoryKb: 1024,
  addresses: [],
  mounts: [],
}

/** A host that is a map, for tests of the engine alone: `get KEY…`, `set KEY VALUE`, `fail`. */
export class MemoryHost implements Connection {
  readonly facts = FACTS
  readonly state = new Map<string, string>()
  readonly scripts: string[] = []
  /** How often the host was talked to. */
  roundTrips = 0

  async run(script: string): Promise<ScriptResult> {
    return (await this.runAll([script]))[0] as ScriptResult
  }

  async runAll(
    scripts: readonly string[],
    { stopOnError, onResult }: RunAllOptions = {},
  ): Promise<ScriptResult[]> {
    this.roundTrips += 1
    await new Promise((resolve) => setImmediate(resolve))
    const results: ScriptResult[] = []
    for (const script of scripts) {
      const result = this.#execute(script)
      results.push(result)
      onResult?.(result, results.length - 1)
      if (stopOnError && result.rc !== 0) break
    }
    return results
  }

  async upload(): Promise<void> {}

  async close(): Promise<void> {}

  #execute(script: string): ScriptResult {
    this.scripts.push(script)
    const [command, ...args] = script.split(' ')
    if (command === 'set') this.state.set(args[0] as string, args[1] as string)
    const stdout = command === 'get' ? args.map((key) => this.state.get(key) ?? '').join('\n') : ''
    const rc = command === 'fail' ? 7 : 0
    return { stdout: Buffer.from(stdout), stderr: Buffer.from(rc === 0 ? '' : 'one\ntwo\n'), rc }
  }
}

const keyProbe: Probe<string> = {
  name: 'key',
  script: (args) => `get ${args.join(' ')}`,
  parse: (stdout) => stdout.toString().split('\n'),
}

/** What is known of a key. */
export function keyNeed(key: string): Need<string> {
  return { probe: keyProbe, arg: key }
}

interface KeyOptions {
  readonly effects?: Effects
  readonly action?: Change['action']
  /** Keys that the plan looks at as well: their values are appended to the wanted one. */
  readonly from?: readonly string[]
  readonly impossible?: string
}

/** A resource: a key with a value. */
export function key(name: string, value: string, options: KeyOptions = {}): Resource {
  const { effects, action, from = [], impossible } = options
  return {
    kind: 'key',
    name,
    place: { file: '/role.ts', line: 3 },
    needs: () => [name, ...from].map(keyNeed),
    plan(observed) {
      if (impossible !== undefined) throw new QuorateError(impossible)
      const wanted = value + from.map((other) => observed.get(keyProbe, other)).join('')
      const found = observed.get(keyProbe, name)
      if (found === wanted) return []
      return [
        {
          summary: `${found} → ${wanted}`,
          action: action ?? `set ${name} ${wanted}`,
          effects: effects ?? { known: [[keyNeed(name), wanted]] },
        },
      ]
    },
  }
}
