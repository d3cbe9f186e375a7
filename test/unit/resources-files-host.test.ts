import { spawn } from 'node:child_process'
import { once } from 'node:events'
import * as fs from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type ConvergeOptions, converge } from '../../lib/engine/converge.ts'
import type { Change, Resource } from '../../lib/engine/resource.ts'
import { QuorateError } from '../../lib/errors.ts'
import {
  absent,
  block,
  type DirectoryOptions,
  directory,
  type FileOptions,
  file,
  line,
  symlink,
} from '../../lib/resources/index.ts'
import { contentProbe } from '../../lib/resources/probes/content.ts'
import { pathProbe } from '../../lib/resources/probes/path.ts'
import { Secret } from '../../lib/secret.ts'
import type { Connection } from '../../lib/transport/connection.ts'
import { connectLocal } from '../../lib/transport/local.ts'

interface Context {
  host: Connection
  directory: string
}

const test = suite<Context>('file resources on this machine', { host: undefined as never, directory: '' })
const mine = { owner: String(userInfo().uid), group: String(userInfo().gid) }

test.before(async (context) => {
  context.host = await connectLocal({}, { name: 'local' })
})
test.after(async ({ host }) => {
  await host.close()
})
test.before.each((context) => {
  context.directory = fs.mkdtempSync(join(tmpdir(), 'quorate-files-'))
})
test.after.each(({ directory }) => {
  fs.rmSync(directory, { recursive: true, force: true })
})

const myFile = (path: string, options: FileOptions) => file(path, { ...mine, ...options })
const myDirectory = (path: string, options: DirectoryOptions = {}) => directory(path, { ...mine, ...options })

/** Brings this machine to the desired state, and makes sure that doing so again changes nothing. */
async function settle({ host }: Context, ...resources: Resource[]): Promise<string[]> {
  const summaries: string[] = []
  const onChange: ConvergeOptions['onChange'] = (_, change) => summaries.push(change.summary)
  await converge(host, resources, { onChange })
  const again: Change[] = []
  await converge(host, resources, { onChange: (_, change) => again.push(change) })
  assert.equal(
    again.map(({ summary }) => summary),
    [],
  )
  return summaries
}

async function failure(work: Promise<unknown>): Promise<QuorateError & { stderr?: string }> {
  const error = await work.then(
    () => undefined,
    (reason) => reason,
  )
  assert.instance(error, QuorateError)
  return error
}

const mode = (path: string) => (fs.statSync(path).mode & 0o7777).toString(8)

const NAMES = [
  'plain',
  'with space',
  "it's",
  'a"b',
  '$(reboot)',
  '`id`',
  '*',
  '-n',
  'back\\slash',
  '%s',
  'ümläut',
  '.hidden',
  'a;b&c|d',
  '~',
]
for (const name of NAMES) {
  test(`a file named ${name} is written, edited, linked to and removed`, async (context) => {
    const path = join(context.directory, name)
    const link = join(context.directory, `link to ${name}`)
    await settle(context, myFile(path, { content: 'a\n' }))
    await settle(context, line(path, { line: 'b' }), block(path, { marker: 'c', content: 'd' }))
    await settle(context, symlink(link, { target: path }))
    assert.is(fs.readFileSync(link, 'utf8'), 'a\nb\n# BEGIN c\nd\n# END c\n')
    await settle(context, absent(link), absent(path))
    assert.equal(fs.readdirSync(context.directory), [])
  })
}

const CONTENTS: [title: string, content: string | Buffer | Secret][] = [
  ['nothing', ''],
  ['text without newline at its end', 'a'],
  ['quotes', `'"\\$x\`y\``],
  ['all bytes', Buffer.from(Array.from({ length: 256 }, (_, i) => i))],
  ['as much as a script carries', Buffer.alloc(256 * 1024, 'x')],
  ['more than a script carries', Buffer.alloc(256 * 1024 + 1, 'x')],
  ['5 MB', Buffer.alloc(5_000_000, 'quorate')],
  ['a secret', new Secret('correct horse')],
  ['a secret of 300 kB', new Secret('battery staple '.repeat(20_000))],
]
for (const [title, content] of CONTENTS) {
  test(`a file holds ${title}, byte for byte`, async (context) => {
    const path = join(context.directory, 'x')
    fs.writeFileSync(path, 'old')
    await settle(context, myFile(path, { content, mode: 0o640 }))
    const wanted = content instanceof Secret ? content.reveal() : content
    assert.ok(fs.readFileSync(path).equals(Buffer.from(wanted)))
    assert.is(mode(path), '640')
    assert.equal(fs.readdirSync(context.directory), ['x'])
  })
}

for (const size of [1000, 1_000_000]) {
  test(`a source of ${size} bytes is copied`, async (context) => {
    const [source, path] = [join(context.directory, 'source'), join(context.directory, 'x')]
    fs.writeFileSync(source, Buffer.alloc(size, 'ab\0'))
    await settle(context, myFile(path, { source }))
    assert.ok(fs.readFileSync(path).equals(fs.readFileSync(source)))
    fs.writeFileSync(source, Buffer.alloc(size, 'cd\0'))
    await settle(context, myFile(path, { source }))
    assert.ok(fs.readFileSync(path).equals(fs.readFileSync(source)))
  })
}

test('a source that changes on its way does not replace the file', async (context) => {
  const [source, path] = [join(context.directory, 'source'), join(context.directory, 'x')]
  fs.writeFileSync(source, Buffer.alloc(1_000_000, 'a'))
  fs.writeFileSync(path, 'old')
  const resource = myFile(path, { source })
  fs.writeFileSync(source, Buffer.alloc(1_000_000, 'b'))
  assert.match((await failure(converge(context.host, [resource]))).message, /did not arrive whole/)
  assert.is(fs.readFileSync(path, 'utf8'), 'old')
  assert.equal(fs.readdirSync(context.directory), ['source', 'x'])
})

test('attributes are set without a rewrite', async (context) => {
  const path = join(context.directory, 'x')
  fs.writeFileSync(path, 'a')
  const { ino } = fs.statSync(path)
  assert.equal(await settle(context, myFile(path, { content: 'a', mode: 0o4711 })), ['mode 0644 → 4711'])
  assert.is(fs.statSync(path).ino, ino)
})

for (const size of [10, 300_000]) {
  for (const content of ['bad', new Secret('bad!')]) {
    test(`a validate that fails keeps the old file (${size} bytes, ${content})`, async (context) => {
      const path = join(context.directory, 'x')
      fs.writeFileSync(path, 'old')
      const text = content instanceof Secret ? content.reveal() : content
      const padded = text.padEnd(size, '.')
      const validate = 'grep -c . %; echo line 7: unknown keyword; false'
      const resource = myFile(path, {
        content: content instanceof Secret ? new Secret(padded) : padded,
        validate,
      })
      const { message, stderr = '' } = await failure(converge(context.host, [resource]))
      assert.match(message + stderr, /line 7: unknown keyword/)
      assert.match(message + stderr, /does not accept the new content; what was there stays/)
      assert.is(fs.readFileSync(path, 'utf8'), 'old')
      assert.equal(fs.readdirSync(context.directory), ['x'])
    })
  }
}

test('a validate that is met lets the file in', async (context) => {
  const path = join(context.directory, 'a b')
  await settle(context, myFile(path, { content: 'good\n', validate: 'grep -qx good % && [ -f % ]' }))
  assert.is(fs.readFileSync(path, 'utf8'), 'good\n')
})

test('a backup holds what was there, with its mode', async (context) => {
  const path = join(context.directory, 'x')
  await settle(context, myFile(path, { content: 'one', mode: 0o600, backup: true }))
  assert.equal(fs.readdirSync(context.directory), ['x'])
  await settle(context, myFile(path, { content: 'two', backup: true }))
  const [, copy = ''] = fs.readdirSync(context.directory)
  assert.match(copy, /^x\.\d{8}T\d{6}~$/)
  assert.is(fs.readFileSync(join(context.directory, copy), 'utf8'), 'one')
  assert.is(mode(join(context.directory, copy)), '600')
})

test('a symlink is replaced, not what it points to', async (context) => {
  const [path, target] = [join(context.directory, 'x'), join(context.directory, 'y')]
  fs.writeFileSync(target, 'kept')
  fs.symlinkSync(target, path)
  assert.match(
    (await failure(converge(context.host, [myFile(path, { content: 'a' })]))).message,
    /is a symlink to/,
  )
  await settle(context, myFile(path, { content: 'a', replaceSymlink: true }))
  assert.is(fs.readFileSync(target, 'utf8'), 'kept')
  assert.is(fs.readFileSync(path, 'utf8'), 'a')
})

test('directories, files and lines of one batch build upon each other', async (context) => {
  const path = join(context.directory, 'a/b/c')
  const resources = [
    myDirectory(join(context.directory, 'a/b'), { mode: 0o700 }),
    myFile(path, { content: '1\n', mode: 0o600 }),
    line(path, { line: '2' }),
    line(path, { line: '3' }),
    line(path, { line: '4', match: /^1/ }),
  ]
  const planned: string[] = []
  await converge(context.host, resources, {
    check: true,
    onChange: (_, { summary }) => planned.push(summary),
  })
  assert.equal(fs.readdirSync(context.directory), [])
  const made: string[] = []
  await converge(context.host, resources, { onChange: (_, { summary }) => made.push(summary) })
  assert.equal(made, planned)
  assert.is(fs.readFileSync(path, 'utf8'), '4\n2\n3\n')
  assert.is(mode(path), '600')
  assert.is(mode(join(context.directory, 'a')), '755')
  assert.is(mode(join(context.directory, 'a/b')), '700')
})

test('an edit is refused where the file has changed since it was observed', async (context) => {
  const path = join(context.directory, 'x')
  fs.writeFileSync(path, 'a\n')
  const proceed = () => fs.writeFileSync(path, 'somebody else was here\n')
  const { message, stderr = '' } = await failure(
    converge(context.host, [line(path, { line: 'b' })], { proceed }),
  )
  assert.match(message + stderr, /has changed meanwhile: run again/)
  assert.is(fs.readFileSync(path, 'utf8'), 'somebody else was here\n')
})

test('an edit refuses a file that has appeared since', async (context) => {
  const path = join(context.directory, 'x')
  const proceed = () => fs.writeFileSync(path, 'new\n')
  const { stderr = '' } = await failure(
    converge(context.host, [line(path, { line: 'b', create: true, ...mine })], { proceed }),
  )
  assert.match(stderr, /has changed meanwhile: run again/)
  assert.is(fs.readFileSync(path, 'utf8'), 'new\n')
})

test('an edit creates a file on request, with its mode', async (context) => {
  const path = join(context.directory, 'x')
  const create = { create: true, mode: 0o640, ...mine }
  await settle(
    context,
    line(path, { line: 'a', ...create }),
    block(path, { marker: 'b', content: 'c', ...create }),
  )
  assert.is(fs.readFileSync(path, 'utf8'), 'a\n# BEGIN b\nc\n# END b\n')
  assert.is(mode(path), '640')
})

test('an edit keeps the mode of its file', async (context) => {
  const path = join(context.directory, 'x')
  fs.writeFileSync(path, 'a\n', { mode: 0o640 })
  await settle(context, line(path, { line: 'b' }))
  assert.is(mode(path), '640')
})

test('a large file is edited too', async (context) => {
  const path = join(context.directory, 'x')
  fs.writeFileSync(path, 'line\n'.repeat(100_000))
  await settle(context, line(path, { line: 'last' }))
  assert.is(fs.readFileSync(path, 'utf8'), `${'line\n'.repeat(100_000)}last\n`)
})

test('a removed directory is gone with all that is in it, but for what its symlinks point to', async (context) => {
  const [kept, gone] = [join(context.directory, 'kept'), join(context.directory, 'gone')]
  fs.mkdirSync(join(gone, 'a/b'), { recursive: true })
  fs.mkdirSync(kept)
  fs.writeFileSync(join(kept, 'x'), '')
  fs.symlinkSync(kept, join(gone, 'link'))
  await settle(context, absent(gone))
  assert.equal(fs.readdirSync(context.directory), ['kept'])
  fs.symlinkSync(kept, gone)
  await settle(context, absent(gone))
  assert.equal(fs.readdirSync(kept), ['x'])
})

test('a file can be put into a directory that is emptied before it', async (context) => {
  const path = join(context.directory, 'a/x')
  fs.mkdirSync(join(context.directory, 'a'))
  fs.writeFileSync(path, '1')
  const resources = [
    absent(join(context.directory, 'a')),
    myDirectory(join(context.directory, 'a')),
    myFile(path, { content: '1' }),
  ]
  await converge(context.host, resources)
  assert.is(fs.readFileSync(path, 'utf8'), '1')
})

test('a symlink is turned in one step', async (context) => {
  const path = join(context.directory, 'x')
  fs.symlinkSync('old', path)
  assert.equal(await settle(context, symlink(path, { target: "n'ew $x" })), ["old → n'ew $x"])
  assert.is(fs.readlinkSync(path), "n'ew $x")
  assert.equal(fs.readdirSync(context.directory), ['x'])
})

test('a symlink to a directory is turned or replaced, and nothing lands in the directory', async (context) => {
  const [path, target] = [join(context.directory, 'x'), join(context.directory, 'target')]
  fs.mkdirSync(target)
  fs.symlinkSync(target, path)
  await settle(context, symlink(path, { target: 'elsewhere' }))
  assert.is(fs.readlinkSync(path), 'elsewhere')
  await settle(context, symlink(path, { target }))
  await settle(context, myFile(path, { content: 'a', replaceSymlink: true }))
  assert.ok(fs.lstatSync(path).isFile())
  assert.equal(fs.readdirSync(target), [])
})

test('what killed runs left behind goes with the next change', async (context) => {
  const path = join(context.directory, 'x')
  for (const name of ['.x.quorate-abc123', '.y.quorate-abc123'])
    fs.writeFileSync(join(context.directory, name), 'half')
  await settle(context, myFile(path, { content: 'a' }))
  assert.equal(fs.readdirSync(context.directory), ['.y.quorate-abc123', 'x'])
})

test('a file that cannot be written names its directory', async (context) => {
  const { stderr = '' } = await failure(
    converge(context.host, [file('/proc/1/x', { content: 'a', ...mine })]),
  )
  assert.match(stderr, /cannot write in \/proc\/1/)
})

// The script is killed a little later each time, wherever it happens to be; the shell's process group dies as a whole.
test('a kill -9 at any moment leaves the old file or the new one', async (context) => {
  const path = join(context.directory, 'x')
  const [old, wanted] = ['old\n'.repeat(20_000), 'new\n'.repeat(20_000)]
  for (let delay = 0; delay < 40; delay += 2) {
    fs.writeFileSync(path, old)
    const [change] = await plansOf(
      context,
      myFile(path, { content: wanted, validate: 'cat % >/dev/null', backup: true }),
    )
    const child = spawn('sh', ['-c', change?.action as string], { detached: true, stdio: 'ignore' })
    await new Promise((resolve) => setTimeout(resolve, delay))
    try {
      process.kill(-(child.pid as number), 'SIGKILL')
    } catch {} // It was done already.
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    const found = fs.readFileSync(path, 'utf8')
    assert.ok(found === old || found === wanted)
  }
  await settle(context, myFile(path, { content: wanted }))
  assert.equal(
    fs.readdirSync(context.directory).filter((name) => name.startsWith('.')),
    [],
  )
})

async function plansOf({ host }: Context, resource: Resource): Promise<Change[]> {
  const changes: Change[] = []
  await converge(host, [resource], { check: true, onChange: (_, change) => changes.push(change) })
  return changes
}

test('the probes tell everything from nothing', async ({ host, directory }) => {
  fs.writeFileSync(join(directory, 'f'), 'x')
  fs.symlinkSync('nowhere\nat all', join(directory, 'l'))
  fs.symlinkSync('f', join(directory, 'm'))
  const paths = ['d', 'f', 'l', 'm', 'none'].map((name) => join(directory, name))
  fs.mkdirSync(paths[0] as string)
  const states = pathProbe.parse((await host.run(pathProbe.script(paths))).stdout, paths)
  assert.equal(
    states.map(({ type, target, targetType }) => [type, target, targetType]),
    [
      ['directory', undefined, undefined],
      ['file', undefined, undefined],
      ['symlink', 'nowhere\nat all', 'absent'],
      ['symlink', 'f', 'file'],
      ['absent', undefined, undefined],
    ],
  )
  const contents = contentProbe.parse((await host.run(contentProbe.script(paths))).stdout, paths)
  assert.equal(
    contents.map((content) => content?.toString()),
    [undefined, 'x', undefined, 'x', undefined],
  )
})

test.run()
