import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { UsageError } from '../../lib/errors.ts'
import { Secret } from '../../lib/secret.ts'
import { askCredentials } from '../../lib/transport/credentials.ts'
import type { ConnectionSettings } from '../../lib/transport/settings.ts'

const test = suite('credentials')
const dir = mkdtempSync(join(tmpdir(), 'quorate-credentials-'))
const NEITHER = { askPass: false, askBecomePass: false }

test.before(() => {
  delete process.env.SSH_AUTH_SOCK
  process.env.HOME = dir
})
test.after(() => rmSync(dir, { recursive: true }))

test('asks for a password once, for all hosts that have none', async () => {
  const { asked, settings } = await run({ askPass: true, askBecomePass: false }, ['typed'], {
    a: {},
    b: { password: new Secret('own') },
    c: { transport: 'local' },
  })
  assert.equal(asked, ['SSH password: '])
  assert.equal(
    [...settings.values()].map(({ password }) => password?.reveal()),
    ['typed', 'own', undefined],
  )
})

for (const [answers, expected] of [
  [['ssh', 'root'], 'root'],
  [['ssh', ''], 'ssh'],
] as const) {
  test(`the answers '${answers.join("', '")}' mean the become password ${expected}`, async () => {
    const { asked, settings } = await run({ askPass: true, askBecomePass: true }, answers, {
      a: { become: { user: 'root' } },
      b: { become: { user: 'root', password: new Secret('own') } },
      c: {},
    })
    assert.equal(asked, ['SSH password: ', 'BECOME password[defaults to SSH password]: '])
    const passwords = [...settings.values()].map(({ become }) => become?.password?.reveal())
    assert.equal(passwords, [expected, 'own', undefined])
  })
}

test('asks for the passphrase of a key once, and again when it is wrong', async () => {
  const privateKeyFile = lockedKey('given')
  const hosts = {
    a: { privateKeyFile },
    b: { privateKeyFile },
    c: { privateKeyFile, transport: 'local' },
  } as const
  const { asked, settings } = await run(NEITHER, ['wrong', 'phrase'], hosts)
  assert.equal(asked, [
    `Passphrase for ${privateKeyFile}: `,
    `That was wrong. Passphrase for ${privateKeyFile}: `,
  ])
  assert.is(settings.get('b')?.passphrases?.get(privateKeyFile)?.reveal(), 'phrase')
})

test('asks for the passphrase of a jump host', async () => {
  const jump = { transport: 'ssh', host: 'j', privateKeyFile: lockedKey('jump') } as const
  const config = {
    identityFiles: [],
    identitiesOnly: false,
    knownHostsFiles: [],
    acceptNewHostKeys: false,
    jump,
  }
  const { settings } = await run(NEITHER, ['phrase'], { a: { config } })
  assert.is(settings.get('a')?.config?.jump?.passphrases?.size, 1)
})

test('does not ask where the passphrase is known, or another way in is', async () => {
  const privateKeyFile = lockedKey('known')
  const { asked } = await run(NEITHER, [], { a: { privateKeyFile, passphrase: new Secret('phrase') } })
  assert.equal(asked, [])
  execFileSync('mkdir', ['-p', join(dir, '.ssh')])
  execFileSync('cp', [privateKeyFile, join(dir, '.ssh', 'id_ed25519')])
  assert.equal((await run(NEITHER, [], { a: { password: new Secret('x') } })).asked, [])
  assert.is((await run(NEITHER, ['phrase'], { a: {} })).asked.length, 1)
})

test('does not ask for a key that the agent holds', async () => {
  const privateKeyFile = lockedKey('held')
  const socket = join(dir, 'agent')
  const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    await once(agent.stdout, 'data')
    const copy = join(dir, 'held-open')
    execFileSync('cp', [privateKeyFile, copy])
    execFileSync('ssh-keygen', ['-q', '-p', '-P', 'phrase', '-N', '', '-f', copy])
    process.env.SSH_AUTH_SOCK = socket
    const other = lockedKey('not-held')
    const hosts = { a: { privateKeyFile }, b: { privateKeyFile: other } }
    execFileSync('ssh-add', ['-q', copy])
    assert.equal((await run(NEITHER, ['phrase'], hosts)).asked, [`Passphrase for ${other}: `])
  } finally {
    delete process.env.SSH_AUTH_SOCK
    agent.kill()
  }
})

test('gives up on a passphrase that stays wrong', async () => {
  const hosts = { a: { privateKeyFile: lockedKey('stubborn') } }
  const error = await run(NEITHER, ['a', 'b', 'c'], hosts).catch((reason) => reason)
  assert.instance(error, UsageError)
  assert.match(error.message, /wrong passphrase for .*stubborn, 3 times/)
})

test('asks on the terminal, and shows nothing of the answer', async () => {
  const child = spawn('script', ['-qec', asker(), '/dev/null'], { stdio: 'pipe' })
  let shown = ''
  child.stdout.on('data', (chunk) => {
    shown += chunk
    if (shown.endsWith('Password? ')) child.stdin.write('hunn\x7fter2\r')
  })
  await once(child, 'close')
  assert.match(shown, /Password\? \r?\n/)
  assert.match(shown, 'got 7 characters')
  assert.not.match(shown, 'hun')
})

test('says that there is no terminal', async () => {
  const child = spawn('sh', ['-c', asker()], { stdio: 'pipe', detached: true })
  let shown = ''
  child.stdout.on('data', (chunk) => {
    shown += chunk
  })
  await once(child, 'close')
  assert.match(shown, /--ask-pass asks, but there is no terminal to ask on/)
})

interface Asked {
  readonly asked: readonly string[]
  readonly settings: ReadonlyMap<string, ConnectionSettings>
}

async function run(
  options: { askPass: boolean; askBecomePass: boolean },
  answers: readonly string[],
  hosts: Readonly<Record<string, Partial<ConnectionSettings>>>,
): Promise<Asked> {
  const asked: string[] = []
  const left = [...answers]
  const entries = Object.entries(hosts).map(
    ([name, own]) => [name, { transport: 'ssh', host: name, ...own }] as const,
  )
  const settings = await askCredentials(
    new Map(entries as [string, ConnectionSettings][]),
    options,
    async (question) => {
      asked.push(question)
      return new Secret(left.shift() ?? '')
    },
  )
  assert.equal(left, [])
  return { asked, settings }
}

function lockedKey(name: string): string {
  const file = join(dir, name)
  execFileSync('ssh-keygen', ['-q', '-a', '1', '-t', 'ed25519', '-N', 'phrase', '-f', file])
  return file
}

/** A command that asks, and tells how long the answer was. */
function asker(): string {
  const url = new URL('../../lib/report/ask-secret.ts', import.meta.url).href
  const program = `
    const { askSecret } = await import("${url}")
    const answer = await askSecret("Password? ", "--ask-pass asks").catch((error) => error)
    console.log(answer instanceof Error ? answer.message : "got " + answer.reveal().length + " characters")`
  return `'${process.execPath}' --import tsx --input-type=module -e '${program}'`
}

test.run()
