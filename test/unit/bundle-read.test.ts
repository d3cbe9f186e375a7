import { execFileSync } from 'node:child_process'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { binaryOf, formatMismatch, imagesOf, readBundle, verifyBundle } from '../../lib/bundle/index.ts'
import { QuorateError, UsageError } from '../../lib/errors.ts'
import { sha256 } from '../helpers/release-server.ts'

interface Context {
  root: string
  directory: string
}

const PAUSE = 'registry.k8s.io/pause:3.10.2'

/** The first bytes of a program for Linux. */
function elf(machine: number): Buffer {
  const header = Buffer.alloc(64)
  header.write('\x7fELF\x02\x01\x01', 'latin1')
  header.writeUInt16LE(machine, 18)
  return header
}

const AMD64 = elf(0x3e)

type Item = Record<string, unknown>

const item = (name: string, more: Item = {}): Item => ({
  kind: 'binary',
  name,
  version: 'v1.36.2',
  file: `bin/${name}`,
  sha256: sha256(AMD64),
  size: AMD64.length,
  ...more,
})
const pause = (more: Item = {}) =>
  item('pause', { kind: 'image', file: 'images/pause.tar', reference: PAUSE, ...more })

const test = suite<Context>('bundles')

test.before.each((context) => {
  context.root = fs.mkdtempSync(join(tmpdir(), 'quorate-bundle-'))
  context.directory = join(context.root, 'bundle')
  process.env.XDG_CACHE_HOME = join(context.root, 'cache')
})
test.after.each(({ root }) => {
  fs.rmSync(root, { recursive: true, force: true })
  delete process.env.XDG_CACHE_HOME
})

function write(directory: string, items: readonly Item[], more: Item = {}): void {
  fs.mkdirSync(directory, { recursive: true })
  for (const { file } of items) {
    const path = join(directory, String(file))
    fs.mkdirSync(dirname(path), { recursive: true })
    fs.writeFileSync(path, AMD64)
  }
  const manifest = { version: 1, kubernetes: 'v1.36.2', architecture: 'amd64', items, ...more }
  fs.writeFileSync(join(directory, 'manifest.json'), JSON.stringify(manifest))
}

async function problems(path: string): Promise<string[]> {
  try {
    await readBundle(path)
  } catch (error) {
    assert.instance(error, UsageError)
    return (error as UsageError).problems.map(({ message }) => message.replaceAll(path, '…'))
  }
  return []
}

test('a bundle tells where its binaries and images are', async ({ directory }) => {
  write(directory, [item('etcd'), item('kubeadm'), pause()])
  const bundle = await readBundle(directory)
  assert.is(bundle.kubernetes, 'v1.36.2')
  assert.is(bundle.architecture, 'amd64')
  assert.is(binaryOf(bundle, 'kubeadm').path, join(directory, 'bin/kubeadm'))
  assert.equal(
    imagesOf(bundle).map(({ reference, path }) => [reference, path]),
    [[PAUSE, join(directory, 'images/pause.tar')]],
  )
})

test('a binary and an image may have one name', async ({ directory }) => {
  write(directory, [item('etcd'), pause({ name: 'etcd' })])
  assert.equal(await problems(directory), [])
})

test('a binary that the bundle has not got is an error that names those it has', async ({ directory }) => {
  write(directory, [item('etcd'), item('kubeadm')])
  const bundle = await readBundle(directory)
  try {
    binaryOf(bundle, 'crictl')
    assert.unreachable()
  } catch (error) {
    assert.instance(error, QuorateError)
    assert.match((error as QuorateError).message, 'has no binary crictl')
    assert.match((error as QuorateError).hint ?? '', 'it has etcd, kubeadm')
  }
})

for (const [what, items, expected] of [
  [
    'a path that leaves the bundle',
    [item('a', { file: '../a' })],
    "items[0] (a) file: the path '../a' leaves",
  ],
  ['an absolute path', [item('a', { file: '/bin/a' })], "items[0] (a) file: the path '/bin/a' leaves"],
  ['a path through the bundle and out', [item('a', { file: 'b/../../a' })], 'leaves the bundle'],
  [
    'a digest that is none',
    [item('a', { sha256: 'abc' })],
    "items[0] (a) sha256: 'abc' is no sha256: 64 hex digits",
  ],
  [
    'two binaries of one name',
    [item('a'), item('a', { file: 'b' })],
    'items[1] (a): items[0] is binary a too',
  ],
  [
    'two items with one file',
    [item('a'), item('b', { file: 'bin/a' })],
    'items[1] (b): items[0] is file bin/a too',
  ],
  [
    'an image without a reference',
    [pause({ reference: undefined })],
    'items[0] (pause) reference: an image needs one',
  ],
  [
    'a binary with a reference',
    [item('a', { reference: PAUSE })],
    'items[0] (a) reference: an image needs one, and nothing else has one',
  ],
  ['a misspelt field', [item('a', { sha265: '' })], 'items[0] (a): Unrecognized key: "sha265"'],
] as const) {
  test(`${what} is refused`, async ({ directory }) => {
    write(directory, items)
    const found = await problems(directory)
    assert.is(found.length, 1)
    assert.match(found[0] as string, expected)
  })
}

for (const [field, value, expected] of [
  ['kubernetes', '1.36', "kubernetes: '1.36' is no Kubernetes version, such as v1.36.2"],
  ['architecture', 'x86', 'architecture: Invalid option: expected one of "amd64"|"arm64"'],
  ['version', 2, 'version: Invalid input: expected 1'],
] as const) {
  test(`a manifest with another ${field} is refused`, async ({ directory }) => {
    write(directory, [], { [field]: value })
    assert.equal(await problems(directory), [`…/manifest.json: ${expected}`])
  })
}

test('problems of the manifest and of the files are told together', async ({ directory }) => {
  const items = [item('a'), item('a', { sha256: 'x', file: '/a' }), item('gone')]
  write(directory, items, { kubernetes: '1.36' })
  fs.rmSync(join(directory, 'bin/gone'))
  assert.equal(await problems(directory), [
    "…/manifest.json: kubernetes: '1.36' is no Kubernetes version, such as v1.36.2",
    "…/manifest.json: items[1] (a) file: the path '/a' leaves the bundle; it must be relative, without '..'",
    "…/manifest.json: items[1] (a) sha256: 'x' is no sha256: 64 hex digits in lower case",
    '…/manifest.json: items[1] (a): items[0] is binary a too',
    '…/bin/gone (binary gone): the file is missing',
  ])
})

for (const json of ['null', '[]', '7', '{"items": 7}', '{"items": [null, 7]}']) {
  test(`the manifest ${json} is refused`, async ({ directory }) => {
    write(directory, [])
    fs.writeFileSync(join(directory, 'manifest.json'), json)
    assert.ok((await problems(directory)).length > 0)
  })
}

test('all that is wrong with the files is told at once', async ({ directory, root }) => {
  const names = ['missing', 'short', 'foreign', 'directory', 'elsewhere']
  write(directory, [...names.map((name) => item(name)), item('outside', { file: 'link/outside' }), pause()])
  const bin = (name: string) => join(directory, 'bin', name)
  fs.rmSync(bin('missing'))
  fs.truncateSync(bin('short'), 10)
  fs.writeFileSync(bin('foreign'), elf(0xb7))
  fs.rmSync(bin('directory'))
  fs.mkdirSync(bin('directory'))
  fs.renameSync(bin('elsewhere'), join(root, 'elsewhere'))
  fs.symlinkSync('../../elsewhere', bin('elsewhere'))
  fs.renameSync(join(directory, 'link'), join(root, 'link'))
  fs.symlinkSync('../link', join(directory, 'link'))
  assert.equal(await problems(directory), [
    '…/bin/missing (binary missing): the file is missing',
    '…/bin/short (binary short): has 10 bytes, the manifest says 64',
    '…/bin/foreign (binary foreign): is built for arm64, the bundle is for amd64',
    '…/bin/directory (binary directory): is no regular file',
    '…/bin/elsewhere (binary elsewhere): is no regular file',
    '…/link/outside (binary outside): lies outside …',
  ])
})

test('a directory without a manifest is no bundle', async ({ root }) => {
  assert.equal(await problems(root), [
    '…/manifest.json is missing: its directory is no bundle, or only a part of one',
  ])
})

test('a bundle that is not there is refused', async ({ directory }) => {
  assert.equal(await problems(directory), ['there is no bundle …'])
})

test('a manifest that is no JSON is refused', async ({ directory }) => {
  write(directory, [])
  fs.writeFileSync(join(directory, 'manifest.json'), '{')
  assert.match((await problems(directory))[0] as string, /^…\/manifest.json is no JSON: /)
})

for (const [what, args] of [
  ['with the bundle at its top', ['-C', 'bundle', '.']],
  ['that holds the directory of the bundle', ['bundle']],
] as const) {
  test(`a tar ${what} is unpacked, once`, async ({ root, directory }) => {
    write(directory, [item('kubeadm'), pause()])
    const archive = join(root, 'bundle.tar.gz')
    execFileSync('tar', ['-czf', archive, ...args], { cwd: root })
    const bundle = await readBundle(archive)
    assert.ok(bundle.directory.startsWith(join(root, 'cache')))
    assert.is(fs.readFileSync(binaryOf(bundle, 'kubeadm').path).compare(AMD64), 0)
    const before = fs.statSync(bundle.directory).ctimeMs
    assert.is(fs.statSync((await readBundle(archive)).directory).ctimeMs, before)
  })
}

test('a tar of something else is refused, and nothing of it is kept', async ({ root }) => {
  const archive = join(root, 'other.tar')
  fs.writeFileSync(join(root, 'readme'), 'hello')
  execFileSync('tar', ['-cf', archive, 'readme'], { cwd: root })
  await readBundle(archive).then(
    () => assert.unreachable(),
    (error) => assert.is(error.message, `${archive}: holds no bundle: manifest.json is missing`),
  )
  assert.equal(fs.readdirSync(join(root, 'cache/quorate/artifacts')), [])
})

test('a file that is no tar is refused', async ({ root }) => {
  const archive = join(root, 'junk.tar')
  fs.writeFileSync(archive, 'junk')
  await readBundle(archive).then(
    () => assert.unreachable(),
    (error) => assert.match(error.message, `cannot unpack the bundle ${archive}: tar: `),
  )
})

test('verify names every file that has another content, with both digests', async ({ directory }) => {
  write(directory, [item('kubeadm'), item('kubelet'), pause()])
  const bundle = await readBundle(directory)
  assert.equal(await verifyBundle(bundle), [])
  const other = Buffer.alloc(AMD64.length)
  fs.writeFileSync(join(directory, 'bin/kubelet'), other)
  assert.equal((await verifyBundle(bundle)).map(formatMismatch), [
    `${directory}/bin/kubelet: sha256 is ${sha256(other)}, the manifest says ${sha256(AMD64)}`,
  ])
})

test.run()
