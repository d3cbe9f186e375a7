import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Secret } from '../../lib/index.ts'
import { cgroupDriver, configToml } from '../../roles/containerd/config.ts'
import { judge } from '../../roles/containerd/health.ts'
import { parsePresent } from '../../roles/containerd/observe.ts'
import { hostsToml, registryFiles } from '../../roles/containerd/registries.ts'
import { containerdVars } from '../../roles/containerd/vars.ts'

const MACHINE = { systemdCgroups: true, container: false, mayLowerOomScore: true }
const CONTAINER = { systemdCgroups: false, container: true, mayLowerOomScore: false }

const config = (version: string, vars: object = {}, host = MACHINE): string =>
  configToml(containerdVars.parse(vars), version, host)

test('containerd 1.6 and 1.7 get configuration version 2', () => {
  assert.is(
    config('1.7.24'),
    `# Written by Quorate (role containerd): the next run undoes what is changed here.
version = 2

[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "registry.k8s.io/pause:3.10.2"
disable_apparmor = false
restrict_oom_score_adj = false

[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/opt/cni/bin"
conf_dir = "/etc/cni/net.d"

[plugins."io.containerd.grpc.v1.cri".containerd]
default_runtime_name = "runc"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
SystemdCgroup = true

[plugins."io.containerd.grpc.v1.cri".registry]
config_path = "/etc/containerd/certs.d"
`,
  )
})

test('containerd 2 gets configuration version 3', () => {
  assert.is(
    config('2.1.4', {}, CONTAINER),
    `# Written by Quorate (role containerd): the next run undoes what is changed here.
version = 3

[plugins."io.containerd.cri.v1.images".pinned_images]
sandbox = "registry.k8s.io/pause:3.10.2"

[plugins."io.containerd.cri.v1.images".registry]
config_path = "/etc/containerd/certs.d"

[plugins."io.containerd.cri.v1.runtime"]
disable_apparmor = true
restrict_oom_score_adj = true

[plugins."io.containerd.cri.v1.runtime".cni]
bin_dirs = ["/opt/cni/bin"]
conf_dir = "/etc/cni/net.d"

[plugins."io.containerd.cri.v1.runtime".containerd]
default_runtime_name = "runc"

[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
SystemdCgroup = false
`,
  )
})

test('containerd 2.0 knows one directory of CNI plugins only', () => {
  assert.match(config('2.0.5'), /^bin_dir = "\/opt\/cni\/bin"$/m)
})

test('what the host suggests can be overruled', () => {
  const vars = { cgroupDriver: 'cgroupfs', disableApparmor: true, restrictOomScoreAdj: true }
  const text = config('1.6.20', vars)
  for (const line of ['SystemdCgroup = false', 'disable_apparmor = true', 'restrict_oom_score_adj = true']) {
    assert.ok(text.includes(`${line}\n`), line)
  }
})

for (const [version, table] of [
  ['1.6.20', 'plugins."io.containerd.grpc.v1.cri".registry.configs'],
  ['2.1.4', 'plugins."io.containerd.cri.v1.images".registry.configs'],
]) {
  test(`credentials stand in the configuration of containerd ${version}, escaped`, () => {
    const credentials = {
      'registry.lan:5000': { username: 'puller', password: 'a"b\\c' },
      'docker.io': { username: 'me', password: new Secret('hub-token') },
    }
    const text = config(version as string, { credentials })
    assert.ok(
      text.includes(`[${table}."registry.lan:5000".auth]\nusername = "puller"\npassword = "a\\"b\\\\c"\n`),
      text,
    )
    assert.ok(
      text.includes(`[${table}."registry-1.docker.io".auth]\nusername = "me"\npassword = "hub-token"\n`),
      text,
    )
  })
}

test('credentials that containerd would not read are refused', () => {
  const credentials = { 'registry.lan': { username: 'puller', password: 'sesame' } }
  assert.throws(() => config('2.3.0', { credentials }), /containerd 2.3.0 takes no credentials/)
  assert.match(config('2.3.0'), /^version = 3$/m)
})

test('more configuration comes last', () => {
  assert.match(
    config('1.7.24', { extraConfig: '[debug]\nlevel = "debug"' }),
    /\n\n\[debug\]\nlevel = "debug"\n$/,
  )
})

const mirrorsOf = (mirrors: object) => containerdVars.parse({ mirrors }).mirrors

test('hosts.toml names each mirror in order, then the registry', () => {
  const mirrors = mirrorsOf({
    'docker.io': [
      'https://mirror.lan',
      { url: 'https://harbor.lan/v2/hub', ca: '-----BEGIN CERTIFICATE-----\n', overridePath: true },
      { url: 'https://old.lan', skipVerify: true },
    ],
  })
  assert.is(
    hostsToml('docker.io', mirrors['docker.io'] ?? []),
    `# Written by Quorate (role containerd): the next run undoes what is changed here.

server = "https://registry-1.docker.io"

[host."https://mirror.lan"]
capabilities = ["pull", "resolve"]

[host."https://harbor.lan/v2/hub"]
capabilities = ["pull", "resolve"]
ca = "/etc/containerd/certs.d/docker.io/ca-2.crt"
override_path = true

[host."https://old.lan"]
capabilities = ["pull", "resolve"]
skip_verify = true
`,
  )
})

test('mirrors of all registries leave each its own server', () => {
  const text = hostsToml('_default', mirrorsOf({ _default: ['http://cache.lan'] })._default ?? [])
  assert.not.match(text, /^server/m)
})

test('a registry without mirrors loses the file that it had from us', () => {
  const mirrors = mirrorsOf({ 'quay.io': ['https://mirror.lan'] })
  assert.equal(
    registryFiles({ mirrors }, ['quay.io', 'docker.io']).map(({ kind, name }) => `${kind} ${name}`),
    [
      'directory /etc/containerd/certs.d',
      'directory /etc/containerd/certs.d/quay.io',
      'file /etc/containerd/certs.d/quay.io/hosts.toml',
      'absent /etc/containerd/certs.d/docker.io/hosts.toml',
    ],
  )
})

const ANSWER = `version containerd github.com/containerd/containerd 1.6.20~ds1 1.6.20~ds1-1+deb12u3
candidate 1.6.20~ds1-1+deb12u3
cgroup tmpfs
slice /sys/fs/cgroup/systemd/system.slice
slice /sys/fs/cgroup/unified/system.slice
container yes
capabilities 000001fffeffffff
task /run/containerd/io.containerd.runtime.v2.task/k8s.io/0123
hosts /etc/containerd/certs.d/docker.io/hosts.toml`

test('the answer of a host is read', () => {
  assert.equal(parsePresent(ANSWER), {
    version: '1.6.20',
    candidate: '1.6.20',
    systemdCgroups: false,
    container: true,
    mayLowerOomScore: false,
    runsContainers: true,
    registries: ['docker.io'],
  })
})

test('a host without containerd may have a candidate', () => {
  const present = parsePresent(
    'version \ncandidate 1.7.24~ds1-6\ncgroup cgroup2fs\ncapabilities 000001ffffffffff',
  )
  assert.is(present.version, undefined)
  assert.is(present.candidate, '1.7.24')
  assert.ok(present.mayLowerOomScore)
  assert.not(present.container || present.runsContainers)
})

const versions: [string, string | undefined][] = [
  ['containerd containerd.io 1.7.27 05044ec0a9a75232cad458027ca83437aae3f4da', '1.7.27'],
  ['containerd github.com/containerd/containerd/v2 v2.1.4 75cb2b7193e4e490e9fbdc236c0e811ccaba3376', '2.1.4'],
  ['containerd github.com/containerd/containerd/v2 2.0.0-rc.3', '2.0.0'],
  ['', undefined],
]
for (const [text, version] of versions) {
  test(`the version in '${text}' is ${version}`, () => {
    assert.is(parsePresent(`version ${text}`).version, version)
  })
}

const hierarchies: [title: string, answer: string, driver: string][] = [
  ['cgroup2', 'cgroup cgroup2fs', 'systemd'],
  ['cgroup v1 that systemd manages', 'cgroup tmpfs\nslice /sys/fs/cgroup/pids/system.slice', 'systemd'],
  ['cgroup v1 beside systemd', 'cgroup tmpfs\nslice /sys/fs/cgroup/systemd/system.slice', 'cgroupfs'],
]
for (const [title, answer, driver] of hierarchies) {
  test(`on ${title} the cgroup driver is ${driver}`, () => {
    assert.is(cgroupDriver(containerdVars.parse({}), parsePresent(answer)), driver)
  })
}

const CTR = 'ctr Client:\nctr   Version:  1.6.20~ds1\nctr \nctr Server:\nctr   Version:  1.6.20~ds1\n'
const CRI = 'plugin io.containerd.grpc.v1           cri                      linux/amd64    ok        \n'

test('a containerd that works is described', () => {
  assert.is(
    judge(`${CTR}${CRI}config SystemdCgroup = true\n`),
    'containerd 1.6.20~ds1, CRI ready, cgroups by systemd',
  )
})

test('a runtime that only lacks its network is ready', () => {
  const info =
    'crictl {\ncrictl   "status": true,\ncrictl   "type": "RuntimeReady"\ncrictl  "status": false,\ncrictl  "type": "NetworkReady"\n'
  assert.match(judge(CTR + CRI + info), /CRI ready/)
})

const ill: [title: string, answer: string, message: RegExp][] = [
  ['does not answer', 'ctr ctr: failed to dial', /does not answer: ctr: failed to dial/],
  ['has no CRI plugin', CTR, /its CRI plugin is disabled/],
  ['could not load its CRI plugin', CTR + CRI.replace('ok', 'error'), /its CRI plugin is error/],
  ['has no runc', `${CTR}${CRI}missing runc`, /runc is not installed/],
  [
    'is not ready',
    `${CTR}${CRI}crictl   "status": false,\ncrictl   "type": "RuntimeReady"`,
    /the container runtime is not ready/,
  ],
  ['does not answer to crictl', `${CTR}${CRI}crictl connection refused`, /not ready: connection refused/],
]
for (const [title, answer, message] of ill) {
  test(`a containerd that ${title} is told`, () => assert.throws(() => judge(answer), message))
}

const sha256 = 'a'.repeat(64)
const refused: [title: string, vars: object, message: RegExp][] = [
  ['another source', { source: 'docker' }, /source: expected 'package', or releases/],
  ['a release without a digest', { source: { containerd: { path: 'x', version: '2.1.4' } } }, /source/],
  ['half of the releases', { source: { containerd: { path: 'x', version: '2.1.4', sha256 } } }, /source/],
  ['another cgroup driver', { cgroupDriver: 'cgroup2' }, /cgroupDriver/],
  ['a mirror without a scheme', { mirrors: { 'docker.io': ['mirror.lan:5000'] } }, /mirrors.docker.io/],
  [
    'a registry with no mirrors',
    { mirrors: { 'docker.io': [] } },
    /mirrors.docker.io: give at least one URL/,
  ],
  [
    'a registry that is a URL',
    { mirrors: { 'https://docker.io': ['https://mirror.lan'] } },
    /expected a registry|Invalid key/,
  ],
  ['a registry that is a path', { credentials: { '../x': { username: 'a', password: 'b' } } }, /credentials/],
  [
    'credentials without a password',
    { credentials: { 'docker.io': { username: 'a' } } },
    /credentials.docker.io.password/,
  ],
  ['a sandbox image with a quote', { sandboxImage: 'pause"' }, /sandboxImage: expected the name of an image/],
  ['a relative directory', { cniBinDir: 'bin' }, /cniBinDir: expected an absolute path/],
]
for (const [title, vars, message] of refused) {
  test(`refuses ${title}`, () => {
    const issues = containerdVars.safeParse(vars).error?.issues ?? []
    assert.match(issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('\n'), message)
  })
}

test('a password does not show where the variables are printed', () => {
  const vars = containerdVars.parse({
    credentials: { 'docker.io': { username: 'me', password: 'hub-token' } },
  })
  assert.not.match(JSON.stringify(vars), /hub-token/)
})

test('every variable describes itself', () => {
  const silent = Object.entries(containerdVars.shape).filter(([, field]) => field.description === undefined)
  assert.equal(silent, [])
})

test.run()
