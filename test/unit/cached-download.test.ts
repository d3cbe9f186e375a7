import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { mapLimit } from '../../lib/bundle/limit.ts'
import { QuorateError } from '../../lib/errors.ts'
import { cacheDirectory } from '../../lib/fetch/cache.ts'
import { cachedDownload } from '../../lib/fetch/cached-download.ts'
import { get, withRetries } from '../../lib/fetch/http.ts'
import { failure } from '../helpers/failure.ts'
import { ReleaseServer, sha256 } from '../helpers/release-server.ts'

interface Context {
  directory: string
  server: ReleaseServer
}

const URL = 'https://example.com/file'
const PATH = '/example.com/file'
const CONTENT = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251))
const SHA = sha256(CONTENT)

const test = suite<Context>('downloads of a bundle')

test.before.each(async (context) => {
  context.directory = fs.mkdtempSync(join(tmpdir(), 'quorate-bundle-'))
  process.env.XDG_CACHE_HOME = join(context.directory, 'cache')
  context.server = await new ReleaseServer().start()
  context.server.files.set(PATH, CONTENT)
})
test.after.each(async ({ directory, server }) => {
  await server.stop()
  fs.rmSync(directory, { recursive: true, force: true })
  delete process.env.XDG_CACHE_HOME
})

function fetchIt({ mirrors }: ReleaseServer, wanted = SHA, attempts = 3) {
  const options = { mirrors, attempts, delay: 1 }
  const request = (headers: Readonly<Record<string, string>>) => get(URL, headers, options)
  return cachedDownload({ what: URL, sha256: wanted, request }, options)
}

/** What a process left behind that was killed in the middle of a download. */
function leavePart(content: Buffer, etag: string, pid = 4_194_305): void {
  const part = join(cacheDirectory(), `${SHA}.${pid}.part`)
  fs.mkdirSync(part, { recursive: true })
  fs.writeFileSync(join(part, 'data'), content)
  fs.writeFileSync(join(part, 'etag'), etag)
}

const cached = () => fs.readdirSync(cacheDirectory())

test('a file is fetched once, and then is in the cache', async ({ server }) => {
  const { path, size } = await fetchIt(server)
  assert.ok(fs.readFileSync(path).equals(CONTENT))
  assert.is(size, CONTENT.length)
  await fetchIt(server)
  assert.equal(server.requests, [`GET ${PATH}`])
  assert.equal(cached(), [SHA])
})

test('two who want the same file at once share one fetch', async ({ server }) => {
  await Promise.all([fetchIt(server), fetchIt(server)])
  assert.equal(server.requests, [`GET ${PATH}`])
})

test('another checksum names both digests, and nothing is kept', async ({ server }) => {
  const wanted = sha256('something else')
  const { message } = await failure(fetchIt(server, wanted))
  assert.is(message, `${URL} has the sha256 ${SHA}, expected ${wanted}`)
  assert.equal(cached(), [])
})

test('a truncated download goes on where it stopped', async ({ server }) => {
  server.truncateOnce(PATH, 100_000)
  const { path } = await fetchIt(server)
  assert.ok(fs.readFileSync(path).equals(CONTENT))
  assert.equal(server.requests, [`GET ${PATH}`, `GET ${PATH} bytes=100000-`])
})

test('a download that stays truncated is an error, and the next run goes on with it', async ({ server }) => {
  server.truncateOnce(PATH, 100_000)
  assert.match((await failure(fetchIt(server, SHA, 1))).message, `cannot fetch ${URL}: `)
  assert.not(fs.existsSync(join(cacheDirectory(), SHA)))
  await fetchIt(server)
  assert.is(server.requests.at(-1), `GET ${PATH} bytes=100000-`)
  assert.equal(cached(), [SHA])
})

test('what a killed process has fetched is gone on with', async ({ server }) => {
  leavePart(CONTENT.subarray(0, 200_000), `"${SHA.slice(0, 16)}"`)
  const { path } = await fetchIt(server)
  assert.ok(fs.readFileSync(path).equals(CONTENT))
  assert.equal(server.requests, [`GET ${PATH} bytes=200000-`])
  assert.equal(cached(), [SHA])
})

test('what another running process is fetching is left alone', async ({ server }) => {
  leavePart(CONTENT.subarray(0, 200_000), '', process.ppid)
  await fetchIt(server)
  assert.equal(server.requests, [`GET ${PATH}`])
  assert.equal(cached().sort(), [SHA, `${SHA}.${process.ppid}.part`].sort())
})

test('a file that has changed since is fetched from its beginning', async ({ server }) => {
  leavePart(Buffer.alloc(1000), '"older"')
  const { path } = await fetchIt(server)
  assert.ok(fs.readFileSync(path).equals(CONTENT))
  assert.equal(server.requests, [`GET ${PATH} bytes=1000-`])
})

test('a wrong beginning from a server without validators costs a second fetch, not the download', async ({
  server,
}) => {
  leavePart(Buffer.alloc(1000), '')
  const { path } = await fetchIt(server)
  assert.ok(fs.readFileSync(path).equals(CONTENT))
  assert.equal(server.requests, [`GET ${PATH} bytes=1000-`, `GET ${PATH}`])
})

test('a part that is already whole is only checked', async ({ server }) => {
  leavePart(CONTENT, '')
  assert.is((await fetchIt(server)).size, CONTENT.length)
  assert.equal(server.requests, [`GET ${PATH} bytes=${CONTENT.length}-`])
})

test('a cached file that was damaged is fetched again', async ({ server }) => {
  fs.mkdirSync(cacheDirectory(), { recursive: true })
  fs.writeFileSync(join(cacheDirectory(), SHA), 'damaged')
  const { path } = await fetchIt(server)
  assert.ok(fs.readFileSync(path).equals(CONTENT))
})

for (const [what, status, tries] of [
  ['a server that is overloaded is asked again', 503, 2],
  ['a server that asks for patience is asked again', 429, 2],
] as const) {
  test(what, async ({ server }) => {
    server.misbehaveOnce(PATH, (_, response) => response.writeHead(status).end())
    await fetchIt(server)
    assert.is(server.requests.length, tries)
  })
}

test('a connection that is reset is made again', async ({ server }) => {
  server.misbehaveOnce(PATH, (request) => request.socket.destroy())
  await fetchIt(server)
  assert.is(server.requests.length, 2)
})

test('a server that stays broken is given up on', async ({ server }) => {
  for (let i = 0; i < 3; i += 1)
    server.misbehaveOnce(PATH, (_, response) => response.writeHead(502, 'Bad Gateway').end())
  assert.is(
    (await failure(fetchIt(server))).message,
    `cannot fetch ${server.origin}${PATH}: HTTP 502 Bad Gateway`,
  )
  assert.is(server.requests.length, 3)
})

test('a file that does not exist is asked for once', async ({ server }) => {
  server.files.clear()
  assert.match((await failure(fetchIt(server))).message, 'HTTP 404')
  assert.is(server.requests.length, 1)
})

for (const [code, tries] of [
  ['ECONNRESET', 3],
  ['UND_ERR_SOCKET', 3],
  ['UND_ERR_BODY_TIMEOUT', 3],
  ['EAI_AGAIN', 3],
  ['ENOTFOUND', 1],
  ['ECONNREFUSED', 1],
  ['CERT_HAS_EXPIRED', 1],
] as const) {
  test(`a connection that fails with ${code} is tried ${tries === 1 ? 'once' : 'again'}`, async () => {
    let tried = 0
    const cause = Object.assign(new Error(), { code })
    const work = withRetries({ attempts: 3, delay: 1 }, async () => {
      tried += 1
      throw new QuorateError('failed', { cause: new TypeError('fetch failed', { cause }) })
    })
    await failure(work)
    assert.is(tried, tries)
  })
}

test('no more items are worked on at a time than the limit says, and results keep their order', async () => {
  let [now, most] = [0, 0]
  const results = await mapLimit([3, 1, 2, 0], 2, async (item) => {
    now += 1
    most = Math.max(most, now)
    for (let turn = 0; turn < item; turn += 1) await new Promise((resolve) => setImmediate(resolve))
    now -= 1
    return item * 10
  })
  assert.equal(results, [30, 10, 20, 0])
  assert.is(most, 2)
})

test('after a failure nothing new is begun', async () => {
  const begun: number[] = []
  const work = mapLimit([1, 2, 3, 4, 5, 6], 2, async (item) => {
    begun.push(item)
    await new Promise((resolve) => setImmediate(resolve))
    if (item === 1) throw new QuorateError('one failed')
  })
  assert.is((await failure(work)).message, 'one failed')
  assert.ok(begun.length < 5)
})

test.run()
