import { execFileSync } from 'node:child_process'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { archiveReferences } from '../../lib/bundle/image-names.ts'
import type { Architecture } from '../../lib/bundle/index.ts'
import { pullImage } from '../../lib/bundle/pull-image.ts'
import { parseReference } from '../../lib/bundle/reference.ts'
import { writeTar } from '../../lib/bundle/tar-writer.ts'
import { failure } from '../helpers/failure.ts'
import { ReleaseServer, sha256 } from '../helpers/release-server.ts'
import { tinyImage } from '../helpers/tiny-image.ts'
import { publishImage, requireTokens } from '../helpers/tiny-registry.ts'

interface Context {
  directory: string
  server: ReleaseServer
}

const REFERENCE = 'registry.k8s.io/coredns/coredns:v1.14.2'
const ROOT = '/registry.k8s.io/v2/coredns/coredns'

const test = suite<Context>('images of a bundle')

test.before.each(async (context) => {
  context.directory = fs.mkdtempSync(join(tmpdir(), 'quorate-bundle-'))
  process.env.XDG_CACHE_HOME = join(context.directory, 'cache')
  context.server = await new ReleaseServer().start()
  publishImage(context.server, REFERENCE, {
    arm64: await tinyImage(context.directory, 'for arm', 'arm64'),
    amd64: await tinyImage(context.directory, 'for intel'),
  })
})
test.after.each(async ({ directory, server }) => {
  await server.stop()
  fs.rmSync(directory, { recursive: true, force: true })
  delete process.env.XDG_CACHE_HOME
})

async function pull(
  { directory, server }: Context,
  architecture: Architecture = 'amd64',
  reference = REFERENCE,
) {
  const path = join(directory, 'image.tar')
  await pullImage({ reference, architecture, path, mirrors: server.mirrors, attempts: 3, delay: 1 })
  return path
}

/** The file in the only layer of an archive. */
function contentOf(archive: string): string {
  const member = (name: string) => execFileSync('tar', ['-xOf', archive, name])
  const blob = (digest: string) => member(`blobs/sha256/${digest.replace('sha256:', '')}`)
  const index = JSON.parse(member('index.json').toString())
  const manifest = JSON.parse(blob(index.manifests[0].digest).toString())
  return execFileSync('tar', ['-xOf', '-', 'content'], { input: blob(manifest.layers[0].digest) }).toString()
}

for (const [architecture, content] of [
  ['amd64', 'for intel'],
  ['arm64', 'for arm'],
] as const) {
  test(`of a manifest list the image for ${architecture} is taken`, async (context) => {
    const archive = await pull(context, architecture)
    assert.is(contentOf(archive), content)
    assert.equal(await archiveReferences(archive), [REFERENCE])
  })
}

test('a token is fetched once for all of a repository', async (context) => {
  requireTokens(context.server)
  assert.is(contentOf(await pull(context)), 'for intel')
  const tokens = context.server.requests.filter((request) => request.startsWith('GET /token'))
  assert.equal(tokens, ['GET /token?service=test&scope=repository%3Acoredns%2Fcoredns%3Apull'])
})

test('an expired token is renewed', async (context) => {
  requireTokens(context.server)
  const { config } = await tinyImage(context.directory, 'for intel')
  context.server.misbehaveOnce(`${ROOT}/blobs/sha256:${sha256(config)}`, (_, response) => {
    const realm = `${context.server.origin}/token`
    const challenge = `Bearer realm="${realm}",scope="repository:coredns/coredns:pull"`
    response.writeHead(401, { 'www-authenticate': challenge }).end()
  })
  // Tried before the rule that asks for tokens.
  context.server.misbehaviours.reverse()
  assert.is(contentOf(await pull(context)), 'for intel')
  assert.is(context.server.requests.filter((request) => request.startsWith('GET /token')).length, 2)
})

test('a registry that wants a login is an error that says so', async (context) => {
  context.server.misbehaviours.push((_, response) => {
    response.writeHead(401, { 'www-authenticate': 'Basic realm="private"' }).end()
    return true
  })
  assert.match((await failure(pull(context))).message, 'HTTP 401 Unauthorized: it wants a login')
})

test('the same image makes the same archive, byte for byte', async (context) => {
  const first = fs.readFileSync(await pull(context))
  fs.rmSync(process.env.XDG_CACHE_HOME as string, { recursive: true })
  assert.is(sha256(fs.readFileSync(await pull(context))), sha256(first))
})

test('a layer that is in the cache is not fetched again', async (context) => {
  await pull(context)
  context.server.requests.length = 0
  await pull(context)
  assert.equal(
    context.server.requests.filter((request) => request.includes('/blobs/')),
    [],
  )
})

test('a layer whose connection breaks is resumed', async (context) => {
  const { layer } = await tinyImage(context.directory, 'for intel')
  const path = `${ROOT}/blobs/sha256:${sha256(layer)}`
  context.server.truncateOnce(path, 700)
  assert.is(contentOf(await pull(context)), 'for intel')
  assert.ok(context.server.requests.includes(`GET ${path} bytes=700-`))
})

test('a layer with another digest is an error, and no archive is written', async (context) => {
  const { layer } = await tinyImage(context.directory, 'for intel')
  context.server.files.set(`${ROOT}/blobs/sha256:${sha256(layer)}`, Buffer.from('other'))
  assert.match(
    (await failure(pull(context))).message,
    `has the sha256 ${sha256('other')}, expected ${sha256(layer)}`,
  )
  assert.not(fs.existsSync(join(context.directory, 'image.tar')))
})

test('a manifest with another digest than the list names is an error', async (context) => {
  const { manifest } = await tinyImage(context.directory, 'for intel')
  const other = (await tinyImage(context.directory, 'other')).manifest
  context.server.files.set(`${ROOT}/manifests/sha256:${sha256(manifest)}`, other)
  assert.is(
    (await failure(pull(context))).message,
    `the manifest of ${REFERENCE} has the digest sha256:${sha256(other)}, expected sha256:${sha256(manifest)}`,
  )
})

test('an architecture that the image has not got is refused, with those that it has', async (context) => {
  publishImage(context.server, REFERENCE, { s390x: await tinyImage(context.directory, 'x', 's390x') })
  const { message, hint } = await failure(pull(context))
  assert.is(message, `${REFERENCE} has no image for linux/amd64`)
  assert.is(hint, 'it has linux/s390x')
})

test('an image without a list is taken where it is built for the architecture', async (context) => {
  for (const architecture of ['amd64', 'arm64']) {
    const { config, layer, manifest } = await tinyImage(context.directory, 'plain', architecture)
    const put = (path: string, content: Buffer) => context.server.files.set(`${ROOT}/${path}`, content)
    for (const blob of [config, layer]) put(`blobs/sha256:${sha256(blob)}`, blob)
    put('manifests/v1.14.2', manifest)
    if (architecture === 'amd64') assert.is(contentOf(await pull(context)), 'plain')
    else {
      assert.is((await failure(pull(context))).message, `${REFERENCE} is built for arm64, not for amd64`)
    }
  }
})

test('a tag that the registry has not got is an error with the status', async (context) => {
  const { message } = await failure(pull(context, 'amd64', 'registry.k8s.io/coredns/coredns:v9'))
  assert.match(message, /coredns\/manifests\/v9: HTTP 404/)
})

const DIGEST = `sha256:${'0'.repeat(64)}`

for (const [reference, parts] of [
  ['registry.k8s.io/pause:3.10.2', ['registry.k8s.io', 'pause', '3.10.2']],
  ['ghcr.io/kube-vip/kube-vip:v1.2.2', ['ghcr.io', 'kube-vip/kube-vip', 'v1.2.2']],
  ['localhost:5000/a/b:1', ['localhost:5000', 'a/b', '1']],
  [`registry.k8s.io/pause:3.10.2@${DIGEST}`, ['registry.k8s.io', 'pause', DIGEST]],
  [`registry.k8s.io/pause@${DIGEST}`, ['registry.k8s.io', 'pause', DIGEST]],
] as const) {
  test(`${reference} is a full name`, () => {
    const { registry, repository, selector } = parseReference(reference)
    assert.equal([registry, repository, selector], [...parts])
  })
}

for (const reference of [
  'pause:3.10.2',
  'library/nginx:1',
  'registry.k8s.io/pause',
  'localhost:5000/pause',
  'registry.k8s.io/Pause:1',
  'registry.k8s.io/pause:',
  "registry.k8s.io/pause:1' x",
  'https://registry.k8s.io/pause:1',
]) {
  test(`${reference} is no full name`, () => {
    assert.throws(() => parseReference(reference), /is no full image name/)
  })
}

test('tar reads what was written, whatever its size', async ({ directory }) => {
  const path = join(directory, 'sizes.tar')
  const sizes = [0, 1, 511, 512, 513, 100_000]
  await writeTar(
    path,
    sizes.map((size) => ({ name: `d/${size}`, content: Buffer.alloc(size, 'x') })),
  )
  for (const size of sizes) {
    assert.is(execFileSync('tar', ['-xOf', path, `d/${size}`]).length, size)
  }
})

test.run()
