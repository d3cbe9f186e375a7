import { execFileSync } from 'node:child_process'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { publishedDigest } from '../../lib/bundle/checksums.ts'
import {
  binaryOf,
  buildBundle,
  collectBundle,
  imagesOf,
  parseBundleCommand,
  readBundle,
  verifyBundle,
} from '../../lib/bundle/index.ts'
import { resolveSources } from '../../lib/bundle/resolve.ts'
import { UsageError } from '../../lib/errors.ts'
import { failure } from '../helpers/failure.ts'
import { ReleaseServer, sha256 } from '../helpers/release-server.ts'
import { tinyArchive, tinyImage } from '../helpers/tiny-image.ts'
import { publishImage } from '../helpers/tiny-registry.ts'

interface Context {
  root: string
  out: string
  server: ReleaseServer
}

const KUBERNETES = 'v1.36.2'
const RELEASE = `https://dl.k8s.io/release/${KUBERNETES}/bin/linux/amd64`
const IMAGES = [
  `registry.k8s.io/kube-apiserver:${KUBERNETES}`,
  `registry.k8s.io/kube-controller-manager:${KUBERNETES}`,
  `registry.k8s.io/kube-scheduler:${KUBERNETES}`,
  `registry.k8s.io/kube-proxy:${KUBERNETES}`,
  'registry.k8s.io/coredns/coredns:v1.14.2',
  'registry.k8s.io/pause:3.10.2',
  'registry.k8s.io/etcd:3.6.8-0',
  'ghcr.io/flannel-io/flannel:v0.28.9',
  'ghcr.io/kube-vip/kube-vip:v1.2.2',
]

const test = suite<Context>('making a bundle')

test.before.each(async (context) => {
  context.root = fs.mkdtempSync(join(tmpdir(), 'quorate-bundle-'))
  context.out = join(context.root, 'out')
  process.env.XDG_CACHE_HOME = join(context.root, 'cache')
  context.server = await new ReleaseServer().start()
})
test.after.each(async ({ root, server }) => {
  await server.stop()
  fs.rmSync(root, { recursive: true, force: true })
  delete process.env.XDG_CACHE_HOME
})

/** An archive of text files. */
function tarOf(root: string, members: readonly string[]): Buffer {
  const directory = fs.mkdtempSync(join(root, 'tar-'))
  for (const member of members) {
    fs.mkdirSync(join(directory, member, '..'), { recursive: true })
    fs.writeFileSync(join(directory, member), `this is ${basename(member)}`)
  }
  return execFileSync('tar', ['-czf', '-', ...members], { cwd: directory })
}

/** Everything that a bundle of Kubernetes 1.36.2 needs, where the projects publish it. */
async function publishAll({ root, server }: Context): Promise<void> {
  for (const name of ['kubeadm', 'kubelet', 'kubectl']) {
    server.publish(`${RELEASE}/${name}`, Buffer.from(`this is ${name}`))
  }
  const github = (path: string) => `https://github.com/${path}`
  const list = (url: string, content: Buffer, checksum: string) =>
    server.publish(url, content, checksum, `${sha256(content)}  ${basename(url)}`)
  const etcd = github('etcd-io/etcd/releases/download/v3.6.8')
  const etcdDirectory = 'etcd-v3.6.8-linux-amd64'
  const etcdFiles = ['etcd', 'etcdctl', 'etcdutl', 'README.md'].map((name) => `${etcdDirectory}/${name}`)
  server.publish(`${etcd}/other.zip`, Buffer.from('zip'), `${etcd}/SHA256SUMS`, `${sha256('zip')}  other.zip`)
  list(`${etcd}/${etcdDirectory}.tar.gz`, tarOf(root, etcdFiles), `${etcd}/SHA256SUMS`)
  const crictl = github(
    'kubernetes-sigs/cri-tools/releases/download/v1.36.0/crictl-v1.36.0-linux-amd64.tar.gz',
  )
  server.publish(crictl, tarOf(root, ['crictl']))
  const flannel = github(
    'flannel-io/cni-plugin/releases/download/v1.9.1-flannel3/cni-plugin-flannel-linux-amd64-v1.9.1-flannel3.tgz',
  )
  list(flannel, tarOf(root, ['flannel-amd64']), `${flannel}.sha256`)
  const containerd = github(
    'containerd/containerd/releases/download/v2.2.9/containerd-2.2.9-linux-amd64.tar.gz',
  )
  list(containerd, tarOf(root, ['bin/containerd']), `${containerd}.sha256sum`)
  const runc = github('opencontainers/runc/releases/download/v1.4.3')
  list(`${runc}/runc.amd64`, Buffer.from('this is runc'), `${runc}/runc.sha256sum`)
  const plugins = github(
    'containernetworking/plugins/releases/download/v1.9.1/cni-plugins-linux-amd64-v1.9.1.tgz',
  )
  list(plugins, tarOf(root, ['bridge', 'portmap']), `${plugins}.sha256`)
  for (const reference of IMAGES) publishImage(server, reference, { amd64: await tinyImage(root, reference) })
}

function build({ out, server }: Context, log: (line: string) => void = () => undefined) {
  const retries = { mirrors: server.mirrors, attempts: 2, delay: 1 }
  return buildBundle({ kubernetes: KUBERNETES, architecture: 'amd64', out, log, ...retries })
}

test('a bundle has every binary and image, as published', async (context) => {
  await publishAll(context)
  const lines: string[] = []
  const bundle = await build(context, (line) => lines.push(line))
  const binaries = ['kubeadm', 'kubelet', 'kubectl', 'etcd', 'etcdctl', 'etcdutl', 'crictl', 'runc']
  for (const name of binaries) {
    const { path } = binaryOf(bundle, name)
    assert.is(fs.readFileSync(path, 'utf8'), `this is ${name}`)
    assert.is(fs.statSync(path).mode & 0o777, 0o755)
  }
  assert.is(fs.readFileSync(binaryOf(bundle, 'flannel-cni').path, 'utf8'), 'this is flannel-amd64')
  assert.equal(
    imagesOf(bundle).map(({ reference }) => reference),
    IMAGES,
  )
  assert.equal(
    bundle.items.filter(({ kind }) => kind === 'archive').map(({ file }) => file),
    ['archives/containerd-2.2.9-linux-amd64.tar.gz', 'archives/cni-plugins-linux-amd64-v1.9.1.tgz'],
  )
  assert.equal(await verifyBundle(await readBundle(context.out)), [])
  assert.is(lines.filter((line) => !line.startsWith('fetching ')).length, bundle.items.length)
})

test('making it again fetches only what is small, and makes the same', async (context) => {
  await publishAll(context)
  const first = await build(context)
  fs.writeFileSync(join(context.out, 'images/old.tar'), 'of an older bundle')
  context.server.requests.length = 0
  assert.equal((await build(context)).items, first.items)
  assert.not(fs.existsSync(join(context.out, 'images/old.tar')))
  const large = context.server.requests.filter(
    (url) => !/\/manifests\/|\.sha256(sum)?$|SHA256SUMS$/.test(url),
  )
  assert.equal(large, [])
})

test('a published checksum that does not fit is an error, and leaves no bundle', async (context) => {
  await publishAll(context)
  const path = `/dl.k8s.io/release/${KUBERNETES}/bin/linux/amd64/kubelet`
  context.server.files.set(path, Buffer.from('something else'))
  const { message } = await failure(build(context))
  assert.is(
    message,
    `${RELEASE}/kubelet has the sha256 ${sha256('something else')}, expected ${sha256('this is kubelet')}`,
  )
  assert.not(fs.existsSync(join(context.out, 'manifest.json')))
  assert.not(fs.existsSync(join(context.out, 'bin/kubelet')))
})

test('a bundle that could not be made anew is no bundle any more', async (context) => {
  await publishAll(context)
  await build(context)
  context.server.publish(`${RELEASE}/kubectl`, Buffer.from('new'), `${RELEASE}/kubectl.new`)
  context.server.files.set(
    `/dl.k8s.io/release/${KUBERNETES}/bin/linux/amd64/kubectl.sha256`,
    Buffer.from(sha256('newer')),
  )
  await failure(build(context))
  await readBundle(context.out).then(
    () => assert.unreachable(),
    (error) => assert.match(error.message, 'manifest.json is missing'),
  )
})

test('a version that was never released is an error that names it', async (context) => {
  const { message, hint } = await failure(build(context))
  assert.match(
    message,
    /dl\.k8s\.io\/release\/v1\.36\.2\/bin\/linux\/amd64\/kube\w+\.sha256: HTTP 404 Not Found/,
  )
  assert.match(hint ?? '', /^is kube\w+ v1\.36\.2 a released version\?$/)
})

test('a checksum list that does not name the file is an error', async (context) => {
  await publishAll(context)
  const path = '/github.com/opencontainers/runc/releases/download/v1.4.3/runc.sha256sum'
  context.server.files.set(path, Buffer.from(`${sha256('x')}  runc.arm64\n`))
  assert.match(
    (await failure(build(context))).message,
    /runc\.sha256sum does not name a sha256 for runc\.amd64/,
  )
})

test('a directory with other things in it is not touched', async (context) => {
  fs.mkdirSync(context.out)
  fs.writeFileSync(join(context.out, 'thesis.txt'), 'mine')
  const { message } = await failure(build(context))
  assert.is(
    message,
    `${context.out} holds something else: thesis.txt\n    name a directory that is empty, does not exist yet, or holds a bundle`,
  )
  assert.equal(context.server.requests, [])
})

for (const [version, expected] of [
  ['v1.33.1', 'Kubernetes v1.33.1 is not supported\n    supported: v1.34, v1.35, v1.36'],
  ['v1.37.0', 'Kubernetes v1.37.0 is not supported\n    supported: v1.34, v1.35, v1.36'],
  ['1.36.2', "'1.36.2' is no Kubernetes version\n    as in: v1.36.2"],
  ['v1.36', "'v1.36' is no Kubernetes version\n    as in: v1.36.2"],
  ['v1.36.2-rc.1', "'v1.36.2-rc.1' is no Kubernetes version\n    as in: v1.36.2"],
] as const) {
  test(`${version} is refused by name`, () => {
    assert.throws(
      () => resolveSources(version, 'amd64'),
      (error: Error) => error instanceof UsageError && error.message === expected,
    )
  })
}

/** A directory with the files that publishAll publishes, and their list. */
async function bring(context: Context): Promise<string> {
  await publishAll(context)
  const from = join(context.root, 'brought')
  fs.mkdirSync(from)
  const list: string[] = []
  const put = (name: string, content: Buffer) => {
    fs.writeFileSync(join(from, name), content)
    list.push(`${sha256(content)}  ${name}`)
  }
  for (const source of resolveSources(KUBERNETES, 'amd64')) {
    if (source.kind === 'image') {
      const { path } = await tinyArchive(context.root, source.reference, source.name)
      put(`${basename(source.name)}.tar`, fs.readFileSync(path))
    } else put(basename(source.url), context.server.files.get(source.url.replace('https:/', '')) as Buffer)
  }
  fs.writeFileSync(join(from, 'SHA256SUMS'), `${list.join('\n')}\n`)
  context.server.requests.length = 0
  return from
}

const collect = ({ out }: Context, from: string) =>
  collectBundle({ kubernetes: KUBERNETES, architecture: 'amd64', out, from })

test('brought files make a bundle without any network', async (context) => {
  const from = await bring(context)
  const bundle = await collect(context, from)
  assert.is(fs.readFileSync(binaryOf(bundle, 'etcdctl').path, 'utf8'), 'this is etcdctl')
  assert.equal(
    imagesOf(bundle).map(({ reference }) => reference),
    IMAGES,
  )
  assert.equal(await verifyBundle(bundle), [])
  assert.equal(context.server.requests, [])
})

test('what distributions package need not be brought', async (context) => {
  const from = await bring(context)
  for (const name of ['runc.amd64', 'cni-plugins-linux-amd64-v1.9.1.tgz']) fs.rmSync(join(from, name))
  const names = (await collect(context, from)).items.map(({ name }) => name)
  assert.not(names.includes('runc'))
  assert.ok(names.includes('containerd'))
})

test('a checksum that was brought beside its file counts too', async (context) => {
  const from = await bring(context)
  const list = join(from, 'SHA256SUMS')
  const lines = fs.readFileSync(list, 'utf8').split('\n')
  fs.writeFileSync(list, lines.filter((line) => !/kubeadm|pause|flannel3/.test(line)).join('\n'))
  for (const name of ['kubeadm', 'pause.tar', 'cni-plugin-flannel-linux-amd64-v1.9.1-flannel3.tgz']) {
    fs.writeFileSync(join(from, `${name}.sha256`), `${sha256(fs.readFileSync(join(from, name)))}  ${name}\n`)
  }
  assert.is((await collect(context, from)).kubernetes, KUBERNETES)
})

test('all that is wrong with brought files is told at once, and nothing is written', async (context) => {
  const from = await bring(context)
  fs.rmSync(join(from, 'kubeadm'))
  fs.appendFileSync(join(from, 'kubelet'), '!')
  fs.copyFileSync(join(from, 'pause.tar'), join(from, 'kube-vip.tar'))
  const list = fs.readFileSync(join(from, 'SHA256SUMS'), 'utf8')
  const pause = sha256(fs.readFileSync(join(from, 'pause.tar')))
  const changed = list.replace(/.*kubectl\n/, '').replace(/.*kube-vip\.tar/, `${pause}  kube-vip.tar`)
  fs.writeFileSync(join(from, 'SHA256SUMS'), changed)
  const error = (await failure(collect(context, from))) as UsageError
  assert.equal(
    error.problems.map(({ message, hint }) => [message.replace(`${from}/`, ''), hint]),
    [
      ['kubeadm: is missing', `from ${RELEASE}/kubeadm`],
      [
        `kubelet: has the sha256 ${sha256('this is kubelet!')}, expected ${sha256('this is kubelet')}`,
        undefined,
      ],
      ['kubectl: its sha256 is not known', 'name it in SHA256SUMS, or put kubectl.sha256 beside it'],
      [
        'kube-vip.tar: holds registry.k8s.io/pause:3.10.2, not ghcr.io/kube-vip/kube-vip:v1.2.2',
        'tag the image with that name before it is saved',
      ],
    ],
  )
  assert.not(fs.existsSync(context.out))
})

const DIGEST = sha256('x')

for (const [what, text, expected] of [
  ['a digest alone', `${DIGEST}\n`, DIGEST],
  ['a digest in capitals', DIGEST.toUpperCase(), DIGEST],
  ['a line as sha256sum writes it', `${DIGEST}  file\n`, DIGEST],
  ['a line of binary mode', `${DIGEST} *file\n`, DIGEST],
  ['a line with a path', `${DIGEST}  ./dist/file\r\n`, DIGEST],
  ['one of many lines', `${sha256('y')}  file.sig\n${DIGEST}  file\n`, DIGEST],
  ['another file', `${DIGEST}  file.sig\n`, undefined],
  ['an error page', '<html>404</html>', undefined],
  ['nothing', '', undefined],
] as const) {
  test(`a published checksum may be ${what}`, () => {
    assert.is(publishedDigest(text, 'file'), expected)
  })
}

const parse = (line: string) => parseBundleCommand(line.split(' ').filter(Boolean))

test('the flags of a build', () => {
  assert.equal(parse('--kubernetes v1.36.2 --arch arm64 --out d --mirror ghcr.io=http://m/x'), {
    command: 'build',
    kubernetes: 'v1.36.2',
    architecture: 'arm64',
    out: 'd',
    from: undefined,
    mirrors: { 'ghcr.io': 'http://m/x' },
  })
  assert.equal(parse('--verify d'), { command: 'verify', directory: 'd' })
  assert.equal(parse(''), { command: 'help' })
})

for (const [line, expected] of [
  ['--kuberntes v1.36.2', 'there is no option --kuberntes\n    did you mean --kubernetes?'],
  ['--kubernetes', '--kubernetes needs a value'],
  ['--kubernetes v1.36.2', '--out is missing: the directory of the bundle'],
  ['--out d', '--kubernetes is missing\n    as in: --kubernetes v1.36.2'],
  ['--out d --kubernetes v1.36.2 x', "'x' is one argument too many"],
  [
    '--out d --kubernetes v1.36.2 --arch arm',
    "'arm' is no architecture that bundles are made for\n    did you mean arm64?",
  ],
  ['--verify d --out e', '--verify and --out exclude each other'],
  ['--out d --kubernetes v1.36.2 --mirror x', "--mirror 'x' is no HOST=URL"],
] as const) {
  test(`'${line}' is refused`, () => {
    assert.throws(
      () => parse(line),
      (error: Error) => error instanceof UsageError && error.message.startsWith(expected),
    )
  })
}

test.run()
