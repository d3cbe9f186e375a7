import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { z } from 'zod'
import type { RunEvent, RunMode } from '../../lib/engine/events.ts'
import { type ReadyPlay, type RunOptions, runPlays } from '../../lib/engine/run.ts'
import { until } from '../../lib/engine/until.ts'
import { QuorateError, UnreachableError } from '../../lib/errors.ts'
import type { Host } from '../../lib/inventory/host.ts'
import { defineRole, type RoleContext, type RoleDefinition } from '../../lib/role.ts'
import type { RunAllOptions, ScriptResult } from '../../lib/transport/connection.ts'
import { key, keyNeed, MemoryHost } from '../helpers/memory-host.ts'

type Converge = (context: RoleContext<Record<string, never>>) => Promise<void>

const m = (name: string): Host => ({ name, address: name, groups: ['all'], vars: {} })
const hosts = [m('m1'), m('m2'), m('m3')]

function role(converge: Converge, verify?: RoleDefinition<z.ZodType>['verify']) {
  return defineRole({
    name: 'role',
    summary: '',
    vars: z.object({}),
    converge: converge as never,
    ...(verify && { verify }),
  })()
}

function readyPlay(applied: ReturnType<typeof role>, options: Partial<ReadyPlay> = {}): ReadyPlay {
  const vars = new Map(hosts.map(({ name }) => [name, {}]))
  return {
    name: 'play',
    tags: [],
    hosts,
    roles: [{ applied, vars }],
    serial: [],
    maxFailures: undefined,
    ...options,
  }
}

class Trial {
  readonly options: Partial<RunOptions> = {}
  readonly hosts = new Map(hosts.map(({ name }) => [name, new MemoryHost()]))
  readonly events: RunEvent[] = []
  readonly unreachable = new Set<string>()
  readonly interruption = new AbortController()

  async run(plays: readonly ReadyPlay[], mode: RunMode = 'apply') {
    this.events.length = 0
    return await runPlays(plays, {
      playbook: 'test',
      mode,
      diff: false,
      forks: 2,
      grace: 0.01,
      signal: this.interruption.signal,
      emit: (event) => this.events.push(event),
      connect: async ({ name }) => {
        if (this.unreachable.has(name)) throw new UnreachableError('no route')
        return this.hosts.get(name) as MemoryHost
      },
      ...this.options,
    })
  }

  get failures(): string[] {
    return this.events.flatMap((event) =>
      event.type === 'failed' ? [`${event.failure.host}: ${event.failure.message}`] : [],
    )
  }

  get changes(): string[] {
    return this.events.flatMap((event) =>
      event.type === 'change' ? [`${event.change.host} ${event.change.resource}`] : [],
    )
  }

  value(host: string, name: string): string | undefined {
    return this.hosts.get(host)?.state.get(name)
  }
}

test('every host converges, and the recap counts what happened', async () => {
  const trial = new Trial()
  trial.hosts.get('m2')?.state.set('a', '1')
  const recap = await trial.run([readyPlay(role(async ({ apply }) => void (await apply(key('a', '1')))))])
  assert.equal(
    recap.map(({ host, ok, changed, failed }) => ({ host, ok, changed, failed })),
    [
      { host: 'm1', ok: 0, changed: 1, failed: 0 },
      { host: 'm2', ok: 1, changed: 0, failed: 0 },
      { host: 'm3', ok: 0, changed: 1, failed: 0 },
    ],
  )
})

test('a failed host is left behind, the others go on, and its failure names everything', async () => {
  const trial = new Trial()
  const failing = role(async ({ host, apply, everyone }) => {
    await apply(key('a', '1', host.name === 'm2' ? { action: 'fail' } : {}))
    await everyone('met')
    await apply(key('b', '2'))
  })
  await trial.run([
    readyPlay(failing),
    readyPlay(role(async ({ apply }) => void (await apply(key('c', '3'))))),
  ])
  assert.equal(
    ['m1', 'm2', 'm3'].map((host) => trial.value(host, 'b')),
    ['2', undefined, '2'],
  )
  assert.equal(
    ['m1', 'm2', 'm3'].map((host) => trial.value(host, 'c')),
    ['3', undefined, '3'],
  )
  const event = trial.events.find(({ type }) => type === 'failed')
  assert.equal(event?.type === 'failed' && event.failure, {
    host: 'm2',
    play: 'play',
    role: 'role',
    resource: 'key a',
    message: ' → 1: failed with exit code 7',
    rc: 7,
    stderr: 'one\ntwo',
    place: { file: '/role.ts', line: 3 },
    unreachable: false,
  })
})

/** A role that changes every host, and asks first. */
function asking(preflight: NonNullable<RoleDefinition<z.ZodType>['preflight']>, name = 'asking') {
  return defineRole({
    name,
    summary: '',
    vars: z.object({}),
    preflight,
    converge: async ({ apply }) => void (await apply(key(name, '1'))),
  })()
}

for (const mode of ['apply', 'check'] as const) {
  test(`what is in the way of a later play keeps an earlier one from any change (${mode})`, async () => {
    const trial = new Trial()
    const refusing = asking(async ({ host, everyone }) => {
      const all = await everyone('who is there')
      if (host.name !== 'm1') throw new QuorateError(`${host.name} is in use, ${all.size} were asked`)
    })
    await trial.run(
      [readyPlay(role(async ({ apply }) => void (await apply(key('a', '1'))))), readyPlay(refusing)],
      mode,
    )
    assert.equal(trial.changes, [])
    assert.equal(trial.failures.sort(), ['m2: m2 is in use, 3 were asked', 'm3: m3 is in use, 3 were asked'])
    const warnings = trial.events.flatMap((event) => (event.type === 'warning' ? [event.message] : []))
    assert.equal(warnings, ['nothing was changed on any host, because of what is in the way on m2, m3'])
    assert.is(trial.value('m1', 'a'), undefined)
  })
}

test('every role asks each host once, all that is in the way is told, and verify does not ask', async () => {
  const trial = new Trial()
  const asked: string[] = []
  const twice = asking(async ({ host }) => void asked.push(host.name))
  const plays = [readyPlay(twice), readyPlay(twice)]
  await trial.run(plays)
  assert.equal(asked.sort(), ['m1', 'm2', 'm3'])
  await trial.run(plays, 'verify')
  assert.is(asked.length, 3)
  const no = (name: string) => readyPlay(asking(() => Promise.reject(new QuorateError(name)), name))
  await trial.run([no('one'), no('two')])
  assert.equal(trial.failures.sort(), ['m1: one', 'm1: two', 'm2: one', 'm2: two', 'm3: one', 'm3: two'])
})

test('more failures than maxFailures stop the run', async () => {
  const trial = new Trial()
  const failing = role(async ({ host, apply, everyone }) => {
    if (host.name === 'm1') throw new QuorateError('broken')
    await everyone('met')
    await apply(key('b', '2'))
  })
  const recap = await trial.run([
    readyPlay(failing, { maxFailures: 0 }),
    readyPlay(role(async ({ apply }) => void (await apply(key('c', '3'))))),
  ])
  assert.equal(
    [...trial.hosts.values()].map(({ state }) => state.size),
    [0, 0, 0],
  )
  assert.equal(
    recap.map(({ failed }) => failed),
    [1, 0, 0],
  )
})

test('a host that cannot be reached stops the run before anything is changed', async () => {
  const trial = new Trial()
  trial.unreachable.add('m3')
  const applied = role(async ({ apply }) => void (await apply(key('a', '1'))))
  const recap = await trial.run([readyPlay(applied)])
  assert.equal(
    [...trial.hosts.values()].map(({ scripts }) => scripts.length),
    [0, 0, 0],
  )
  assert.equal(
    recap.map(({ unreachable }) => unreachable),
    [false, false, true],
  )
  assert.ok(trial.events.some((event) => event.type === 'warning' && event.message.includes("--limit '!m3'")))
})

test('a play that allows failures runs without the hosts that cannot be reached', async () => {
  const trial = new Trial()
  trial.unreachable.add('m3')
  await trial.run([
    readyPlay(
      role(async ({ apply }) => void (await apply(key('a', '1')))),
      { maxFailures: 1 },
    ),
  ])
  assert.equal(trial.changes, ['m1 key a', 'm2 key a'])
})

test('rolling takes turns only where something has to change, and checks health after each', async () => {
  const trial = new Trial()
  trial.hosts.get('m2')?.state.set('a', '1')
  const log: string[] = []
  const rolled = role(async ({ host, apply, rolling }) => {
    await rolling(() => apply(key('a', '1')), {
      gate: async () => log.push(`gate ${host.name}`),
      healthy: async () => log.push(`healthy ${host.name}`),
    })
  })
  await trial.run([readyPlay(rolled)])
  assert.equal(log, ['gate m1', 'healthy m1', 'gate m3', 'healthy m3'])
  await trial.run([readyPlay(rolled)])
  assert.is(log.length, 4, 'the second run takes no turn')
})

test('a host where nobody is disturbed takes no turn and is asked only where something has to change', async () => {
  const trial = new Trial()
  trial.hosts.get('m2')?.state.set('a', '1')
  const log: string[] = []
  const rolled = role(async ({ host, apply, rolling }) => {
    await rolling(() => apply(key('a', '1')), {
      disturbs: async () => {
        log.push(`asked ${host.name}`)
        return host.name === 'm3'
      },
      gate: async () => log.push(`gate ${host.name}`),
      healthy: async () => log.push(`healthy ${host.name}`),
    })
  })
  await trial.run([readyPlay(rolled)])
  assert.equal(log.sort(), ['asked m1', 'asked m3', 'gate m3', 'healthy m3'])
  assert.equal(trial.changes.sort(), ['m1 key a', 'm3 key a'])
})

test('a refusing gate leaves its host and all behind it untouched', async () => {
  const trial = new Trial()
  const gate = async () => {
    throw new QuorateError('stopping m1 would leave 1 of 3')
  }
  const rolled = role(
    async ({ apply, rolling }) => void (await rolling(() => apply(key('a', '1')), { gate })),
  )
  for (const mode of ['check', 'apply'] as const) {
    await trial.run([readyPlay(rolled)], mode)
    assert.match(trial.failures[0] as string, 'stopping m1 would leave 1 of 3')
    assert.equal(
      [...trial.hosts.values()].map(({ state }) => state.size),
      [0, 0, 0],
      mode,
    )
  }
  assert.match(trial.failures[1] as string, 'not touched: the roll stopped')
})

test('who waits tells for what and on whom, and when it is over', async () => {
  const trial = new Trial()
  const applied = role(async ({ host, apply, everyone, once, rolling }) => {
    // m1 comes last, so that it is m1 that the others wait for.
    if (host.name === 'm1') await new Promise((resolve) => setTimeout(resolve, 50))
    await everyone('met')
    await once('token', () => new Promise((resolve) => setTimeout(resolve, 20)))
    await rolling(() => apply(key('a', '1')))
  })
  await trial.run([readyPlay(applied)])
  const told = (type: 'wait' | 'waited') =>
    trial.events.flatMap((event) =>
      event.type === type && event.what !== 'everyone: converged'
        ? [`${event.host} ${event.what}: ${event.on.join(' ')}`]
        : [],
    )
  assert.equal(told('wait').sort(), told('waited').sort(), 'every wait ends')
  assert.ok(told('wait').some((wait) => /^m[23] everyone: met: m1( m[23])?$/.test(wait)))
  assert.is(told('wait').filter((wait) => wait.includes('once: token')).length, 2)
  assert.is(told('wait').filter((wait) => wait.includes('its turn')).length, 2)
})

test('waiting for others inside of a turn is refused instead of hanging', async () => {
  const trial = new Trial()
  const rolled = role(async ({ everyone, rolling }) => void (await rolling(() => everyone('x'))))
  await trial.run([readyPlay(rolled)])
  assert.match(trial.failures[0] as string, 'would wait for hosts that wait for this one')
})

test('check mode changes nothing, predicts over several apply calls and skips verify', async () => {
  const trial = new Trial()
  let verified = 0
  const applied = role(
    async ({ apply, check }) => {
      assert.is(check, true)
      await apply(key('a', '1'))
      await apply(key('b', '', { from: ['a'] }))
    },
    async () => String(++verified),
  )
  await trial.run([readyPlay(applied, { hosts: hosts.slice(0, 1) })], 'check')
  assert.equal(
    trial.events.flatMap((event) => (event.type === 'change' ? [event.change.summary] : [])),
    [' → 1', ' → 1'],
  )
  assert.is(trial.value('m1', 'a'), undefined)
  assert.is(verified, 0)
})

test('verify runs once all hosts have converged, and its finding is reported', async () => {
  const trial = new Trial()
  const applied = role(
    async ({ apply }) => void (await apply(key('a', '1'))),
    async ({ host }) =>
      `${host.name} sees ${hosts.filter(({ name }) => trial.value(name, 'a') === '1').length}`,
  )
  await trial.run([readyPlay(applied)])
  const messages = trial.events.flatMap((event) => (event.type === 'verified' ? [event.message] : []))
  assert.equal(messages, ['m1 sees 3', 'm2 sees 3', 'm3 sees 3'])
})

test('verify mode changes nothing and works without the hosts that are down', async () => {
  const trial = new Trial()
  trial.unreachable.add('m1')
  const applied = role(
    async ({ apply }) => void (await apply(key('a', '1'))),
    async ({ everyone }) => `${(await everyone('x')).size} hosts`,
  )
  await trial.run([readyPlay(applied)], 'verify')
  const messages = trial.events.flatMap((event) => (event.type === 'verified' ? [event.message] : []))
  assert.equal(messages, ['2 hosts', '2 hosts'])
  assert.equal(trial.changes, [])
})

test('verify mode goes on to the next role where one is not well, and nobody waits for who failed', async () => {
  const trial = new Trial()
  const sick = role(
    async () => {},
    async ({ host, everyone }) => {
      if (host.name === 'm2') throw new QuorateError('not well')
      return `${(await everyone('x')).size} hosts`
    },
  )
  const play = readyPlay(sick, { maxFailures: 0 })
  await trial.run([{ ...play, roles: [...play.roles, ...play.roles] }], 'verify')
  assert.equal(trial.failures, ['m2: not well', 'm2: not well'])
  assert.is(trial.events.filter(({ type }) => type === 'verified').length, 4)
})

test('an interruption lets what runs finish, begins nothing new and fails no host', async () => {
  const trial = new Trial()
  const applied = role(async ({ host, apply }) => {
    await apply(key('a', '1'))
    if (host.name === 'm1') trial.interruption.abort()
    await apply(key('b', '2'))
  })
  await trial.run([readyPlay(applied, { serial: [1] }), readyPlay(applied, { name: 'later' })])
  assert.equal(
    ['m1', 'm2', 'm3'].map((host) => trial.hosts.get(host)?.state.size),
    [1, 0, 0],
  )
  assert.equal(trial.failures, [])
  assert.equal(
    trial.events.flatMap((event) => (event.type === 'playStart' ? event.play : [])),
    ['play'],
  )
  const end = trial.events.at(-1)
  assert.is(end?.type === 'runEnd' && end.interrupted, true)
})

test('a role that never ends is given up when the user asks to stop', async () => {
  const trial = new Trial()
  const applied = role(async () => {
    trial.interruption.abort()
    await new Promise(() => {})
  })
  await trial.run([readyPlay(applied)])
  assert.equal(trial.failures, [])
  assert.is(trial.events.at(-1)?.type, 'runEnd')
})

test('check mode tells the batches of a play, and what cannot be known yet', async () => {
  const trial = new Trial()
  trial.hosts.get('m2')?.state.set('b', '2')
  const install = key('a', '1', { effects: { known: [[keyNeed('a'), '1']], unknown: 'everything' } })
  const applied = role(async ({ apply }) => void (await apply(install, key('b', '2'))))
  await trial.run([readyPlay(applied, { serial: [1, 2] })], 'check')
  const started = trial.events.find(({ type }) => type === 'playStart')
  assert.equal(started?.type === 'playStart' && started.batches, [['m1'], ['m2', 'm3']])
  assert.equal(
    trial.events.filter(({ type }) => type === 'unknown'),
    [{ type: 'unknown', host: 'm2', play: 'play', role: 'role', resource: 'key b', after: 'key a' }],
  )
})

test('serial runs batch after batch', async () => {
  const trial = new Trial()
  const seen: number[] = []
  const applied = role(async ({ hosts: batch, everyone }) => {
    await everyone('x')
    seen.push(batch.length)
  })
  await trial.run([readyPlay(applied, { serial: [1, 2] })])
  assert.equal(seen, [1, 2, 2])
})

test('each role of each play is confirmed once, when all its hosts are there; what is not wanted is left out', async () => {
  const trial = new Trial()
  const asked: string[] = []
  const applied = role(async ({ host, apply }) => void (await apply(key(`a-${host.name}`, '1'))))
  const confirm: RunOptions['confirm'] = async ({ play, hosts: names }) => {
    asked.push(`${play} ${names.join(',')}`)
    return play === 'two'
  }
  Object.assign(trial.options, { confirm })
  await trial.run(['one', 'two'].map((name) => readyPlay(applied, { name, serial: [2] })))
  assert.equal(asked, ['one m1,m2', 'one m3', 'two m1,m2', 'two m3'])
  assert.equal([...trial.changes].sort(), ['m1 key a-m1', 'm2 key a-m2', 'm3 key a-m3'])
})

test('an answer that comes after Ctrl-C starts nothing', async () => {
  const trial = new Trial()
  const confirm: RunOptions['confirm'] = async () => {
    trial.interruption.abort()
    return true
  }
  Object.assign(trial.options, { confirm })
  await trial.run([readyPlay(role(async ({ apply }) => void (await apply(key('a', '1')))))])
  assert.equal(trial.changes, [])
})

test('try, catch and finally of a role are rescue and always', async () => {
  const trial = new Trial()
  const applied = role(async ({ apply }) => {
    try {
      await apply(key('a', '1', { action: 'fail' }))
    } catch {
      await apply(key('rescued', '1'))
    } finally {
      await apply(key('always', '1'))
    }
  })
  const recap = await trial.run([readyPlay(applied, { hosts: hosts.slice(0, 1) })])
  assert.is(recap[0]?.failed, 0)
  assert.equal(trial.changes, ['m1 key rescued', 'm1 key always'])
})

test('a role cannot catch its way past the end of a run', async () => {
  const trial = new Trial()
  const applied = role(async ({ apply }) => {
    trial.interruption.abort()
    for (const name of ['a', 'b']) await apply(key(name, '1')).catch(() => {})
    await until(async () => {
      throw new QuorateError('never')
    }).catch(() => {})
  })
  await trial.run([readyPlay(applied)])
  assert.equal(trial.changes, [])
})

/** Loses its connection once the host has done so many scripts. */
class Dropping extends MemoryHost {
  left = 0

  override async runAll(scripts: readonly string[], options: RunAllOptions = {}): Promise<ScriptResult[]> {
    const results = await super.runAll(this.left > 0 ? scripts.slice(0, this.left) : scripts, options)
    if (this.left === 0) return results
    this.left -= results.length
    if (this.left > 0) return results
    throw new UnreachableError('connection to m1 lost')
  }
}

test('a host that drops in the middle and returns is picked up where it was', async () => {
  const three = role(
    async ({ apply }) => {
      await apply(key('a', '1'), key('b', '2'), key('c', '3'))
    },
    async ({ query }) => (await query`get c`).stdout,
  )
  // get a b c, set a, set b, set c; get again; the verify's get
  for (const left of [1, 2, 3, 4, 5]) {
    const trial = new Trial()
    const host = new Dropping()
    host.left = left
    trial.hosts.set('m1', host)
    const recap = await trial.run([readyPlay(three, { hosts: hosts.slice(0, 1) })])
    assert.equal([...host.state.values()], ['1', '2', '3'], `after ${left}`)
    assert.is(recap[0]?.failed, 0)
    assert.is(recap[0]?.unreachable, false)
    assert.ok(
      trial.events.some((event) => event.type === 'warning' && event.message.includes('waiting for it')),
    )
    assert.equal(
      trial.events
        .filter(({ type }) => type === 'verified')
        .map((event) => 'message' in event && event.message),
      ['3'],
    )
  }
})

test('a host that does not return is unreachable, and so is one that drops each time', async () => {
  const trial = new Trial()
  const host = new Dropping()
  host.left = 2
  trial.hosts.set('m1', host)
  const applied = role(async ({ apply }) => {
    trial.unreachable.add('m1')
    await apply(key('a', '1'))
  })
  Object.assign(trial.options, { reconnect: () => 0 })
  assert.is((await trial.run([readyPlay(applied)]))[0]?.unreachable, true)
  assert.equal(trial.failures, ['m1: connection to m1 lost'])

  const deadly = new Trial()
  const dropping = key('a', '1', {
    action: async () => {
      throw new UnreachableError('the shell has ended')
    },
  })
  const recap = await deadly.run([readyPlay(role(async ({ apply }) => void (await apply(dropping))))])
  assert.equal(
    recap.map(({ unreachable }) => unreachable),
    [true, true, true],
  )
})

test.run()
