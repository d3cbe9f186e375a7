import { spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Secret } from '../../lib/index.ts'
import { encryptionConfiguration } from '../../roles/kube-master/api-server-files.ts'
import { digestScript, otherKeyProblem } from '../../roles/kube-master/encryption-key.ts'
import { kubeMasterVars } from '../../roles/kube-master/vars.ts'
import { overlaps } from '../../roles/kubeadm/networks.ts'
import { versionProblem } from '../../roles/kubeadm/version.ts'

const GIVEN = {
  masters: [
    { name: 'm1', address: '10.0.0.1' },
    { name: 'm2', address: '10.0.0.2' },
  ],
  bundle: '/bundle',
  controlPlaneEndpoint: '10.0.0.100:8443',
  etcd: 'stacked',
}

function problems(given: object): string {
  const { error } = kubeMasterVars.safeParse({ ...GIVEN, ...given })
  return (error?.issues ?? [])
    .flatMap((issue) =>
      (issue.code === 'invalid_key' ? issue.issues : [issue]).map(({ message }) => ({
        path: issue.path,
        message,
      })),
    )
    .map(({ path, message }) => `${path.join('.')}: ${message}`)
    .join('\n')
}

test('the least that has to be said is enough', () => assert.is(problems({}), ''))

const wrong: readonly [string, object, RegExp][] = [
  [
    'a version that is too old',
    { version: 'v1.33.4' },
    /version: Kubernetes v1.33.4 is not supported: 1.34, 1.35, 1.36 are/,
  ],
  ['a version that is too new', { version: 'v1.37.0' }, /v1.37.0 is not supported/],
  ['what is no version', { version: '1.36' }, /'1.36' is no version of Kubernetes/],
  [
    'pods and Services in one network',
    { podSubnet: '10.96.0.0/16' },
    /podSubnet: podSubnet 10.96.0.0\/16 overlaps serviceSubnet 10.96.0.0\/12/,
  ],
  [
    'a master among the pods',
    { podSubnet: '10.0.0.0/16' },
    /podSubnet 10.0.0.0\/16 overlaps the address of m1 10.0.0.1/,
  ],
  [
    'a VIP among the Services',
    { serviceSubnet: '10.0.0.64/26' },
    /serviceSubnet 10.0.0.64\/26 overlaps controlPlaneEndpoint 10.0.0.100/,
  ],
  [
    'a worker among the pods',
    { otherHosts: [{ name: 'n1', address: '10.244.3.4' }] },
    /overlaps the address of n1/,
  ],
  [
    'a subnet that is no network',
    { podSubnet: '10.244.0.1/16' },
    /expected the first address of the network/,
  ],
  [
    'an endpoint without a port',
    { controlPlaneEndpoint: '10.0.0.100' },
    /controlPlaneEndpoint: expected address and port/,
  ],
  [
    'a name that no node can have',
    { masters: [{ name: 'M_1', address: '10.0.0.1' }] },
    /masters.0.name: expected a name that Kubernetes/,
  ],
  [
    'two masters at one address',
    { masters: [GIVEN.masters[0], { name: 'm2', address: '10.0.0.1' }] },
    /masters.1.address: two masters have the address 10.0.0.1/,
  ],
  ['a flag with its dashes', { apiServer: { extraArgs: { '--v': 2 } } }, /without its dashes/],
  [
    'a flag that follows from a variable',
    { apiServer: { extraArgs: { 'etcd-servers': 'x' } } },
    /etcd-servers: is set by the role itself/,
  ],
  [
    'etcd over plain http',
    { etcd: { endpoints: ['http://10.0.0.1:2379'], pkiDir: '/pki' } },
    /expected a client URL such as https|expected 'stacked'/,
  ],
  ['a variable that does not exist', { podSubnets: '10.244.0.0/16' }, /podSubnets/],
]

for (const [title, given, expected] of wrong) {
  test(`${title} is refused in the words of the field`, () => assert.match(problems(given), expected))
}

test('networks that touch do not overlap', () => {
  const pair = (left: string, right: string) =>
    overlaps([
      { name: 'a', cidr: left },
      { name: 'b', cidr: right },
    ]).length
  assert.is(pair('10.0.0.0/24', '10.0.1.0/24'), 0)
  assert.is(pair('10.0.0.0/23', '10.0.1.0/24'), 1)
  assert.is(pair('10.0.1.255', '10.0.1.0/24'), 1)
  assert.is(pair('192.168.0.0/16', '200.0.0.0/8'), 0)
})

test('every supported release is taken by name, whatever its patch', () => {
  for (const version of ['v1.34.0', 'v1.35.8', 'v1.36.2']) assert.is(versionProblem(version), undefined)
})

test('a key of encryption that is in use is neither changed nor left out', () => {
  const key = randomBytes(32).toString('base64')
  const used = createHash('sha256').update(`${key}\n`).digest('hex')
  assert.is(otherKeyProblem('', undefined), undefined)
  assert.is(otherKeyProblem('', key), undefined)
  assert.is(otherKeyProblem(used, new Secret(key)), undefined)
  assert.match(otherKeyProblem(used, randomBytes(32).toString('base64')) ?? '', /with another encryptionKey/)
  assert.match(otherKeyProblem(used, undefined) ?? '', /there is no encryptionKey/)
})

test('a key is known on a host by what the role itself has written', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'quorate-key-'))
  const key = randomBytes(32).toString('base64')
  const vars = kubeMasterVars.parse({ ...GIVEN, encryptionKey: key })
  writeFileSync(join(directory, 'encryption.yaml'), encryptionConfiguration(key).reveal())
  const { stdout } = spawnSync('sh', ['-c', digestScript(join(directory, 'encryption.yaml')).text])
  assert.is(otherKeyProblem(stdout.toString().trim(), vars.encryptionKey), undefined)
  rmSync(directory, { recursive: true })
})

test.run()
