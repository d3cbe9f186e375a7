// A thousand malformed command lines and inventories: each is refused in words, and no host is ever connected to.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { z } from 'zod'
import { main } from '../../lib/cli.ts'
import { type Playbook, type PlaybookTools, play } from '../../lib/playbook.ts'
import { defineRole } from '../../lib/role.ts'
import { port } from '../../lib/schemas.ts'
import { noise, right, wrongFlags, wrongLines, wrongVariables } from '../helpers/malformed.ts'

const test = suite('malformed input')
const folder = mkdtempSync(join(tmpdir(), 'quorate-malformed-'))
const inventory = join(folder, 'hosts.ini')
const variables = join(folder, 'group_vars', 'all.yml')
const before = { exitCode: process.exitCode, state: process.env.XDG_STATE_HOME }
const counts = { refused: 0, listed: 0, touched: 0 }

const web = defineRole({
  name: 'web',
  summary: 'serves',
  vars: z.object({ port: port(), size: z.number().int().optional() }),
  converge: async () => {},
})
const playbook = {
  name: 'malformed',
  definition: { plays: ({ group }: PlaybookTools<unknown>) => [play('web', group('web'), [web()])] },
} as unknown as Playbook

// Every address of the inventory is this server: whoever connected would be counted.
const server = createServer((socket) => {
  counts.touched += 1
  socket.destroy()
})

test.before(async () => {
  process.env.XDG_STATE_HOME = folder
  mkdirSync(join(folder, 'group_vars'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
test.after(() => {
  server.close()
  rmSync(folder, { recursive: true })
  process.exitCode = before.exitCode
  process.env.XDG_STATE_HOME = before.state ?? ''
  console.log(
    `\n  ${counts.refused} refused, ${counts.listed} fuzzed and read, ${counts.touched} connections to hosts`,
  )
})

test('500 command lines that are wrong are refused', async () => {
  await every(500, fc.tuple(right, wrongFlags, right), async ([first, wrong, last]) => {
    const bare = wrong.length === 1 && !/[=]/.test(wrong[0] as string) && (wrong[0] as string).startsWith('-')
    // A flag that lacks its value would take the next word for it.
    await refused({ args: bare ? [...first, ...last, ...wrong] : [...first, ...wrong, ...last] })
  })
})

test('300 inventories and variables files that are wrong are refused', async () => {
  const wrong = fc.oneof(
    fc.tuple(wrongLines, fc.nat(3)).map(([line, at]) => ({ hosts: withLine(line, at) })),
    wrongVariables.map((vars) => ({ vars })),
  )
  await every(300, fc.tuple(wrong, right), async ([files, args]) => await refused({ ...files, args }))
})

test('200 inventories and command lines with noise in them are read or refused, and never a bug', async () => {
  const files = fc.tuple(noise, noise, fc.nat(200), fc.nat(60))
  await every(200, fc.tuple(files, noise), async ([[first, second, at, cut], flag]) => {
    const hosts = splice(HOSTS(), at, cut % 5, first)
    const vars = splice('web_port: 80\nlist: [1, 2]\nmap: { a: b }\n', cut, at % 5, second)
    const { code, stderr } = await run({ hosts, vars, args: ['--list-hosts', `--limit=${flag}`] })
    assert.ok(code === 0 || code === 2, `exit code ${code}\n${hosts}\n${vars}\n${stderr}`)
    requireWords(stderr)
    counts.listed += 1
  })
})

async function refused(input: Input): Promise<void> {
  const { code, stdout, stderr } = await run(input)
  const what = `${JSON.stringify(input)}\n${stdout}${stderr}`
  assert.is(code, 2, what)
  assert.is(stdout, '', what)
  assert.match(stderr, /^error: \S/m, what)
  requireWords(stderr)
  assert.is(counts.touched, 0, what)
  counts.refused += 1
}

function requireWords(stderr: string): void {
  assert.not.match(stderr, /^bug:|^\s+at .*:\d+:\d+\)?$|\b(Type|Reference|Range|Syntax)Error\b/m)
}

interface Input {
  readonly args: readonly string[]
  /** @default right ones */
  readonly hosts?: string
  /** @default right ones */
  readonly vars?: string
}

/** What the command says and ends with. */
async function run({ args, hosts = HOSTS(), vars = 'web_port: 80\n' }: Input) {
  writeFileSync(inventory, hosts)
  writeFileSync(variables, vars)
  const texts = { stdout: '', stderr: '' }
  const collect = (stream: keyof typeof texts) => (text: string | Uint8Array) => {
    texts[stream] += String(text)
    return true
  }
  const [stdout, stderr] = [process.stdout.write, process.stderr.write]
  process.stdout.write = collect('stdout')
  process.stderr.write = collect('stderr')
  try {
    await main(playbook, ['-i', inventory, ...args], 'zx malformed.mjs')
  } finally {
    process.stdout.write = stdout
    process.stderr.write = stderr
  }
  const code = process.exitCode
  process.exitCode = before.exitCode
  return { ...texts, code }
}

function HOSTS(): string {
  const address = `ansible_host=127.0.0.1 ansible_port=${(server.address() as AddressInfo).port}`
  return `[web]\nh1 ${address}\nh2 ${address}\n\n[db]\nh2\n`
}

function withLine(line: string, at: number): string {
  const lines = HOSTS().split('\n')
  lines.splice(2 + at, 0, line)
  return lines.join('\n')
}

function splice(text: string, at: number, cut: number, noise: string): string {
  const position = at % text.length
  return text.slice(0, position) + noise + text.slice(position + cut)
}

async function every<Case>(
  numRuns: number,
  cases: fc.Arbitrary<Case>,
  check: (one: Case) => Promise<void>,
): Promise<void> {
  await fc.assert(fc.asyncProperty(cases, check), { numRuns, seed: 20261121 })
}

test.run()
