// No secret in any output, whatever the format, wherever a host or a role has put it.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { z } from 'zod'
import type { RunEvent } from '../../lib/engine/events.ts'
import { runPlays } from '../../lib/engine/run.ts'
import { quote } from '../../lib/quote.ts'
import type { ReportOptions } from '../../lib/report/index.ts'
import { file, step } from '../../lib/resources/index.ts'
import { defineRole } from '../../lib/role.ts'
import { Secret } from '../../lib/secret.ts'
import { connect } from '../../lib/transport/index.ts'
import { capture } from '../helpers/captured-report.ts'
import { sampleEvents } from '../helpers/sample-events.ts'

const folder = mkdtempSync(join(tmpdir(), 'quorate-secrets-'))
const ALL = { diff: true, verbose: 2 }
const formats: [name: string, options: ReportOptions][] = [
  ['plain', { ...ALL }],
  ['coloured', { ...ALL, color: true }],
  ['live', { ...ALL, live: true }],
  ['json', { ...ALL, output: 'json' }],
  ['github', { ...ALL, output: 'github' }],
  ['log', { ...ALL, logFile: join(folder, 'run.log') }],
  ['junit', { ...ALL, junit: join(folder, 'run.xml') }],
  ['html', { ...ALL, html: join(folder, 'run.html') }],
]

test.after(() => rmSync(folder, { recursive: true }))

// Every kind of character that some format escapes, breaks or cuts.
const ALPHABET = [
  'a',
  'Z',
  '7',
  "'",
  '"',
  '\\',
  '/',
  '<',
  '>',
  '&',
  '%',
  '$',
  ' ',
  ':',
  ',',
  '=',
  '+',
  'é',
  '漢',
  ']]>',
]

for (const [name, options] of formats) {
  test(`${name}: generated secrets are nowhere, not even in the names of hosts`, async () => {
    for (let seed = 1; seed <= 15; seed++) {
      const secret = `canary${generated(seed)}yranac`
      new Secret(`first ${secret}\nsecond ${secret}\n`)
      new Secret(secret)
      const events = sampleEvents(secret).concat(renamed(sampleEvents(), `host-${secret}`))
      assertClean(await everything(events, options), secret, `${name}, seed ${seed}`)
    }
  })

  test(`${name}: a secret with escape codes in its middle is found`, async () => {
    new Secret('canary-in-the-middle')
    const shown = await everything(sampleEvents('canary-\u001b[1min-the\u001b[0m-middle'), options)
    assertClean(shown, 'canary-in-the-middle', name)
  })
}

test('a real run with contents, inputs, outputs and failures shows no secret in any format', async () => {
  const canary = 'real\'canary"of the run'
  const events = await realRun(new Secret(canary), canary)
  const outputs = events.filter(({ type }) => type === 'output')
  assert.ok(
    outputs.length > 0 && events.some(({ type }) => type === 'failed'),
    'the run has told what it should hide',
  )
  for (const [name, options] of formats) {
    const output = await everything(events, options)
    assertClean(output, canary, name)
    assert.not.ok(
      output.includes(Buffer.from(contentWith(canary)).toString('base64')),
      `${name}: a file's content`,
    )
  }
})

/** Of a file that nobody has called secret: in base64 the secret in its middle looks like nothing that is known. */
function contentWith(canary: string): string {
  return `user: root\npassword: ${canary}\n`
}

/** A role that writes a secret into a file, hands it to a script, prints it, and fails with it. */
async function realRun(secret: Secret, canary: string): Promise<RunEvent[]> {
  const events: RunEvent[] = []
  const path = join(folder, 'secret')
  const role = defineRole({
    name: 'leaky',
    summary: '',
    vars: z.object({}),
    async converge({ apply, query }) {
      await query.nothrow`printf %s ${canary}`
      await apply(
        file(path, { content: secret }),
        file(`${path}.conf`, { content: contentWith(canary) }),
        step('print', {
          done: 'false || test -e /proc/self/none',
          run: `cat; cat ${path}; rm ${path}; exit 3`,
          input: secret,
        }),
      )
    },
  })()
  const host = { name: 'local', address: 'local', groups: ['all'], vars: {} }
  const play = {
    name: 'play',
    tags: [],
    hosts: [host],
    roles: [{ applied: role, vars: new Map([['local', {}]]) }],
    serial: [],
    maxFailures: undefined,
  }
  await runPlays([play], {
    playbook: 'secrets',
    mode: 'apply',
    diff: true,
    forks: 1,
    signal: new AbortController().signal,
    emit: (event) => events.push(event),
    connect: () => connect({ transport: 'local', host: 'local', port: 22 }, { name: 'local' }),
  })
  return events
}

async function everything(events: readonly RunEvent[], options: ReportOptions): Promise<string> {
  const { stdout, stderr } = await capture(events, options)
  const file = options.logFile ?? options.junit ?? options.html
  const written = file === undefined ? stdout : readFileSync(file, 'utf8')
  assert.ok(written.length > 500, 'there is something to look through')
  return stdout + stderr + written
}

function assertClean(output: string, secret: string, message: string): void {
  const inJson = JSON.stringify(secret).slice(1, -1)
  const forms = [
    secret,
    quote(secret),
    inJson,
    encodeURIComponent(secret),
    Buffer.from(secret).toString('base64'),
  ]
  for (const form of forms) assert.not.ok(output.includes(form), `${message}: ${form} is in the output`)
  assert.not.ok(output.includes('canary'), `${message}: ${/.{0,80}canary.{0,80}/.exec(output)?.[0]}`)
}

function renamed(events: readonly RunEvent[], name: string): RunEvent[] {
  return JSON.parse(JSON.stringify(events).replaceAll('"m1"', () => JSON.stringify(name)))
}

/** Some characters that nobody would choose, the same for each seed. */
function generated(seed: number): string {
  let state = seed
  const next = () => {
    state = (state * 1103515245 + 12345) % 2147483648
    return ALPHABET[(state >> 8) % ALPHABET.length]
  }
  return Array.from({ length: 4 + (seed % 20) }, next).join('')
}

test.run()
