import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { UsageError } from '../../lib/errors.ts'
import { Secret } from '../../lib/secret.ts'
import { expandTokens } from '../../lib/transport/proxy-command.ts'
import { resolveConnections } from '../../lib/transport/resolve.ts'
import type { ConnectionSettings } from '../../lib/transport/settings.ts'
import { unknownSshOptions } from '../../lib/transport/ssh-arguments.ts'
import { applySshConfig } from '../../lib/transport/ssh-config.ts'

const test = suite('ssh config')
const dir = mkdtempSync(join(tmpdir(), 'quorate-ssh-config-'))
const file = join(dir, 'config')
const me = userInfo().username

test.before(() => {
  writeFileSync(
    file,
    `Host m1
  HostName 10.0.0.1
  User admin
  Port 2222
  IdentityFile /keys/m1
  IdentitiesOnly yes
  IdentityAgent none
  UserKnownHostsFile /known/a /known/b
  GlobalKnownHostsFile /known/c
  StrictHostKeyChecking accept-new
  HostKeyAlias m1.key
  ConnectTimeout 7
  AddressFamily inet
Host behind
  ProxyJump jo@bastion:2200,inner
Host bastion inner
  HostName %h.example
Host inner
  User ann
Host piped
  ProxyCommand nc %h %p
Host circle
  ProxyJump circle2
Host circle2
  ProxyJump circle
`,
  )
  chmodSync(file, 0o600)
})
test.after(() => rmSync(dir, { recursive: true }))

test('takes from the configuration what the inventory does not say', async () => {
  const { sshArguments, config, ...rest } = await resolved({ host: 'm1' })
  assert.equal(rest, { transport: 'ssh', host: '10.0.0.1', port: 2222, user: 'admin', timeoutSeconds: 7 })
  assert.equal(config, {
    identityFiles: ['/keys/m1'],
    identitiesOnly: true,
    knownHostsFiles: ['/known/a', '/known/b', '/known/c'],
    acceptNewHostKeys: true,
    identityAgent: 'none',
    hostKeyAlias: 'm1.key',
    family: 4,
  })
})

test('prefers what the inventory says', async () => {
  const own = { host: 'm1', port: 22, user: 'me', privateKeyFile: file, timeoutSeconds: 3 }
  const { port, user, timeoutSeconds, config } = await resolved(own)
  assert.equal({ port, user, timeoutSeconds }, { port: 22, user: 'me', timeoutSeconds: 3 })
  assert.equal(config?.identityFiles, [file, '/keys/m1'])
})

test('knows defaults of ssh for a host that the configuration does not name', async () => {
  const { host, port, user, config } = await resolved({ host: 'other' })
  assert.equal({ host, port, user }, { host: 'other', port: 22, user: me })
  assert.is(config?.acceptNewHostKeys, false)
  assert.is(config?.jump, undefined)
})

test('ansible_ssh_args win over the inventory, ansible_ssh_common_args do not', async () => {
  const sshArguments = { before: ['-o', 'User=first'], after: ['-o', 'User=last', '-o', 'Port=3'] }
  const { user, port } = await resolved({ host: 'x', user: 'middle', sshArguments })
  assert.equal({ user, port }, { user: 'first', port: 3 })
})

test('follows a chain of jump hosts, each with its own configuration', async () => {
  const { config } = await resolved({ host: 'behind' })
  const inner = config?.jump
  assert.equal([inner?.host, inner?.user, inner?.port], ['inner.example', 'ann', 22])
  const bastion = inner?.config?.jump
  assert.equal([bastion?.host, bastion?.user, bastion?.port], ['bastion.example', 'jo', 2200])
  assert.is(bastion?.config?.jump, undefined)
})

test('takes a jump host from the arguments, an IPv6 one too', async () => {
  const { config } = await resolved({
    host: 'x',
    sshArguments: { before: [], after: ['-J', 'a@[fd00::1]:2022'] },
  })
  assert.equal([config?.jump?.host, config?.jump?.user, config?.jump?.port], ['fd00::1', 'a', 2022])
})

test('takes a ProxyCommand, and expands its tokens as ssh does', async () => {
  const settings = await resolved({ host: 'piped' })
  assert.is(settings.config?.proxyCommand, 'nc %h %p')
  assert.is(expandTokens('nc %h %p %r 100%%', { ...settings, user: 'u' }), 'nc piped 22 u 100%')
})

test('all mistakes come at once, with their places', async () => {
  const broken = join(dir, 'broken')
  writeFileSync(broken, 'Host x\n  Prot 22\n')
  const settings = (host: string, ...after: string[]): [string, ConnectionSettings] => [
    host,
    { transport: 'ssh', host, sshArguments: { before: [], after } },
  ]
  const hosts = new Map([
    settings('a', '-F', broken),
    settings('b', '-F', broken),
    settings('c', '-F', '/dev/null', '-o', 'Port=x'),
    settings('circle', '-F', file),
  ])
  const error = await resolveConnections(hosts).catch((reason) => reason)
  assert.instance(error, UsageError)
  const lines = (error as UsageError).message.split('\n').filter((line) => !line.startsWith(' '))
  assert.is(lines.length, 3, error.message)
  assert.match(error.message, /broken:2: Bad configuration option: prot/)
  assert.match(error.message, /options for c: .*port/i)
  assert.match(error.message, /ProxyJump of circle2? leads back to itself/)
})

test("leaves certificates and hardware keys to the system's ssh", async () => {
  for (const name of ['certified', 'hardware', 'plain']) writeFileSync(join(dir, name), '')
  writeFileSync(join(dir, 'certified-cert.pub'), '')
  writeFileSync(join(dir, 'hardware.pub'), 'sk-ssh-ed25519@openssh.com AAAA')
  const none = { before: ['-F', '/dev/null'], after: [] }
  const of = (own: Partial<ConnectionSettings>) => ({ transport: 'ssh', host: 'h', ...own }) as const
  const key = (name: string) => of({ privateKeyFile: join(dir, name) })
  const hosts: Readonly<Record<string, ConnectionSettings>> = {
    certified: key('certified'),
    hardware: key('hardware'),
    configured: { ...key('certified'), sshArguments: none },
    option: of({ sshArguments: { ...none, after: ['-o', 'CertificateFile=/x'] } }),
    jump: of({ sshArguments: { before: ['-F', certifiedJump()], after: [] } }),
    plain: key('plain'),
    password: { ...key('certified'), password: new Secret('x') },
  }
  const settings = await resolveConnections(new Map(Object.entries(hosts)))
  for (const [name, { transport, host, config }] of settings) {
    assert.is(transport, ['plain', 'password'].includes(name) ? 'ssh' : 'openssh', name)
    if (transport === 'openssh') assert.equal([host, config], ['h', undefined])
  }
})

test('asks nothing for local hosts', async () => {
  const hosts = new Map<string, ConnectionSettings>([['x', { transport: 'local', host: 'x' }]])
  assert.equal(await resolveConnections(hosts), hosts)
})

const arguments_: [words: string, unknown: string[]][] = [
  ['-o ProxyJump=b -J b -oStrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -i k -F f', []],
  ['-C -4q -o ControlMaster=auto -o ControlPersist=60s -o Nothing=x', ['-o Nothing=x']],
  ['-o proxycommand=x -o Port=3 -l me -p 22', []],
  ['-o ForwardAgent=yes', ['-o ForwardAgent=yes']],
  ['-o Ciphers=aes128-ctr -L 1:2:3 -A host', ['-o Ciphers=aes128-ctr', '-L', '-A', 'host']],
]
for (const [words, unknown] of arguments_) {
  test(`of ${words} it cannot honour ${unknown.length === 0 ? 'nothing' : unknown.join(', ')}`, () => {
    assert.equal(unknownSshOptions(words.split(' ')), unknown)
  })
}

function certifiedJump(): string {
  const path = join(dir, 'certified-jump')
  writeFileSync(path, 'Host h\n  ProxyJump j\nHost j\n  CertificateFile /x\n')
  return path
}

function resolved(own: Partial<ConnectionSettings>): Promise<ConnectionSettings> {
  const { sshArguments } = own
  const before = ['-F', file, ...(sshArguments?.before ?? [])]
  return applySshConfig({
    transport: 'ssh',
    host: '',
    ...own,
    sshArguments: { before, after: sshArguments?.after ?? [] },
  })
}

test.run()
