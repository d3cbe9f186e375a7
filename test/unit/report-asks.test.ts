import { PassThrough } from 'node:stream'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createStepAsker } from '../../lib/report/ask-step.ts'
import { createReporter } from '../../lib/report/index.ts'
import { FACTS } from '../helpers/memory-host.ts'

const step = { play: 'etcd', role: 'etcd', hosts: ['m1', 'm2'] }

test('--step asks for each step until it is told to continue; the end of the input means no', async () => {
  const input = Object.assign(new PassThrough(), { isTTY: true })
  const output = new PassThrough()
  const ask = createStepAsker({ input, output })
  const answers: boolean[] = []
  for (const line of ['y', '', 'nonsense', 'YES', 'c']) {
    input.write(`${line}\n`)
    answers.push(await ask(step))
  }
  answers.push(await ask(step))
  assert.equal(answers, [true, false, false, true, true, true])
  assert.is(String(output.read()).split('(c)ontinue: ')[0], 'play etcd: etcd on m1 m2? (N)o, (y)es, ')
  const ended = Object.assign(new PassThrough(), { isTTY: true })
  ended.end()
  assert.is(await createStepAsker({ input: ended, output })(step), false)
})

test('--step without a terminal is refused', () => {
  assert.throws(() => createStepAsker({ input: new PassThrough() }), /no terminal to answer on/)
})

test('facts are one YAML document in inventory order, failures go to stderr', async () => {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()] as unknown as [
    NodeJS.WriteStream,
    NodeJS.WriteStream,
  ]
  const reporter = createReporter({ shows: 'facts', stdout, stderr, color: false })
  reporter.event({ type: 'runStart', playbook: 'Facts', mode: 'verify', hosts: ['m1', 'm2', 'm3'] })
  reporter.event({ type: 'facts', host: 'm3', facts: FACTS })
  reporter.event({ type: 'facts', host: 'm1', facts: { ...FACTS, cpus: 8 } })
  reporter.event({
    type: 'failed',
    failure: { host: 'm2', play: '', message: 'no route', unreachable: true },
  })
  await reporter.close()
  const text = String(stdout.read())
  assert.match(text, /^m1:\n {2}hostname: memory\n/)
  assert.match(text, /m1:[\s\S]*cpus: 8[\s\S]*m3:[\s\S]*cpus: 2/)
  assert.match(String(stderr.read()), /^m2 {2}unreachable {2}no route/)
})

test.run()
