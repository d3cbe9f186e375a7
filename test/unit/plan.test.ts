// A plan that is made from a check, and applied to hosts that are or are not as they were.
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { z } from 'zod'
import type { RunEvent, RunMode } from '../../lib/engine/events.ts'
import type { Review } from '../../lib/engine/review.ts'
import { type ReadyPlay, runPlays } from '../../lib/engine/run.ts'
import { UsageError } from '../../lib/errors.ts'
import { readPlan } from '../../lib/plan/index.ts'
import { applying, planning } from '../../lib/plan/run.ts'
import { defineRole, type RoleContext } from '../../lib/role.ts'
import { Secret } from '../../lib/secret.ts'
import { key, keyNeed, MemoryHost } from '../helpers/memory-host.ts'

type Context = RoleContext<Record<string, unknown>>

const test = suite('plan')
const selection = { limit: 'all', tags: ['a'], skipTags: [], startAt: undefined, args: [] }
let folder: string
let path: string

test.before.each(() => {
  folder = mkdtempSync(join(tmpdir(), 'quorate-plan-'))
  path = join(folder, 'plan.json')
})
test.after.each(() => rmSync(folder, { recursive: true }))

class Trial {
  readonly hosts = new Map(['m1', 'm2'].map((name) => [name, new MemoryHost()]))
  readonly events: RunEvent[] = []
  readonly warnings: string[] = []
  vars: Record<string, unknown> = {}
  converge: (context: Context) => Promise<void> = async ({ apply }) => void (await apply(key('a', '1')))

  get plays(): ReadyPlay[] {
    const hosts = [...this.hosts.keys()].map((name) => ({ name, address: name, groups: [], vars: {} }))
    const definition = { name: 'role', summary: '', vars: z.object({}), converge: this.converge as never }
    const vars = new Map(hosts.map(({ name }) => [name, this.vars]))
    const roles = [{ applied: defineRole(definition)(), vars }]
    return [{ name: 'play', tags: [], hosts, roles, serial: [], maxFailures: undefined }]
  }

  options(mode: RunMode) {
    return {
      ...{ playbook: 'test', mode, diff: false, forks: 2, signal: new AbortController().signal },
      emit: (event: RunEvent) => void this.events.push(event),
      connect: async ({ name }: { name: string }) => this.hosts.get(name) as MemoryHost,
    }
  }

  async run(mode: RunMode, review: Review): Promise<number> {
    this.events.length = 0
    const recap = await runPlays(this.plays, { ...this.options(mode), review })
    return recap.some(({ failed }) => failed > 0) ? 3 : 0
  }

  async plan(): Promise<string> {
    const { review, after } = planning(path, this.#planned, { quorate: '1.2.3', selection })
    await after(await this.run('check', review))
    return existsSync(path) ? readFileSync(path, 'utf8') : ''
  }

  async apply(): Promise<number> {
    const warn = ({ message }: { message: string }) => void this.warnings.push(message)
    const { before, review, after } = applying(await readPlan(path), this.#planned, warn)
    await before(this.options('apply'))
    return await after(await this.run('apply', review))
  }

  /** What `apply` says is wrong; no host may have been changed then. */
  async refusal(): Promise<string> {
    const states = () => JSON.stringify([...this.hosts.values()].map(({ state }) => [...state]))
    const before = states()
    try {
      await this.apply()
    } catch (error) {
      assert.instance(error, UsageError)
      assert.is(states(), before)
      return (error as Error).message
    }
    throw new Error('the plan was applied')
  }

  get failure(): string | undefined {
    return this.events.flatMap((event) => (event.type === 'failed' ? [event.failure.message] : []))[0]
  }

  get #planned() {
    return { playbook: 'test', plays: this.plays }
  }
}

const applied = (trial: Trial, name: string) => [...trial.hosts.values()].map(({ state }) => state.get(name))

test('a plan is for its owner only, and applied it makes what it says', async () => {
  const trial = new Trial()
  const plan = JSON.parse(await trial.plan())
  assert.is(statSync(path).mode & 0o777, 0o600)
  assert.equal(plan.selection, { limit: 'all', tags: ['a'], skipTags: [], args: [] })
  assert.equal(plan.hosts.m1.changes[0].resource, 'key a')
  assert.equal(applied(trial, 'a'), [undefined, undefined])
  assert.is(await trial.apply(), 0)
  assert.equal(applied(trial, 'a'), ['1', '1'])
  assert.equal(trial.warnings, [])
})

test('of a check that failed no plan is written', async () => {
  const trial = new Trial()
  trial.converge = async ({ apply }) => void (await apply(key('a', '1', { impossible: 'no' })))
  assert.is(await trial.plan(), '')
})

/** A key whose present value is told as the digest of a file is. */
const digested = key('text', 'new')
const asked = {
  probe: { ...keyNeed('text').probe, parse: (stdout: Buffer) => [{ sha256: String(stdout) }] },
  arg: 'text',
}
const FILE = {
  ...digested,
  needs: () => [asked],
  plan: () => [{ summary: 'content', action: 'set text new', effects: {} }],
}

const DRIFTS: [title: string, drift: (trial: Trial) => void, expected: RegExp][] = [
  [
    'another change',
    ({ hosts }) => hosts.get('m2')?.state.set('a', '0'),
    /^m2: play: role: key a: planned: {2}→ 1; found: 0 → 1/,
  ],
  [
    'a change that is done',
    ({ hosts }) => hosts.get('m1')?.state.set('a', '1'),
    /^m1: play: role: key a: planned: {2}→ 1; found: nothing to change/,
  ],
  [
    'one that was not needed',
    (trial) => {
      trial.converge = async ({ apply }) => void (await apply(key('a', '1'), key('b', '2')))
    },
    /^m1: play: role: key b: not planned, found: {2}→ 2\nm2: /,
  ],
  [
    'other content',
    (trial) => {
      trial.converge = async ({ apply }) => void (await apply(key('a', '1', { action: 'set a 9' })))
    },
    /key a: planned: {2}→ 1; found: the same, but the content is not what it was/,
  ],
  [
    'a failure',
    (trial) => {
      trial.converge = async ({ apply }) => void (await apply(key('a', '1', { impossible: 'no' })))
    },
    /^m1: role: no/,
  ],
  [
    'what is replaced',
    ({ hosts }) => hosts.get('m2')?.state.set('text', 'by hand'),
    /^m2: play: role: key text: .*not what it was/,
  ],
  ['a host that is gone', ({ hosts }) => hosts.delete('m2'), /planned with host m2, which is not there now/],
  [
    'a variable',
    (trial) => {
      trial.vars = { port: 2 }
    },
    /^m1: the variables of play\/role are not those that the plan was made with/,
  ],
]
for (const [title, change, expected] of DRIFTS) {
  test(`refused before anything is changed: ${title}`, async () => {
    const trial = new Trial()
    trial.vars = { port: 1 }
    if (title === 'what is replaced') trial.converge = async ({ apply }) => void (await apply(FILE))
    await trial.plan()
    change(trial)
    assert.match(await trial.refusal(), expected)
  })
}

test('a secret is in no plan, not even as a digest that could be compared, and another one is noticed', async () => {
  const trial = new Trial()
  trial.vars = { password: new Secret('hunter22') }
  trial.converge = async ({ apply }) => void (await apply(key('a', 'hunter22')))
  const [first, second] = [await trial.plan(), await trial.plan()]
  assert.not.match(first, 'hunter22')
  const digestOf = (text: string) => JSON.parse(text).hosts.m1.changes[0].digest
  assert.is.not(digestOf(first), digestOf(second))
  trial.vars = { password: new Secret('hunter23') }
  assert.match(await trial.refusal(), 'a secret variable has another value')
})

test('what the run finds beside the plan is not made, and ends it on all hosts', async () => {
  const trial = new Trial()
  trial.converge = async ({ apply, mode, host, everyone }) => {
    await apply(key('a', '1'))
    if (mode === 'apply' && host.name === 'm1') await apply(key('b', '2'), key('c', '3'))
    await everyone('met')
    await apply(key('d', '4'))
  }
  await trial.plan()
  assert.is(await trial.apply(), 3)
  assert.match(trial.failure ?? '', /key b: not planned, found: {2}→ 2/)
  for (const name of ['b', 'c', 'd']) assert.equal(applied(trial, name), [undefined, undefined], name)
})

test('a refusal that a role survives still counts', async () => {
  const trial = new Trial()
  trial.converge = async ({ apply, mode }) => {
    if (mode === 'apply') await apply(key('b', '2')).catch(() => undefined)
  }
  await trial.plan()
  assert.is(await trial.apply(), 3)
  assert.equal(applied(trial, 'b'), [undefined, undefined])
})

test('what the plan could not know is made as it turns out, and only that', async () => {
  const trial = new Trial()
  const known = { known: [[keyNeed('package'), '1']], unknown: 'everything' } as const
  trial.converge = async ({ apply }) => {
    // As a package's scripts do: `b` is another one once `package` is there, and `c` is not as it was.
    const install = key('package', '1', {
      effects: known,
      action: async (host) => void (await host.runAll(['set package 1', 'set b 5', 'set c 0'])),
    })
    await apply(install, key('b', '2'), key('c', ''))
  }
  const plan = JSON.parse(await trial.plan())
  assert.equal(plan.hosts.m1.changes[1].after, 'key package')
  assert.equal(plan.hosts.m1.unknown, [
    { play: 'play', role: 'role', resource: 'key c', after: 'key package' },
  ])
  assert.is(await trial.apply(), 0)
  assert.equal(applied(trial, 'b'), ['2', '2'])
})

test('content that the run makes anew is held against its resource only, and so is what follows from it', async () => {
  const trial = new Trial()
  let made = 0
  const follows = (sha256: string) => [
    {
      ...key('cert', 'new', { action: `set cert ${sha256}` }),
      plan: () => [
        {
          summary: `${sha256.length} bytes`,
          action: `set cert ${sha256}`,
          effects: { known: [[keyNeed('cert'), { sha256 }] as const] },
          provisional: true,
        },
      ],
    },
    key('record', 'of-cert', { action: `set record ${sha256}` }),
  ]
  trial.converge = async ({ apply, once }) => {
    const fresh = await once('certificate', async () => {
      made += 1
      return `${'f'.repeat(60)}${made}`
    })
    await apply(...follows(fresh))
  }
  await trial.plan()
  assert.is(await trial.apply(), 0)
  assert.equal(applied(trial, 'record'), [`${'f'.repeat(60)}${made}`, `${'f'.repeat(60)}${made}`])
})

test('what one host does for all may be done by another one than was planned', async () => {
  const trial = new Trial()
  let first = 'm1'
  trial.converge = async ({ apply, once, everyone, host }) => {
    if (host.name !== first) await everyone('the other comes first')
    await once('objects', () => apply(key('a', '1')))
    if (host.name === first) await everyone('the other comes first')
  }
  const plan = JSON.parse(await trial.plan())
  assert.equal(
    plan.once.changes.map(({ resource }: { resource: string }) => resource),
    ['key a'],
  )
  assert.equal(plan.hosts.m1.changes, [])
  first = 'm2'
  assert.is(await trial.apply(), 0)
  assert.equal(applied(trial, 'a'), [undefined, '1'])
  assert.equal(trial.warnings, [])
})

test('what was planned and turned out to be done is told', async () => {
  const trial = new Trial()
  trial.converge = async ({ apply, check }) => void (check && (await apply(key('a', '1'))))
  await trial.plan()
  assert.is(await trial.apply(), 0)
  assert.equal(trial.warnings, [
    'm1: play: role: key a: planned, but there was no need for it any more',
    'm2: play: role: key a: planned, but there was no need for it any more',
  ])
})

for (const [text, expected] of [
  ['{', /is not JSON/],
  ['{"format": 2}', /is not a plan: format: /],
] as const) {
  test(`no plan: ${text}`, async () => {
    writeFileSync(path, text)
    const error: unknown = await readPlan(path).catch((thrown: unknown) => thrown)
    assert.instance(error, UsageError)
    assert.match((error as Error).message, expected)
  })
}

test.run()
