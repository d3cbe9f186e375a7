import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import * as fs from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { cacheDirectory } from '../../lib/fetch/cache.ts'
import { archiveMember, localArtifact } from '../../lib/resources/artifact-cache.ts'
import { failure } from '../helpers/failure.ts'

interface Context {
  directory: string
  server: Server
  url: string
  /** Paths that were asked for. */
  requests: string[]
}

const BINARY = Buffer.alloc(200_000, 'binary\0')
const sha256 = (content: Buffer) => createHash('sha256').update(content).digest('hex')
const SHA = sha256(BINARY)

const test = suite<Context>('artifacts on the control machine')

test.before.each(async (context) => {
  context.directory = fs.mkdtempSync(join(tmpdir(), 'quorate-artifact-'))
  process.env.XDG_CACHE_HOME = join(context.directory, 'cache')
  context.requests = []
  context.server = createServer((request, response) => {
    context.requests.push(request.url ?? '')
    answer(request, response)
  })
  await new Promise<void>((resolve) => context.server.listen(0, '127.0.0.1', resolve))
  context.url = `http://127.0.0.1:${(context.server.address() as AddressInfo).port}`
})
test.after.each(async ({ directory, server }) => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  fs.rmSync(directory, { recursive: true, force: true })
  delete process.env.XDG_CACHE_HOME
})

function answer({ url = '', headers }: IncomingMessage, response: ServerResponse): void {
  if (url.startsWith('/moved')) response.writeHead(302, { location: '/good' }).end()
  else if (url.startsWith('/good')) response.end(BINARY)
  else if (url === '/private' && headers.authorization === `Basic ${btoa('us@er:hunter2')}`)
    response.end(BINARY)
  else if (url.startsWith('/other')) response.end('other')
  else if (url.startsWith('/truncated')) {
    response.writeHead(200, { 'content-length': BINARY.length })
    response.write(BINARY.subarray(0, 1000), () => response.destroy())
  } else response.writeHead(404).end('no such thing')
}

const cached = () => (fs.existsSync(cacheDirectory()) ? fs.readdirSync(cacheDirectory()) : [])

test('a download is kept under its digest, for its owner alone', async ({ url }) => {
  const { path, sha256, size } = await localArtifact({ url: `${url}/good`, sha256: SHA })
  assert.equal({ sha256, size }, { sha256: SHA, size: BINARY.length })
  assert.ok(fs.readFileSync(path).equals(BINARY))
  assert.equal(cached(), [SHA])
  assert.is(fs.statSync(cacheDirectory()).mode & 0o777, 0o700)
})

test('a redirect is followed', async ({ url }) => {
  assert.is((await localArtifact({ url: `${url}/moved`, sha256: SHA })).size, BINARY.length)
})

test('many hosts at once cause one download', async ({ url, requests }) => {
  await Promise.all(Array.from({ length: 10 }, () => localArtifact({ url: `${url}/good`, sha256: SHA })))
  assert.equal(requests, ['/good'])
})

test('what another run has put into the cache is not fetched', async ({ url, requests }) => {
  fs.mkdirSync(cacheDirectory(), { recursive: true })
  fs.writeFileSync(join(cacheDirectory(), SHA), BINARY)
  await localArtifact({ url: `${url}/good?cached`, sha256: SHA })
  assert.equal(requests, [])
})

test('a cached file that was damaged is fetched again', async ({ url }) => {
  fs.mkdirSync(cacheDirectory(), { recursive: true })
  fs.writeFileSync(join(cacheDirectory(), SHA), 'damaged')
  const { path } = await localArtifact({ url: `${url}/good`, sha256: SHA })
  assert.ok(fs.readFileSync(path).equals(BINARY))
})

test('another checksum names both, and nothing is kept', async ({ url }) => {
  const { message } = await failure(localArtifact({ url: `${url}/other`, sha256: SHA }))
  assert.match(message, `has the sha256 ${sha256(Buffer.from('other'))}, expected ${SHA}`)
  assert.equal(cached(), [])
})

test('a truncated download is an error, and is not taken for the whole', async ({ url }) => {
  const truncated = localArtifact({ url: `${url}/truncated`, sha256: SHA }, { attempts: 1 })
  assert.match((await failure(truncated)).message, /cannot fetch .*\/truncated: /)
  assert.not.ok(cached().includes(SHA))
  const { path } = await localArtifact({ url: `${url}/good`, sha256: SHA })
  assert.ok(fs.readFileSync(path).equals(BINARY))
  assert.equal(cached(), [SHA])
})

test('a missing page is an error that tells the status', async ({ url }) => {
  assert.match(
    (await failure(localArtifact({ url: `${url}/none`, sha256: SHA }))).message,
    /cannot fetch .*\/none: HTTP 404/,
  )
  assert.equal(cached(), [])
})

test('a server that is not there is an error that tells why', async ({ url, server }) => {
  await new Promise((resolve) => server.close(resolve))
  assert.match((await failure(localArtifact({ url: `${url}/good`, sha256: SHA }))).message, /ECONNREFUSED/)
})

test('a failed download is tried again by who asks later', async ({ url, requests }) => {
  await failure(localArtifact({ url: `${url}/none`, sha256: SHA }))
  await failure(localArtifact({ url: `${url}/none`, sha256: SHA }))
  assert.equal(requests, ['/none', '/none'])
})

test('the password in a URL is given to the server', async ({ url }) => {
  await localArtifact({ url: `${url.replace('//', '//us%40er:hunter2@')}/private`, sha256: SHA })
})

test('passwords and tokens of a URL are in no error', async ({ url }) => {
  const secret = `${url.replace('//', '//user:hunter2@')}/none?token=hunter3`
  const error = await failure(localArtifact({ url: secret, sha256: SHA }))
  assert.not.match(`${error.message} ${error.hint}`, /hunter/)
})

test('a file of the control machine is used where it is', async ({ directory }) => {
  const path = join(directory, 'x')
  fs.writeFileSync(path, BINARY)
  assert.is((await localArtifact({ path, sha256: SHA })).path, path)
  fs.writeFileSync(path, 'other')
  assert.match(
    (await failure(localArtifact({ path: `${directory}/./x`, sha256: SHA }))).message,
    `expected ${SHA}`,
  )
  assert.match((await failure(localArtifact({ path: `${path}y`, sha256: SHA }))).message, /cannot read .*xy/)
})

/** An archive with a file, a directory and a symlink. */
function makeArchive(directory: string) {
  fs.mkdirSync(join(directory, 'x-1.0/sub dir'), { recursive: true })
  fs.writeFileSync(join(directory, 'x-1.0/tool'), BINARY)
  fs.writeFileSync(join(directory, 'x-1.0/sub dir/other'), 'other')
  fs.symlinkSync('/etc/passwd', join(directory, 'x-1.0/link'))
  const path = join(directory, 'x.tar.gz')
  execFileSync('tar', ['-czf', path, '-C', directory, 'x-1.0'])
  return localArtifact({ path, sha256: sha256(fs.readFileSync(path)) })
}

test('a member is unpacked once', async ({ directory }) => {
  const archive = await makeArchive(directory)
  const [first, second] = await Promise.all([
    archiveMember(archive, 'x-1.0/tool'),
    archiveMember(archive, 'x-1.0/tool'),
  ])
  assert.is(first, second)
  assert.is(first.sha256, SHA)
  assert.is((await archiveMember(archive, 'x-1.0/sub dir/other')).size, 5)
  assert.equal(cached(), [`${archive.sha256}.d`])
})

test('an unpacked member that was damaged is unpacked again', async ({ directory }) => {
  const archive = await makeArchive(directory)
  const { path } = await archiveMember(archive, 'x-1.0/tool')
  fs.writeFileSync(path, '')
  // To this process, a copy is another archive: nothing is remembered but what the cache holds.
  fs.copyFileSync(archive.path, `${archive.path}.copy`)
  const again = await archiveMember({ ...archive, path: `${archive.path}.copy` }, 'x-1.0/tool')
  assert.is(again.path, path)
  assert.ok(fs.readFileSync(path).equals(BINARY))
})

test('a member that is missing is an error that tells what there is', async ({ directory }) => {
  const error = await failure(archiveMember(await makeArchive(directory), 'x-1.0/tol'))
  assert.match(error.message, /cannot unpack x-1.0\/tol: .*Not found in archive/)
  assert.match(error.hint ?? '', /x-1.0\/tool/)
})

for (const member of ['x-1.0/link', 'x-1.0/sub dir']) {
  test(`${member} is refused as a member: not a regular file`, async ({ directory }) => {
    assert.match(
      (await failure(archiveMember(await makeArchive(directory), member))).message,
      /not a regular file/,
    )
  })
}

test('what is no archive is an error', async ({ directory }) => {
  const path = join(directory, 'x')
  fs.writeFileSync(path, BINARY)
  assert.match(
    (await failure(archiveMember(await localArtifact({ path, sha256: SHA }), 'a'))).message,
    /cannot unpack a: /,
  )
})

test.run()
