import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { imagesOf, readBundle, verifyBundle, versionsFor } from '../../lib/bundle/index.ts'
import { assemble } from '../kubernetes/assemble.ts'
import { ensureTestBundle } from '../kubernetes/build.ts'
import { buildCommand, sourceOf } from '../kubernetes/build-program.ts'
import { writeImage, writeLayer } from '../kubernetes/image.ts'
import { KUBERNETES_RELEASES, type Recipe, recipeFor } from '../kubernetes/recipe.ts'

const MODULES = fileURLToPath(new URL('../kubernetes/modules', import.meta.url))

async function inFolder(fn: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'quorate-test-bundle-'))
  try {
    await fn(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function knownRecipe(kubernetes: string): Recipe {
  const recipe = recipeFor(kubernetes)
  if (recipe === undefined) throw new Error(`no recipe for ${kubernetes}`)
  return recipe
}

function readMember(archive: string, member: string): string {
  return execFileSync('tar', ['-xOf', archive, member], { encoding: 'utf8' })
}

function sha256(data: Buffer | string): string {
  return createHash('sha256').update(data).digest('hex')
}

const IMAGE = { reference: 'registry.test/web:1', entrypoint: ['/web'], architecture: 'amd64' }

test('an image is described by the digests of its layers, lowest first', async () => {
  await inFolder(async (folder) => {
    const layers = ['low', 'high'].map((name) => join(folder, name))
    for (const layer of layers) writeFileSync(layer, `layer ${layer}`)
    const archive = join(folder, 'web.tar')
    await writeImage({ ...IMAGE, layers }, archive)

    const [image] = JSON.parse(readMember(archive, 'index.json')).manifests
    assert.is(image.annotations['io.containerd.image.name'], IMAGE.reference)
    const manifest = JSON.parse(readMember(archive, `blobs/sha256/${image.digest.slice(7)}`))
    const digests = layers.map((layer) => `sha256:${sha256(readFileSync(layer))}`)
    const found = manifest.layers.map((layer: { digest: string }) => layer.digest)
    assert.equal(found, digests)
    const config = JSON.parse(readMember(archive, `blobs/sha256/${manifest.config.digest.slice(7)}`))
    assert.equal(config.rootfs.diff_ids, digests)
    assert.equal(config.config.Entrypoint, IMAGE.entrypoint)
  })
})

test('the same files make the same image, byte for byte', async () => {
  await inFolder(async (folder) => {
    const digests: string[] = []
    for (const [name, time] of Object.entries({ first: '2001-01-01', second: '2002-02-02' })) {
      const program = join(folder, name)
      writeFileSync(program, 'a program', { mode: 0o600 })
      execFileSync('touch', ['--date', time, program])
      await writeLayer({ web: program }, `${program}-layer`)
      await writeImage({ ...IMAGE, layers: [`${program}-layer`] }, `${program}.tar`)
      digests.push(sha256(readFileSync(`${program}.tar`)))
    }
    assert.is(digests[0], digests[1])
  })
})

test('a layer holds its programs for everybody to run, owned by root, and a /tmp to write', async () => {
  await inFolder(async (folder) => {
    writeFileSync(join(folder, 'web'), 'a program', { mode: 0o600 })
    const layer = join(folder, 'layer.tar')
    await writeLayer({ 'opt/bin/web': join(folder, 'web') }, layer)
    const listing = execFileSync('tar', ['-tvf', layer, '--numeric-owner'], { encoding: 'utf8' })
    const entries = listing
      .trim()
      .split('\n')
      .map((line) => line.split(/\s+/))
    assert.equal(
      entries.map(([mode, owner, , , , path]) => `${mode} ${owner} ${path}`),
      [
        'drwxr-xr-x 0/0 ./',
        'drwxr-xr-x 0/0 ./opt/',
        'drwxr-xr-x 0/0 ./opt/bin/',
        '-rwxr-xr-x 0/0 ./opt/bin/web',
        'drwxrwxrwt 0/0 ./tmp/',
      ],
    )
  })
})

for (const kubernetes of KUBERNETES_RELEASES) {
  const recipe = knownRecipe(kubernetes)

  test(`a bundle of ${kubernetes} is complete, and what its manifest says of each file is so`, async () => {
    await inFolder(async (folder) => {
      const programs = new Map(recipe.programs.map(({ name }) => [name, join(folder, name)]))
      for (const [name, path] of programs) writeFileSync(path, `the program ${name}`)
      const debian = join(folder, 'debian.tar')
      writeFileSync(debian, 'a layer')
      const directory = join(folder, 'bundle')
      await assemble(recipe, { architecture: 'amd64', programs, debian }, directory)

      const bundle = await readBundle(directory)
      assert.equal(await verifyBundle(bundle), [])
      assert.is(bundle.kubernetes, kubernetes)
      const binaries = bundle.items.filter(({ kind }) => kind === 'binary').map(({ name }) => name)
      assert.equal([...binaries].sort(), [...recipe.binaries].sort())
      assert.is(imagesOf(bundle).length, recipe.images.length)
    })
  })

  test(`the images of ${kubernetes} have the names that a bundle from the official registries gives them`, () => {
    const official = versionsFor(kubernetes)
    const references = recipe.images.map(({ reference }) => reference)
    const components = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kube-proxy']
    assert.equal(references.slice(0, -1), [
      ...components.map((name) => `registry.k8s.io/${name}:${kubernetes}`),
      `registry.k8s.io/etcd:${official.etcdImage}`,
      `registry.k8s.io/coredns/coredns:${official.coredns}`,
      `registry.k8s.io/pause:${official.pause}`,
      `ghcr.io/flannel-io/flannel:${official.flannel}`,
      `ghcr.io/kube-vip/kube-vip:${official.kubeVip}`,
    ])
  })

  test(`each Go program of ${kubernetes} is pinned by its module to the version that it claims`, () => {
    const foreign = recipe.programs.filter(
      (program) => program.package !== undefined && program.package !== '.',
    )
    for (const program of foreign) {
      const pins = readFileSync(join(sourceOf(program), 'go.mod'), 'utf8')
      const pinned = [...pins.matchAll(/^\t(\S+) (v\S+)/gm)].some(
        ([, module = '', version]) =>
          `${program.package}/`.startsWith(`${module}/`) && version === program.version,
      )
      assert.ok(pinned, `${program.name} ${program.version} in ${program.source}/go.mod`)
    }
  })

  test(`every staging module of ${kubernetes} is replaced by the one of the same release`, () => {
    const [, minor] = kubernetes.split('.')
    const pins = readFileSync(`${MODULES}/kubernetes-1.${minor}/go.mod`, 'utf8')
    const staging = kubernetes.replace('v1.', 'v0.')
    const replaced = [...pins.matchAll(/^\t(\S+) => (\S+ \S+)$/gm)].map(([, module, by]) => [module, by])
    assert.ok(replaced.length > 20)
    for (const [module, by] of replaced) assert.is(by, `${module} ${staging}`)
    const asked = [...pins.matchAll(/^\t(\S+) v0\.0\.0 /gm)].map(([, module]) => module)
    assert.equal(
      asked.filter((module) => !replaced.some(([name]) => name === module)),
      [],
    )
  })
}

test('a program is linked statically, and stamped with the version that it says', () => {
  const kubeadm = recipeFor('v1.36.2')?.programs.find(({ name }) => name === 'kubeadm')
  if (kubeadm === undefined) throw new Error('no kubeadm')
  const command = buildCommand(kubeadm, '/out/kubeadm').join(' ')
  for (const part of ['CGO_ENABLED=0', '-trimpath', '-o /out/kubeadm', 'version.gitVersion=v1.36.2']) {
    assert.ok(command.includes(part), part)
  }
})

test('a release without a recipe is refused with the ones that are known', async () => {
  try {
    await ensureTestBundle(() => undefined, 'v1.2.3')
    assert.unreachable()
  } catch (error) {
    assert.match(String(error), "there is no recipe for a test bundle of Kubernetes 'v1.2.3'")
    assert.match((error as { hint: string }).hint, 'v1.36.2')
  }
})

test.run()
