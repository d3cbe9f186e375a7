// Locks and lost connections over real ssh: what one run leaves to the next, and what it survives.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { RunEvent } from '../../lib/engine/events.ts'
import { type RunOptions, runPlays } from '../../lib/engine/run.ts'
import { defineRole, step, z } from '../../lib/index.ts'
import { type Lab, labUp } from '../../lib/lab/index.ts'
import { connectToLab } from '../helpers/lab-connection.ts'

const test = suite('survival')
const names = ['m1', 'm2']
let lab: Lab

// Each host's step tells that it has begun, and ends once it is told to.
const work = defineRole({
  name: 'work',
  summary: '',
  vars: z.object({}),
  async converge({ apply }) {
    const run = 'echo x >>/root/begun; until [ -e /root/go ]; do sleep 0.1; done; touch /root/done'
    await apply(step('work', { done: 'test -e /root/done', run }))
  },
})()

test.before(async () => {
  lab = await labUp({ name: 'survival', hosts: [...names] })
})
test.before.each(async () => {
  for (const name of names) await lab.exec(name, 'rm -f /root/begun /root/go /root/done')
})
test.after(async () => await lab?.down())

test('two runs do not change hosts at the same time, whichever came first goes on', async () => {
  const first = run('first')
  await begun('m1')
  await begun('m2')
  const second = await run('second').ended
  assert.equal(second.failures, [
    'm1, m2: in use by another run: test by first, for N s; nothing was changed',
  ])
  assert.equal(await times('m1'), 1)
  await go()
  assert.equal((await first.ended).failures, [])
  const third = await run('third').ended
  assert.equal(third.failures, [])
  assert.equal(third.changes, 0)
})

test('a connection that breaks in the middle takes its work with it, and the host is picked up again', async () => {
  const broken = run('broken')
  await begun('m1')
  await begun('m2')
  await lab.exec('m1', 'pkill -KILL -f "sshd: root@notty"')
  await eventually(async () => (await times('m1')) === 2)
  const left = await lab.exec('m1', 'pgrep -fc "until . -e /root/go" || true')
  assert.ok(Number(left.stdout) <= 1, left.stdout)
  await go()
  const { failures, changes, warnings } = await broken.ended
  assert.equal(failures, [])
  assert.is(changes, 2)
  assert.match(warnings.join('\n'), /m1.* lost.*waiting for it to come back/)
  assert.equal(await times('m2'), 1)
})

test('--force-unlock takes over, and the other run comes to an end', async () => {
  const first = run('first')
  await begun('m1')
  await begun('m2')
  const second = run('second', true)
  await eventually(async () => (await times('m1')) === 2 && (await times('m2')) === 2)
  const { failures } = await first.ended
  assert.equal(
    failures,
    names.map(() => 'another run has taken over: test by second'),
  )
  await go()
  assert.equal((await second.ended).failures, [])
})

function run(who: string, force = false) {
  const events: RunEvent[] = []
  const hosts = names.map((name) => ({ name, address: name, groups: [], vars: {} }))
  const vars = new Map(names.map((name) => [name, {}]))
  const play = {
    name: 'work',
    tags: [],
    hosts,
    roles: [{ applied: work, vars }],
    serial: [],
    maxFailures: undefined,
  }
  const options: RunOptions = {
    playbook: 'test',
    mode: 'apply',
    diff: false,
    forks: 5,
    signal: new AbortController().signal,
    lock: { owner: { run: who, who, what: 'test' }, force },
    emit: (event) => events.push(event),
    connect: ({ name }) => connectToLab(lab, name),
  }
  return { ended: runPlays([play], options).then(() => summary(events)) }
}

function summary(events: readonly RunEvent[]) {
  return {
    failures: events.flatMap((event) =>
      event.type === 'failed' ? [event.failure.message.replace(/\d+ s;/, 'N s;')] : [],
    ),
    warnings: events.flatMap((event) =>
      event.type === 'warning' ? [`${event.host}: ${event.message}`] : [],
    ),
    changes: events.filter(({ type }) => type === 'change').length,
  }
}

async function go(): Promise<void> {
  for (const name of names) await lab.exec(name, 'touch /root/go')
}

async function begun(host: string): Promise<void> {
  await eventually(async () => (await times(host)) > 0)
}

/** How often the step was begun on a host. */
async function times(host: string): Promise<number> {
  return Number((await lab.exec(host, 'cat /root/begun 2>/dev/null | wc -l')).stdout)
}

async function eventually(holds: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt += 1) {
    if (await holds()) return
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  assert.unreachable('after a minute')
}

test.run()
