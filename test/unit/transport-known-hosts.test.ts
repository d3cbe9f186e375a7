import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  copyFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { HostKeyCheck } from '../../lib/transport/host-key-check.ts'

type KeyType = 'ed25519' | 'ecdsa' | 'rsa'

const test = suite('known hosts')
const dir = mkdtempSync(join(tmpdir(), 'quorate-known-'))
const file = join(dir, 'sub', 'known_hosts')
const keys = {} as Record<KeyType | 'other', { line: string; blob: Buffer; fingerprint: string }>

test.before(() => {
  for (const [name, type] of [
    ['ed25519', 'ed25519'],
    ['ecdsa', 'ecdsa'],
    ['rsa', 'rsa'],
    ['other', 'ed25519'],
  ] as const) {
    const path = join(dir, name)
    execFileSync('ssh-keygen', ['-q', '-t', type, '-N', '', '-f', path])
    const [keyType, blob = ''] = readFileSync(`${path}.pub`, 'utf8').split(' ')
    const fingerprint =
      execFileSync('ssh-keygen', ['-l', '-f', path], { encoding: 'utf8' }).split(' ')[1] ?? ''
    keys[name] = { line: `${keyType} ${blob}`, blob: Buffer.from(blob, 'base64'), fingerprint }
  }
})
test.before.each(() => rmSync(join(dir, 'sub'), { recursive: true, force: true }))
test.after(() => rmSync(dir, { recursive: true }))

const names: [line: string, host: string, port: number, known: boolean][] = [
  ['m1 KEY', 'm1', 22, true],
  ['m1 KEY', 'm2', 22, false],
  ['m1 KEY', 'M1', 22, true],
  ['m1,10.0.0.1 KEY', '10.0.0.1', 22, true],
  ['m1 KEY', 'm1', 2222, true],
  ['[m1]:2222 KEY', 'm1', 2222, true],
  ['[m1]:2222 KEY', 'm1', 22, false],
  ['[m1]:2222 KEY', 'm1', 2223, false],
  ['*.example.com KEY', 'a.example.com', 22, true],
  ['*.example.com KEY', 'aexample.com', 22, false],
  ['m? KEY', 'm1', 22, true],
  ['m? KEY', 'm12', 22, false],
  ['m*,!m2 KEY', 'm2', 22, false],
  ['m*,!m2 KEY', 'm3', 22, true],
  ['!m2 KEY', 'm3', 22, false],
  ['@cert-authority * KEY', 'm1', 22, false],
  ['# m1 KEY', 'm1', 22, false],
  ['  m1   KEY comment words', 'm1', 22, true],
  ['m1 ssh-ed25519', 'm1', 22, false],
]
for (const [line, host, port, known] of names) {
  test(`${known ? 'knows' : 'does not know'} ${host} port ${port} by "${line}", as ssh-keygen does`, () => {
    write(`# comment\n\n${line.replace('KEY', keys.ed25519.line)}\n`)
    assert.is(check(host, port).accepts(keys.ed25519.blob), known)
    if (!line.startsWith('@') && !(port !== 22 && !line.startsWith('[')))
      assert.is(keygenFinds(host, port), known)
  })
}

for (const [host, port] of [
  ['m1', 22],
  ['m1', 2222],
  ['10.0.0.1', 22],
  ['fe80::1', 22],
] as const) {
  test(`knows ${host} port ${port} by a line that ssh-keygen has hashed`, () => {
    write(`${port === 22 ? host : `[${host}]:${port}`} ${keys.ed25519.line}\n`)
    execFileSync('ssh-keygen', ['-H', '-f', file], { stdio: 'ignore' })
    assert.match(readFileSync(file, 'utf8'), /^\|1\|/)
    assert.ok(check(host, port).accepts(keys.ed25519.blob))
    assert.not(check('m9', port).accepts(keys.ed25519.blob))
  })
}

test('names the fingerprint and the ways out when a host is unknown', () => {
  const { refusal } = refused('m1', 2222, 'ed25519')
  assert.match(refusal.message, 'node1 (m1:2222)')
  assert.match(refusal.message, keys.ed25519.fingerprint)
  assert.match(refusal.hint ?? '', '--accept-new-host-keys')
  assert.match(refusal.hint ?? '', `ssh-keyscan -p 2222 m1 >> ${file}`)
})

test('names the line that contradicts when a key has changed', () => {
  write(`m0 ${keys.rsa.line}\nm1 ${keys.other.line}\n`)
  for (const acceptNewHostKeys of [false, true]) {
    const { refusal } = refused('m1', 22, 'ed25519', acceptNewHostKeys)
    assert.match(refusal.message, 'has changed')
    assert.match(refusal.message, `${file}:2`)
    assert.match(refusal.message, keys.ed25519.fingerprint)
    assert.match(refusal.message, keys.other.fingerprint)
    assert.match(refusal.hint ?? '', `ssh-keygen -f ${file} -R 'm1'`)
  }
  assert.is(readFileSync(file, 'utf8').split('\n').length, 3)
})

test('takes a key of another type for a changed one', () => {
  write(`m1 ${keys.ecdsa.line}\n`)
  assert.match(refused('m1', 22, 'ed25519', true).refusal.message, 'has changed')
})

test('accepts any of several keys', () => {
  write(`m1 ${keys.other.line}\nm1 ${keys.rsa.line}\nm1 ${keys.ed25519.line}\n`)
  for (const type of ['rsa', 'ed25519', 'other'] as const) assert.ok(check('m1', 22).accepts(keys[type].blob))
})

test('refuses a revoked key even where it is listed', () => {
  write(`m1 ${keys.ed25519.line}\n@revoked * ${keys.ed25519.line}\n`)
  assert.match(refused('m1', 22, 'ed25519', true).refusal.message, `revoked by ${file}:2`)
})

test('asks for the key types that a host is known by', () => {
  write(`m1 ${keys.ecdsa.line}\nm2 ${keys.rsa.line}\nm3 ssh-dss AAAA\n`)
  assert.equal(check('m1', 22).preferredAlgorithms(), ['ecdsa-sha2-nistp256'])
  assert.equal(check('m2', 22).preferredAlgorithms(), ['rsa-sha2-512', 'rsa-sha2-256', 'ssh-rsa'])
  assert.equal(check('m3', 22).preferredAlgorithms(), [])
})

test('remembers a new host on request, so that ssh-keygen finds it', () => {
  assert.ok(check('m1', 2222, true).accepts(keys.ed25519.blob))
  assert.ok(check('m2', 22, true).accepts(keys.rsa.blob))
  assert.ok(check('m1', 2222).accepts(keys.ed25519.blob))
  assert.ok(keygenFinds('m1', 2222))
  assert.ok(keygenFinds('m2', 22))
  assert.is(statSync(file).mode & 0o777, 0o600)
  assert.is(statSync(join(dir, 'sub')).mode & 0o777, 0o700)
})

test('begins a new line when the file does not end with one', () => {
  write(`m1 ${keys.ed25519.line}`)
  check('m2', 22, true).accepts(keys.rsa.blob)
  assert.equal(
    readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.split(' ')[0]),
    ['m1', 'm2'],
  )
})

test('sees a line that was added while the program runs', () => {
  write(`m1 ${keys.ed25519.line}\n`)
  assert.not(check('m2', 22).accepts(keys.rsa.blob))
  appendFileSync(file, `m2 ${keys.rsa.line}\n`)
  assert.ok(check('m2', 22).accepts(keys.rsa.blob))
})

function check(host: string, port: number, acceptNewHostKeys = false): HostKeyCheck {
  return new HostKeyCheck(
    { transport: 'ssh', host, port },
    { name: 'node1', knownHostsFile: file, acceptNewHostKeys },
  )
}

function refused(host: string, port: number, type: KeyType, acceptNewHostKeys = false) {
  const hostKey = check(host, port, acceptNewHostKeys)
  assert.not(hostKey.accepts(keys[type].blob))
  const { refusal } = hostKey
  if (refusal === undefined) throw new Error('no reason was given')
  return { refusal }
}

function write(text: string): void {
  execFileSync('mkdir', ['-p', join(dir, 'sub')])
  writeFileSync(file, text)
}

function keygenFinds(host: string, port: number): boolean {
  const copy = join(dir, 'copy')
  copyFileSync(file, copy)
  try {
    return (
      execFileSync('ssh-keygen', ['-F', port === 22 ? host.toLowerCase() : `[${host}]:${port}`, '-f', copy], {
        stdio: 'pipe',
      }).length > 0
    )
  } catch {
    return false
  }
}

test.run()
