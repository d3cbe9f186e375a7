import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateX25519Identity } from 'age-encryption'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { QuorateError, UsageError } from '../../lib/errors.ts'
import { evaluateInventory, readExtraVars } from '../../lib/inventory/index.ts'
import type { Variable } from '../../lib/inventory/types.ts'
import { Secret } from '../../lib/secret.ts'
import { encryptAge } from '../../lib/vault/age.ts'
import { parseSecretsCommand, runSecretsCommand } from '../../lib/vault/command.ts'
import { decryptVault, encryptVault, parseVaultText } from '../../lib/vault/format.ts'
import { useKeychain } from '../../lib/vault/keychain.ts'
import { readVaultPasswords } from '../../lib/vault/passwords.ts'
import { type Files, hostOf, load, loadFiles } from '../helpers/inventory-files.ts'

// Written by the real ansible-vault; the password is "sesame".
const PLAIN = 'db_password: hunter22\nport: 5432\nurl: "{{ host }}/x"\n'
const VERSION_1_1 = `$ANSIBLE_VAULT;1.1;AES256
64653038396563613535656438366135303934313936313064343665333964616136393237623331
3435656431306465303734646431343663393531316138640a663937656632333566383036653335
36333363363164623462336234306461653938333434303962653332646539613666633431633739
6139323436333435330a663339306161353336653131356336393165343632306166326232376432
66306430626535653562343936623236393739626666333832656138386433376232353137306364
39646261336238373364313966336139366635353634333139643534373534633563636433643961
613138663832366337666134656161313036
`
const VERSION_1_2 = `$ANSIBLE_VAULT;1.2;AES256;prod
33393262666463366431393963643332313033306537636265326534626164663634663565653733
3337656461623337656565623762396237623139313337630a666130626637303935366431616333
64356431353066313661363563333562363133646264393966373235636462383334363035663666
3666636366313637640a656430323366613034306262393037396632303762633533363031383538
65313330323333623636353730333961616665613936356364313736653637626239653332653234
64663632663162383431326633613462353434666630376365346637383230356335623239613162
356633373466653634303962386634346639
`

const folder = mkdtempSync(join(tmpdir(), 'quorate-vault-'))
const { VISUAL, EDITOR, ANSIBLE_VAULT_PASSWORD_FILE } = process.env
const NONE = { vaultIds: [], vaultPasswordFiles: [], askVaultPass: false, ageIdentities: [] }

test.before.each(() => {
  for (const name of ['VISUAL', 'EDITOR', 'ANSIBLE_VAULT_PASSWORD_FILE']) delete process.env[name]
  useKeychain({ passwords: [], ageIdentities: [] })
})
test.after(() => {
  rmSync(folder, { recursive: true })
  for (const [name, value] of Object.entries({ VISUAL, EDITOR, ANSIBLE_VAULT_PASSWORD_FILE })) {
    if (value !== undefined) process.env[name] = value
  }
})

/** The text of a variable that has to be a secret. */
function revealed(vars: ReadonlyMap<string, Variable>, name: string): string {
  const value = vars.get(name)?.value
  if (!(value instanceof Secret)) throw new Error(`${name} is no secret`)
  return value.reveal()
}

function write(name: string, text: string, mode = 0o600): string {
  const path = join(folder, name)
  writeFileSync(path, text, { mode })
  chmodSync(path, mode)
  return path
}

function useWords(...words: readonly string[]): void {
  useKeychain({
    passwords: words.map((word) => {
      const [label = '', password = ''] = word.split('=')
      return { label, password: new Secret(password) }
    }),
    ageIdentities: [],
  })
}

async function never(): Promise<Secret> {
  throw new Error('nothing may be asked')
}

async function secrets(...args: string[]): Promise<string> {
  return runSecretsCommand(parseSecretsCommand(args), never)
}

async function errorOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  assert.instance(error, QuorateError)
  return (error as Error).message
}

for (const [name, text, label] of [
  ['1.1', VERSION_1_1, undefined],
  ['1.2', VERSION_1_2, 'prod'],
  ['1.1 with the line ends of Windows', VERSION_1_1.replaceAll('\n', '\r\n'), undefined],
] as const) {
  test(`what ansible-vault wrote is read: ${name}`, () => {
    const vault = parseVaultText(text)
    assert.is(vault?.label, label)
    assert.is(vault && decryptVault(vault, 'sesame'), PLAIN)
    assert.is(vault && decryptVault(vault, 'Sesame'), undefined)
  })
}

test('texts of every length come back as they were', () => {
  for (let length = 0; length <= 33; length++) {
    const plain = 'ü'.repeat(length)
    const vault = parseVaultText(encryptVault(plain, 'pw', 'a b'))
    assert.is(vault && decryptVault(vault, 'pw'), plain)
    assert.is(vault?.label, 'a b')
  }
})

test('a changed byte is noticed, and what is no vault is none', () => {
  const at = VERSION_1_1.length - 40
  const other = VERSION_1_1[at] === '0' ? '1' : '0'
  const vault = parseVaultText(VERSION_1_1.slice(0, at) + other + VERSION_1_1.slice(at + 1))
  assert.is(vault && decryptVault(vault, 'sesame'), undefined)
  for (const text of [
    '',
    'a: 1',
    '$ANSIBLE_VAULT;1.0;AES\n3132',
    '$ANSIBLE_VAULT;1.1;AES256\nzz',
    '$ANSIBLE_VAULT;1.1;AES256\n3132',
  ]) {
    assert.is(parseVaultText(text), undefined, text)
  }
})

const FILES: Files = {
  'group_vars/all/main.yml': 'host: db.example\nwhole: "{{ db_password }}"\n',
  'group_vars/all/vault.yml': VERSION_1_2,
}

test('an encrypted variables file is read, its texts are secret, its numbers are numbers', async () => {
  useWords('other=no', 'prod=sesame')
  const { vars } = hostOf(await evaluateInventory(await load('[all]\nm1\n', FILES)), 'm1')
  const value = (name: string) => vars.get(name)?.value
  for (const [name, plain] of [
    ['db_password', 'hunter22'],
    ['url', 'db.example/x'],
    ['whole', 'hunter22'],
  ] as const) {
    const secret = value(name)
    assert.instance(secret, Secret, name)
    assert.is((secret as Secret).reveal(), plain)
  }
  assert.is(value('port'), 5432)
})

const ENCRYPTED_INI = encryptVault(
  '[g]\nm1 db_pass=hunter2 n=1 address=hidden.example\n[g:vars]\nword=hush\n',
  'sesame',
)
const ENCRYPTED_YAML = encryptVault(
  'g:\n  hosts:\n    m1: {n: 1, address: hidden.example}\n  vars: {word: hush}\n',
  'sesame',
)

for (const [name, text] of [
  ['hosts.ini', ENCRYPTED_INI],
  ['hosts.yml', ENCRYPTED_YAML],
  ['hosts', ENCRYPTED_YAML],
] as const) {
  test(`an inventory that is encrypted as a whole: ${name}`, async () => {
    useWords('default=sesame')
    const { vars } = hostOf(await loadFiles({ [name]: text }, [name]), 'm1')
    assert.is(revealed(vars, 'address'), 'hidden.example')
    assert.is(revealed(vars, 'word'), 'hush')
    assert.is(vars.get('n')?.value, 1)
    useWords('default=wrong')
    assert.match(
      await errorOf(loadFiles({ [name]: text }, [name])),
      `${name}:1: it is encrypted with another`,
    )
  })
}

test('what is wrong within an encrypted inventory is not shown, only its line', async () => {
  useWords('default=sesame')
  const text = encryptVault('m1 a=1\nm2 pass=hunter 22\n[all:children]\nnowhere\n', 'sesame')
  const message = await errorOf(loadFiles({ 'hosts.ini': text }, ['hosts.ini']))
  assert.match(message, 'line 2 of what is encrypted here is wrong; it is not shown')
  assert.match(message, 'line 4 of what is encrypted here')
  assert.not.match(message, /hunter|22\b|nowhere/)
})

test('what is read after an encrypted inventory is not secret', async () => {
  useWords('default=sesame')
  const files = { 'a.ini': ENCRYPTED_INI, 'b.ini': 'm1 city=Ulm\n' }
  assert.is(hostOf(await loadFiles(files, ['a.ini', 'b.ini']), 'm1').vars.get('city')?.value, 'Ulm')
})

test('without the password, or with another one, the error names the file and the id', async () => {
  assert.match(
    await errorOf(load('[all]\nm1\n', FILES)),
    /all\/vault\.yml:1: it \(vault id prod\) is encrypted, and there is no vault password/,
  )
  useWords('prod=wrong')
  const message = await errorOf(load('[all]\nm1\n', FILES))
  assert.match(
    message,
    /all\/vault\.yml:1: it \(vault id prod\) is encrypted with another password than those given \(vault ids: prod\)/,
  )
  assert.not.match(message, 'wrong')
})

test('a !vault value is opened when it is read, and only then', async () => {
  const text = encryptVault('s3cret {{ host }}', 'sesame').trim().replaceAll('\n', '\n    ')
  const yaml = `host: h\nkey: !vault |\n    ${text}\nother: !vault |\n    ${encryptVault('x', 'lost').trim().replaceAll('\n', '\n    ')}\ndict: {a: [{key: "{{ key }}"}]}\n`
  useWords('default=sesame')
  const { vars } = hostOf(
    await evaluateInventory(await load('[all]\nm1\n', { 'group_vars/all.yml': yaml })),
    'm1',
  )
  assert.is(revealed(vars, 'key'), 's3cret h')
  const dict = vars.get('dict')?.value as unknown as { a: { key: Secret }[] } | undefined
  assert.is(dict?.a[0]?.key.reveal(), 's3cret h')
  assert.throws(
    () => vars.get('other')?.value,
    /all\.yml:\d+:1: other: it is encrypted with another password/,
  )
})

test('-e @file may be encrypted', async () => {
  const file = write('extra.yml', VERSION_1_1)
  useWords('default=sesame')
  assert.is(revealed(await readExtraVars([`@${file}`]), 'db_password'), 'hunter22')
})

test('passwords come from files, programs and clients, by label and in order', async () => {
  const file = write('pw', 'from file\n')
  const program = write('pw.sh', '#!/bin/sh\necho "from program $#"\n', 0o700)
  const client = write('pw-client.sh', '#!/bin/sh\necho "$1 $2"\n', 0o700)
  const asked: string[] = []
  const passwords = await readVaultPasswords(
    {
      ...NONE,
      vaultIds: [`a@${file}`, `b@${client}`, 'c@prompt', program],
      vaultPasswordFiles: [file],
      askVaultPass: true,
    },
    async (question) => {
      asked.push(question)
      return new Secret('typed')
    },
  )
  assert.equal(
    passwords.map(({ label, password }) => `${label}: ${password.reveal()}`),
    [
      'a: from file',
      'b: --vault-id b',
      'c: typed',
      'default: from program 0',
      'default: from file',
      'default: typed',
    ],
  )
  assert.equal(asked, ['Vault password (c): ', 'Vault password: '])
})

test('ANSIBLE_VAULT_PASSWORD_FILE counts where no flag says otherwise', async () => {
  process.env.ANSIBLE_VAULT_PASSWORD_FILE = write('env-pw', 'from environment')
  const words = async (vaultPasswordFiles: string[]) =>
    (await readVaultPasswords({ ...NONE, vaultPasswordFiles }, never)).map(({ password }) =>
      password.reveal(),
    )
  assert.equal(await words([]), ['from environment'])
  assert.equal(await words([write('flag-pw', 'from flag')]), ['from flag'])
})

test('password files that cannot be read are told all at once', async () => {
  const sources = {
    ...NONE,
    vaultPasswordFiles: ['/no/such', write('empty', '\n'), write('bad.sh', '#!/bin/sh\nexit 7\n', 0o700)],
  }
  const error = await readVaultPasswords(sources, never).catch((reason: unknown) => reason)
  assert.instance(error, UsageError)
  assert.match(
    (error as Error).message,
    /\/no\/such cannot be read: ENOENT\n.*empty gives an empty password\n.*bad\.sh cannot be read: it ended with 7/,
  )
})

test('files of age are read with the right identity', async () => {
  const identity = write('id.txt', `# mine\n${await generateX25519Identity()}\n`)
  const stranger = write('id2.txt', await generateX25519Identity())
  const files = { 'group_vars/all.yml': await encryptAge('db_password: hunter22\n', [identity]) }
  assert.match(
    await errorOf(load('[all]\nm1\n', files)),
    /all\.yml:1: it is encrypted with age, and there is no identity/,
  )
  useKeychain({ passwords: [], ageIdentities: [stranger] })
  assert.match(await errorOf(load('[all]\nm1\n', files)), /for none of the identities given/)
  useKeychain({ passwords: [], ageIdentities: [stranger, identity] })
  assert.is(revealed(hostOf(await load('[all]\nm1\n', files), 'm1').vars, 'db_password'), 'hunter22')
})

test('npm run secrets: encrypt, view, edit, rekey, decrypt', async () => {
  const [pw, pw2] = [write('pw1', 'one'), write('pw2', 'two')]
  const file = write('vars.yml', 'a: 1\n', 0o640)
  const key = ['--vault-password-file', pw]
  await secrets('encrypt', file, ...key)
  assert.match(readFileSync(file, 'utf8'), /^\$ANSIBLE_VAULT;1\.1;AES256\n/)
  assert.is(statSync(file).mode & 0o777, 0o640)
  assert.match(await errorOf(secrets('encrypt', file, ...key)), /is encrypted already/)
  assert.is(await secrets('view', file, ...key), 'a: 1\n')
  process.env.EDITOR = write(
    'editor.sh',
    '#!/bin/sh\nstat -c %a "$2" >"$1"; echo "$2" >>"$1"; echo "b: 2" >>"$2"\n',
    0o700,
  )
  process.env.EDITOR += ` ${join(folder, 'seen')}`
  await secrets('edit', file, ...key)
  assert.is(await secrets('view', file, ...key), 'a: 1\nb: 2\n')
  const [mode, path] = readFileSync(join(folder, 'seen'), 'utf8').split('\n')
  assert.is(mode, '600')
  assert.match(path ?? '', /\.yml$/)
  assert.is(existsSync(join(path ?? '', '..')), false)
  await secrets('rekey', file, ...key, '--new-vault-password-file', pw2)
  assert.match(
    await errorOf(secrets('view', file, ...key)),
    /vars\.yml: it is encrypted with another password/,
  )
  await secrets('decrypt', file, '--vault-password-file', pw2)
  assert.is(readFileSync(file, 'utf8'), 'a: 1\nb: 2\n')
  assert.equal(
    readdirSync(folder).filter((name) => name.endsWith('.tmp')),
    [],
  )
})

test('edit makes a new file, keeps the label, and leaves what an editor gave up as it was', async () => {
  const pw = write('pw3', 'three')
  const file = join(folder, 'new.yml')
  process.env.EDITOR = write('editor2.sh', '#!/bin/sh\necho "c: 3" >>"$1"\n', 0o700)
  await secrets('edit', file, '--vault-id', `prod@${pw}`)
  assert.match(readFileSync(file, 'utf8'), /^\$ANSIBLE_VAULT;1\.2;AES256;prod\n/)
  assert.is(statSync(file).mode & 0o777, 0o600)
  const before = readFileSync(file, 'utf8')
  process.env.EDITOR = 'false'
  assert.match(
    await errorOf(secrets('edit', file, '--vault-id', `prod@${pw}`)),
    /the editor false ended with 1/,
  )
  process.env.EDITOR = 'true'
  assert.match(await secrets('edit', file, '--vault-id', `prod@${pw}`), /is as it was/)
  assert.is(readFileSync(file, 'utf8'), before)
  assert.match(await errorOf(secrets('edit', join(folder, 'other.yml'))), /there is no key to encrypt with/)
})

test('edit works with age', async () => {
  const identity = write('id3.txt', await generateX25519Identity())
  const file = join(folder, 'age.yml')
  process.env.EDITOR = write('editor3.sh', '#!/bin/sh\necho "d: 4" >>"$1"\n', 0o700)
  await secrets('edit', file, '--age-identity', identity)
  await secrets('edit', file, '--age-identity', identity)
  assert.match(readFileSync(file, 'utf8'), /^-----BEGIN AGE ENCRYPTED FILE-----/)
  assert.is(await secrets('view', file, '--age-identity', identity), 'd: 4\nd: 4\n')
})

for (const [args, pattern] of [
  [['edti', 'x'], /there is no command 'edti'\n.*did you mean edit\?/],
  [['edit'], /edit needs a file/],
  [['view', 'x', 'y'], /'y' is one argument too many/],
  [['view', 'x', '--vault-pasword-file', 'y'], /there is no option --vault-pasword-file/],
  [['view', 'x', '--vault-id'], /--vault-id needs a value/],
] as const) {
  test(`secrets ${args.join(' ')} is refused`, () => {
    assert.throws(
      () => parseSecretsCommand(args),
      (error: Error) => pattern.test(error.message),
    )
  })
}

mkdirSync(folder, { recursive: true })
test.run()
