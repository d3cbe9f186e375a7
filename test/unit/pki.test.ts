import { execFileSync, spawn } from 'node:child_process'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  type CertificateRequest,
  certificateAuthority,
  inspectCertificate,
  issue,
} from '../../lib/pki/index.ts'
import { signCertificate } from '../../lib/pki/sign.ts'

const DAY = 86_400_000
const MEMBER: CertificateRequest = {
  commonName: 'm1',
  sans: { dns: ['m1', 'localhost'], ip: ['10.0.0.1', '127.0.0.1', '::1'] },
  usages: ['server', 'client'],
}
const made: string[] = []

function newDir(): string {
  const parent = mkdtempSync(join(tmpdir(), 'quorate-pki-'))
  made.push(parent)
  return join(parent, 'pki')
}

test.after(() => {
  for (const dir of made) rmSync(dir, { recursive: true, force: true })
})

function mode(path: string): number {
  return statSync(path).mode & 0o777
}

async function rejects(promise: Promise<unknown>, pattern: RegExp): Promise<void> {
  try {
    await promise
  } catch (error) {
    assert.match((error as Error).message, pattern)
    return
  }
  assert.unreachable(`should have been refused with ${pattern}`)
}

/** What openssl, which shares no code with us, thinks of a certificate. */
function opensslVerify(dir: string, cert: string, ...options: string[]): string {
  const path = join(dir, 'to-verify.crt')
  writeFileSync(path, cert)
  return execFileSync('openssl', [
    'verify',
    '-x509_strict',
    '-CAfile',
    join(dir, 'ca.crt'),
    ...options,
    path,
  ]).toString()
}

test('openssl accepts an issued certificate for both purposes, by name and by address', async () => {
  const dir = newDir()
  const { cert } = await issue(await certificateAuthority(dir, { commonName: 'etcd' }), 'm1', MEMBER)
  for (const purpose of ['sslserver', 'sslclient']) {
    assert.match(
      opensslVerify(dir, cert, '-purpose', purpose, '-verify_hostname', 'm1', '-verify_ip', '10.0.0.1'),
      /OK/,
    )
  }
})

test('openssl refuses a client certificate as a server', async () => {
  const dir = newDir()
  const request: CertificateRequest = { commonName: 'health', usages: ['client'] }
  const { cert } = await issue(await certificateAuthority(dir, { commonName: 'etcd' }), 'health', request)
  assert.match(opensslVerify(dir, cert, '-purpose', 'sslclient'), /OK/)
  assert.throws(() => opensslVerify(dir, cert, '-purpose', 'sslserver'))
})

test('an authority is P-256, valid for ten years, and may sign leaves only', async () => {
  const ca = await certificateAuthority(newDir(), { commonName: 'etcd of prod' })
  const certificate = new X509Certificate(ca.certificate)
  assert.is(certificate.ca, true)
  assert.is(certificate.publicKey.asymmetricKeyDetails?.namedCurve, 'prime256v1')
  assert.is(Math.round((Date.parse(certificate.validTo) - Date.now()) / DAY), 3650)
  assert.is(ca.commonName, 'etcd of prod')
  assert.is(ca.warning, undefined)
  const text = execFileSync('openssl', ['x509', '-noout', '-text'], { input: ca.certificate }).toString()
  assert.match(text, /pathlen:0/)
  assert.match(text, /Certificate Sign, CRL Sign/)
})

test('a certificate carries the names, usages and days that were asked for', async () => {
  const ca = await certificateAuthority(newDir(), { commonName: 'etcd' })
  const certificate = new X509Certificate((await issue(ca, 'm1', { ...MEMBER, days: 90 })).cert)
  assert.is(certificate.subject, 'CN=m1')
  assert.equal(certificate.subjectAltName?.split(', ').sort(), [
    'DNS:localhost',
    'DNS:m1',
    'IP Address:0:0:0:0:0:0:0:1',
    'IP Address:10.0.0.1',
    'IP Address:127.0.0.1',
  ])
  assert.equal(certificate.keyUsage, ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'])
  assert.is(Math.round((Date.parse(certificate.validTo) - Date.now()) / DAY), 90)
  assert.is(certificate.ca, false)
})

test('the directory is 0700, keys are 0600, and git ignores them', async () => {
  const dir = newDir()
  await issue(await certificateAuthority(dir, { commonName: 'etcd' }), 'm1', MEMBER)
  assert.is(mode(dir), 0o700)
  assert.is(mode(join(dir, 'ca.key')), 0o600)
  assert.is(mode(join(dir, 'm1.pem')), 0o600)
  assert.is(readFileSync(join(dir, '.gitignore'), 'utf8'), '*\n')
  assert.equal(readdirSync(dir).sort(), ['.gitignore', 'ca.crt', 'ca.key', 'm1.pem'])
})

test('a second run gets the same authority and certificate', async () => {
  const dir = newDir()
  const [ca, again] = [
    await certificateAuthority(dir, { commonName: 'etcd' }),
    await certificateAuthority(dir, { commonName: 'etcd' }),
  ]
  assert.is(again.certificate, ca.certificate)
  const first = await issue(ca, 'm1', MEMBER)
  const second = await issue(again, 'm1', MEMBER)
  assert.is(second.cert, first.cert)
  assert.is(second.key.reveal(), first.key.reveal())
  assert.ok(new X509Certificate(second.cert).checkPrivateKey(createPrivateKey(second.key.reveal())))
})

test('a key prints as stars', async () => {
  const { key } = await issue(await certificateAuthority(newDir(), { commonName: 'etcd' }), 'm1', MEMBER)
  assert.is(`${key} ${JSON.stringify({ key })}`, '*** {"key":"***"}')
})

const STALE: readonly { what: string; change: Partial<CertificateRequest>; reason: RegExp }[] = [
  {
    what: 'a name is new',
    change: { sans: { dns: ['m1', 'localhost', 'x'], ip: ['10.0.0.1'] } },
    reason: /^names are/,
  },
  {
    what: 'an address is gone',
    change: { sans: { dns: ['m1', 'localhost'], ip: [] } },
    reason: /^names are/,
  },
  { what: 'the common name differs', change: { commonName: 'm2' }, reason: /^common name is m1$/ },
  { what: 'a usage is too many', change: { usages: ['server'] }, reason: /^usages differ$/ },
  { what: 'it ends within renewBeforeDays', change: { renewBeforeDays: 400 }, reason: /^expires on 20/ },
]

for (const { what, change, reason } of STALE) {
  test(`a certificate is made anew where ${what}`, async () => {
    const ca = await certificateAuthority(newDir(), { commonName: 'etcd' })
    const before = await issue(ca, 'm1', MEMBER)
    assert.is(await inspectCertificate(ca, 'm1', MEMBER), 'ok')
    const request = { ...MEMBER, ...change }
    assert.match(await inspectCertificate(ca, 'm1', request), reason)
    const after = await issue(ca, 'm1', request)
    assert.is.not(after.cert, before.cert)
    assert.is.not(after.key.reveal(), before.key.reveal())
  })
}

test('the order and the spelling of names do not matter', async () => {
  const ca = await certificateAuthority(newDir(), { commonName: 'etcd' })
  await issue(ca, 'm1', MEMBER)
  const sans = { dns: ['localhost', 'm1'], ip: ['0:0:0:0:0:0:0:1', '127.0.0.1', '10.0.0.1'] }
  assert.is(await inspectCertificate(ca, 'm1', { ...MEMBER, sans }), 'ok')
})

test('a certificate of another authority of the same name is made anew', async () => {
  const [dir, other] = [newDir(), newDir()]
  await issue(await certificateAuthority(other, { commonName: 'etcd' }), 'm1', MEMBER)
  const ca = await certificateAuthority(dir, { commonName: 'etcd' })
  writeFileSync(join(dir, 'm1.pem'), readFileSync(join(other, 'm1.pem')), { mode: 0o600 })
  assert.is(await inspectCertificate(ca, 'm1', MEMBER), 'issued by another authority')
  assert.match(opensslVerify(dir, (await issue(ca, 'm1', MEMBER)).cert), /OK/)
})

const BROKEN: readonly { what: string; damage: (own: string, other: string) => string; reason: string }[] = [
  {
    what: 'with the key of another certificate',
    damage: (own, other) =>
      own.slice(0, own.indexOf('-----BEGIN PRIV')) + other.slice(other.indexOf('-----BEGIN PRIV')),
    reason: 'key does not match',
  },
  {
    what: 'whose key is cut off',
    damage: (own) => own.slice(0, own.indexOf('-----BEGIN PRIV') + 60),
    reason: 'key does not match',
  },
  { what: 'whose signature is wrong', damage: withWrongSignature, reason: 'issued by another authority' },
  { what: 'that is empty', damage: () => '', reason: 'unreadable' },
]

function withWrongSignature(pem: string): string {
  const [head = '', key = ''] = pem.split(/(?=-----BEGIN PRIVATE KEY-----)/)
  const der = Buffer.from(new X509Certificate(head).raw)
  const last = der.length - 1
  der[last] = (der[last] as number) ^ 1
  return `-----BEGIN CERTIFICATE-----\n${der.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n${key}`
}

for (const { what, damage, reason } of BROKEN) {
  test(`a file ${what} is replaced`, async () => {
    const dir = newDir()
    const ca = await certificateAuthority(dir, { commonName: 'etcd' })
    await issue(ca, 'm1', MEMBER)
    await issue(ca, 'm2', MEMBER)
    const path = join(dir, 'm1.pem')
    writeFileSync(path, damage(readFileSync(path, 'utf8'), readFileSync(join(dir, 'm2.pem'), 'utf8')))
    assert.is(await inspectCertificate(ca, 'm1', MEMBER), reason)
    await issue(ca, 'm1', MEMBER)
    assert.is(await inspectCertificate(ca, 'm1', MEMBER), 'ok')
  })
}

test('check mode writes nothing, and says what would be made', async () => {
  const dir = newDir()
  const ca = await certificateAuthority(dir, { commonName: 'etcd', check: true })
  assert.is(await inspectCertificate(ca, 'm1', MEMBER), 'missing')
  assert.match((await issue(ca, 'm1', MEMBER)).cert, /BEGIN CERTIFICATE/)
  assert.not.ok(existsSync(dir))
})

test('check mode uses the authority that is there', async () => {
  const dir = newDir()
  const { certificate } = await certificateAuthority(dir, { commonName: 'etcd' })
  const ca = await certificateAuthority(dir, { commonName: 'etcd', check: true })
  assert.is(ca.certificate, certificate)
  await issue(ca, 'm1', MEMBER)
  assert.not.ok(existsSync(join(dir, 'm1.pem')))
})

test('a directory that others can enter is refused', async () => {
  const dir = newDir()
  await certificateAuthority(dir, { commonName: 'etcd' })
  chmodSync(dir, 0o750)
  await rejects(certificateAuthority(dir, { commonName: 'etcd' }), /has mode 0750: private keys/)
})

test('a key that others can read is refused', async () => {
  const dir = newDir()
  await certificateAuthority(dir, { commonName: 'etcd' })
  chmodSync(join(dir, 'ca.key'), 0o644)
  await rejects(certificateAuthority(dir, { commonName: 'etcd' }), /ca\.key has mode 0644/)
})

test('a certificate whose authority key is lost is refused, not replaced', async () => {
  const dir = newDir()
  await certificateAuthority(dir, { commonName: 'etcd' })
  rmSync(join(dir, 'ca.key'))
  await rejects(certificateAuthority(dir, { commonName: 'etcd' }), /ca\.key is not: nothing can be signed/)
})

test('a run killed between key and certificate of the authority is finished by the next', async () => {
  const dir = newDir()
  await certificateAuthority(dir, { commonName: 'etcd' })
  const key = readFileSync(join(dir, 'ca.key'), 'utf8')
  rmSync(join(dir, 'ca.crt'))
  const ca = await certificateAuthority(dir, { commonName: 'etcd' })
  assert.is(ca.key.reveal(), key)
  assert.ok(new X509Certificate(ca.certificate).checkPrivateKey(createPrivateKey(key)))
})

test('an authority beside the key of another is refused', async () => {
  const [dir, other] = [newDir(), newDir()]
  await certificateAuthority(dir, { commonName: 'etcd' })
  await certificateAuthority(other, { commonName: 'etcd' })
  writeFileSync(join(dir, 'ca.key'), readFileSync(join(other, 'ca.key')))
  await rejects(certificateAuthority(dir, { commonName: 'etcd' }), /does not belong to the ca\.key/)
})

/** An authority with `days` left (none: it has ended). */
async function authorityWith(days: number): Promise<string> {
  const dir = newDir()
  const ca = await certificateAuthority(dir, { commonName: 'etcd' })
  const key = createPrivateKey(ca.key.reveal())
  const notAfter = new Date(Date.now() + days * DAY)
  const pem = await signCertificate({ subject: 'etcd', issuer: 'etcd', key, signingKey: key, notAfter })
  writeFileSync(join(dir, 'ca.crt'), pem)
  return dir
}

test('an authority that ends within a year says so', async () => {
  const ca = await certificateAuthority(await authorityWith(300.5), { commonName: 'etcd' })
  assert.match(ca.warning ?? '', /expires on 20\d\d-\d\d-\d\d, in 300 days/)
})

test('no certificate outlives its authority, and one that ends with it is kept', async () => {
  const ca = await certificateAuthority(await authorityWith(30), { commonName: 'etcd' })
  const { cert } = await issue(ca, 'm1', MEMBER)
  assert.is(new X509Certificate(cert).validTo, new X509Certificate(ca.certificate).validTo)
  assert.is(await inspectCertificate(ca, 'm1', MEMBER), 'ok')
})

test('an authority that has ended is refused', async () => {
  await rejects(certificateAuthority(await authorityWith(-0.02), { commonName: 'etcd' }), /expired on 20/)
})

const MALFORMED: readonly {
  what: string
  name?: string
  change: Partial<CertificateRequest>
  message: RegExp
}[] = [
  {
    what: 'a path as its name',
    name: '../m1',
    change: {},
    message: /"\.\.\/m1" cannot be a certificate's file name/,
  },
  { what: 'no common name', change: { commonName: '' }, message: /cannot be a common name/ },
  { what: 'no usage', change: { usages: [] }, message: /usages are empty/ },
  { what: 'a DNS name with a space', change: { sans: { dns: ['m 1'] } }, message: /"m 1" is not a DNS name/ },
  {
    what: 'an address that is none',
    change: { sans: { ip: ['10.0.0.256'] } },
    message: /"10\.0\.0\.256" is not an IP/,
  },
]

for (const { what, name = 'm1', change, message } of MALFORMED) {
  test(`a request with ${what} is refused`, async () => {
    const ca = await certificateAuthority(newDir(), { commonName: 'etcd' })
    await rejects(issue(ca, name, { ...MEMBER, ...change }), message)
  })
}

test('processes that make an authority at the same time end up with the same one', async () => {
  const dir = newDir()
  const code = `import { certificateAuthority } from './lib/pki/index.ts'
    const ca = await certificateAuthority(process.argv[1], { commonName: 'etcd' })
    process.stdout.write(ca.certificate + ca.key.reveal())`
  const outputs = await Promise.all(
    [1, 2, 3].map(async () => {
      const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code, dir])
      let output = ''
      for await (const chunk of child.stdout) output += chunk
      return output
    }),
  )
  assert.is(new Set(outputs).size, 1)
  assert.match(outputs[0] ?? '', /BEGIN CERTIFICATE[\s\S]*BEGIN PRIVATE KEY/)
})

test('what is there is checked without loading the X.509 library', async () => {
  const dir = newDir()
  await issue(await certificateAuthority(dir, { commonName: 'etcd' }), 'm1', MEMBER)
  const code = `import { certificateAuthority, issue } from './lib/pki/index.ts'
    const ca = await certificateAuthority(process.argv[1], { commonName: 'etcd' })
    await issue(ca, 'm1', ${JSON.stringify(MEMBER)})
    process.stdout.write(String(Reflect.getMetadata === undefined))`
  const output = execFileSync(process.execPath, [
    '--import',
    'tsx',
    '--input-type=module',
    '-e',
    code,
    dir,
  ]).toString()
  assert.is(output, 'true')
})

test.run()
