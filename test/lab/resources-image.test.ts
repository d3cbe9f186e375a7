import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ResourceError } from '../../lib/engine/converge.ts'
import type { Resource } from '../../lib/engine/resource.ts'
import { type Lab, labUp } from '../../lib/lab/index.ts'
import { image } from '../../lib/resources/image.ts'
import { pkg, service } from '../../lib/resources/index.ts'
import type { Connection } from '../../lib/transport/connection.ts'
import { changesOf, connectToLab } from '../helpers/lab-connection.ts'
import { sha256 } from '../helpers/release-server.ts'
import { tinyArchive } from '../helpers/tiny-image.ts'

const ONE = 'registry.example.com/tiny/one:v1'
const TWO = 'registry.example.com/tiny/two:v1'

let lab: Lab
let connection: Connection
let directory: string

test.before(async () => {
  directory = fs.mkdtempSync(join(tmpdir(), 'quorate-image-'))
  lab = await labUp({ name: `image-${process.pid}`, hosts: ['m1'] })
  connection = await connectToLab(lab, 'm1')
})

test.after(async () => {
  await connection?.close()
  await lab?.down()
  fs.rmSync(directory, { recursive: true, force: true })
})

const apply = (...resources: Resource[]) => changesOf(connection, resources)
const check = (...resources: Resource[]) => changesOf(connection, resources, { check: true })
const on = async (command: string) => (await lab.exec('m1', command)).stdout.trim()
const running = () => service('containerd', { state: 'running' })

async function tiny(reference: string, content: string): Promise<Resource> {
  const archive = await tinyArchive(directory, reference, content)
  return image(reference, { source: archive.path, sha256: archive.sha256 })
}

async function failure(...resources: Resource[]): Promise<ResourceError> {
  try {
    await apply(...resources)
  } catch (error) {
    return error as ResourceError
  }
  throw new Error('nothing failed')
}

/** The only file of an image, as a container would see it. */
async function contentOf(reference: string): Promise<string> {
  const mount = `ctr -n k8s.io images mount ${reference} /mnt >/dev/null`
  return on(`${mount} && cat /mnt/content; umount /mnt; ctr -n k8s.io snapshots rm /mnt 2>/dev/null`)
}

test('without containerd an image is refused before anything is done', async () => {
  const { message, hint } = await failure(await tiny(ONE, 'first'))
  assert.is(message, 'containerd is not installed on this host: there is no ctr')
  assert.match(hint ?? '', "service('containerd', { state: 'running' })")
})

test('images are imported where the same apply installs containerd, and only once', async () => {
  const images = [await tiny(ONE, 'first'), await tiny(TWO, 'second')]
  assert.match((await check(pkg('containerd'), ...images)).join('\n'), `image ${ONE}: cannot be planned yet`)
  assert.is((await apply(pkg('containerd'), running(), ...images)).length, 3)
  assert.is(await contentOf(ONE), 'first')
  assert.is(await contentOf(TWO), 'second')
  assert.equal(await apply(pkg('containerd'), running(), ...images), [])
  assert.equal(await check(...images), [])
})

test('nothing of the pushed archives stays on the host', async () => {
  const names = (await on('ls -A /var/lib/quorate/images')).split('\n')
  assert.equal(names, [ONE, TWO].map(encodeURIComponent))
})

test('another archive for the same name is imported over it', async () => {
  assert.equal(await apply(await tiny(ONE, 'changed')), [`image ${ONE}: import: its archive has changed`])
  assert.is(await contentOf(ONE), 'changed')
  assert.equal(await apply(await tiny(ONE, 'changed')), [])
})

test('an image that somebody has removed is imported again', async () => {
  await on(`ctr -n k8s.io images rm ${TWO}`)
  assert.equal(await check(await tiny(TWO, 'second')), [`image ${TWO}: import`])
  assert.equal(await apply(await tiny(TWO, 'second')), [`image ${TWO}: import`])
  assert.is(await contentOf(TWO), 'second')
})

test('an interrupted import is made again', async () => {
  await on(`rm /var/lib/quorate/images/${encodeURIComponent(ONE)}`)
  await on(`echo half >'/var/lib/quorate/images/.${encodeURIComponent(ONE)}.quorate-import'`)
  assert.equal(await apply(await tiny(ONE, 'changed')), [
    `image ${ONE}: import: what is there came from elsewhere`,
  ])
  assert.is(await on('ls -A /var/lib/quorate/images | grep -c quorate-import'), '0')
})

test('an archive of another image is an error, and counts as nothing', async () => {
  const archive = await tinyArchive(directory, TWO, 'second')
  const other = image('registry.example.com/other:v1', { source: archive.path, sha256: archive.sha256 })
  assert.match((await failure(other)).message, 'the archive does not hold registry.example.com/other:v1')
  assert.match((await failure(other)).message, 'the archive does not hold registry.example.com/other:v1')
})

test('what is no whole image is an error that tells what ctr says', async () => {
  const whole = fs.readFileSync((await tinyArchive(directory, ONE, 'cut off')).path)
  // In the middle of its last blob, the layer.
  for (const content of [Buffer.from('junk'), whole.subarray(0, whole.length - 2000)]) {
    const path = join(directory, 'broken.tar')
    fs.writeFileSync(path, content)
    const { message } = await failure(image(ONE, { source: path, sha256: sha256(content) }))
    assert.match(message, /^ctr cannot import it: ctr: /)
  }
})

test('while containerd is stopped an image is refused, unless the same apply starts it', async () => {
  await on('systemctl stop containerd')
  const { message } = await failure(await tiny(ONE, 'changed'))
  assert.match(message, 'containerd does not answer: ')
  assert.equal(await apply(running(), await tiny(TWO, 'again')), [
    'service containerd: start',
    `image ${TWO}: import, unless it is there once containerd runs`,
  ])
  assert.is(await contentOf(TWO), 'again')
})

test.run()
