import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Lab, labDown, labUp } from '../../lib/lab/index.ts'
import { containerd } from '../../roles/containerd/index.ts'
import { BUSYBOX_IMAGE, BUSYBOX_IMAGE_SCRIPT } from '../helpers/busybox-image.ts'
import { type LabRun, type LabRunOptions, runInLab } from '../helpers/run-in-lab.ts'

const NAME = `test-containerd-${process.pid}`

let lab: Lab

test.before(async () => {
  lab = await labUp({ name: NAME, hosts: 2 })
})

test.after(async () => {
  await labDown(NAME)
})

async function converge(vars: object = {}, options: LabRunOptions = {}): Promise<LabRun> {
  return await runInLab(lab, () => [containerd(vars)], options)
}

const settled = async (vars: object = {}, options: LabRunOptions = {}): Promise<LabRun> => {
  const run = await converge(vars, options)
  assert.equal(run.failures, [])
  return run
}

const out = async (host: string, command: string): Promise<string> => {
  const { stdout, stderr } = await lab.exec(host, command)
  return stdout.trim() || stderr.trim()
}

const mainPid = (host: string) => out(host, 'systemctl show containerd -p MainPID')
const dumped = (host: string, key: string) =>
  out(host, `containerd config dump | grep -w '${key}' | tr -d ' '`)

test('check mode tells what would be done and does nothing', async () => {
  const { changes } = await settled({}, { mode: 'check' })
  assert.ok(changes.some(({ resource }) => resource === 'file /etc/containerd/config.toml'))
  assert.is(await out('m1', 'command -v containerd; ls /etc/containerd 2>&1 | grep -v "No such file"'), '')
})

test('the first run leaves a containerd whose CRI is ready', async () => {
  const { verified } = await settled()
  assert.match(
    verified.get('m1') ?? '',
    /^containerd 1\.\d+\.\d+\S*, CRI ready, cgroups by (cgroupfs|systemd)$/,
  )
})

test('the second run changes nothing', async () => assert.equal((await settled()).changes, []))

test('containerd has been started once, with our configuration', async () => {
  assert.is(await out('m1', 'journalctl -u containerd -o cat | grep -c "Started containerd"'), '1')
  assert.is(await dumped('m1', 'bin_dir'), 'bin_dir="/opt/cni/bin"')
})

test('containerd takes the configuration over, and says nothing against it', async () => {
  assert.is(await dumped('m1', 'sandbox_image'), 'sandbox_image="registry.k8s.io/pause:3.10.2"')
  assert.is(await dumped('m1', 'config_path'), 'config_path="/etc/containerd/certs.d"')
  assert.is(
    await out(
      'm1',
      'journalctl -u containerd -o cat | grep -E "level=(warn|error)" | grep -vE "devmapper|cni config"',
    ),
    '',
  )
})

test('what the host may not do is not asked of it', async () => {
  const capabilities = await out('m1', "sed -n 's/^CapBnd:[[:space:]]*//p' /proc/1/status")
  const restricted = (BigInt(`0x${capabilities}`) & (1n << 24n)) === 0n
  assert.is(await dumped('m1', 'restrict_oom_score_adj'), `restrict_oom_score_adj=${restricted}`)
  assert.is(await dumped('m1', 'disable_apparmor'), 'disable_apparmor=true')
})

test('cgroups are made by systemd only where it manages those of the host', async () => {
  const byCgroup2 = (await out('m1', 'stat -fc %T /sys/fs/cgroup')) === 'cgroup2fs'
  assert.is(await dumped('m1', 'SystemdCgroup'), `SystemdCgroup=${byCgroup2}`)
})

test('the CNI plugins of the distribution are where everybody looks for them', async () => {
  assert.is(
    await out('m1', 'cd /opt/cni/bin && ls bridge host-local loopback portmap'),
    'bridge\nhost-local\nloopback\nportmap',
  )
  assert.match(
    await out('m1', '/opt/cni/bin/loopback 2>&1; CNI_COMMAND=VERSION /opt/cni/bin/bridge </dev/null'),
    /cniVersion/,
  )
})

test('a container runs', async () => {
  await lab.exec('m1', 'apt-get install -y --no-install-recommends busybox-static')
  assert.is((await lab.exec('m1', BUSYBOX_IMAGE_SCRIPT)).rc, 0)
  // Not by what it prints: ctr may lose the output of a container that ends at once.
  assert.is((await lab.exec('m1', `ctr run --rm ${BUSYBOX_IMAGE} once sh -c 'exit 42'`)).rc, 42)
  assert.is(await out('m1', `ctr run --detach ${BUSYBOX_IMAGE} stays sleep 600 && ctr task ls -q`), 'stays')
})

test('a change restarts containerd and leaves the containers running', async () => {
  const before = await Promise.all(['m1', 'm2'].map(mainPid))
  const task = () => out('m1', 'ctr task ls | grep stays')
  const [task1, { changes }] = [await task(), await settled({ sandboxImage: 'registry.k8s.io/pause:3.9' })]
  assert.equal(changes.map(({ host, resource }) => `${host} ${resource}`).sort(), [
    'm1 file /etc/containerd/config.toml',
    'm1 service containerd',
    'm2 file /etc/containerd/config.toml',
    'm2 service containerd',
  ])
  const after = await Promise.all(['m1', 'm2'].map(mainPid))
  assert.is.not(after[0], before[0])
  assert.is(await task(), task1)
})

const mirrors = { 'docker.io': ['https://mirror.lan:5000'], _default: [{ url: 'http://cache.lan' }] }
const credentials = { 'registry.lan:5000': { username: 'puller', password: 'open "sesame" \\o/' } }

test('mirrors and credentials are written, the password for root alone', async () => {
  const { changes } = await settled({ mirrors, credentials })
  assert.not.match(JSON.stringify(changes), /sesame/)
  assert.is(await out('m1', 'stat -c %a /etc/containerd/config.toml'), '600')
  assert.is(await dumped('m1', 'password'), 'password="open\\"sesame\\"\\\\o/"')
  assert.match(
    await out('m1', 'cat /etc/containerd/certs.d/docker.io/hosts.toml'),
    /^server = "https:\/\/registry-1.docker.io"\n\n\[host."https:\/\/mirror.lan:5000"\]/m,
  )
  assert.equal((await settled({ mirrors, credentials })).changes, [])
})

const REGISTRY = `use IO::Socket::INET;
$server = IO::Socket::INET->new(LocalPort => 5000, Listen => 5, ReuseAddr => 1);
open($log, '>>', '/root/requests');
$log->autoflush(1);
while ($client = $server->accept) {
  while (<$client>) { print $log $_; last if /^\r?$/ }
  print $client "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
  close $client;
}
`

test('images are asked for at the mirror, and a registry that has none any more is forgotten', async () => {
  await lab.exec(
    'm1',
    'cat >/root/registry.pl; systemd-run --quiet --unit=registry perl /root/registry.pl',
    REGISTRY,
  )
  await lab.exec('m1', 'until ss -Hltn | grep -q :5000; do sleep 0.1; done')
  await settled({ mirrors: { 'registry.invalid': ['http://localhost:5000'] } })
  await lab.exec('m1', 'ctr images pull --hosts-dir /etc/containerd/certs.d registry.invalid/app:1')
  assert.match(
    await out('m1', 'cat /root/requests'),
    /^HEAD \/v2\/app\/manifests\/1\?ns=registry.invalid HTTP/,
  )
  assert.is(
    await out('m1', 'ls /etc/containerd/certs.d/*/hosts.toml'),
    '/etc/containerd/certs.d/registry.invalid/hosts.toml',
  )
})

test('a configuration that containerd refuses is not written, and containerd stays as it is', async () => {
  const before = await mainPid('m2')
  const { failures } = await converge(
    { extraConfig: '[plugins."io.containerd.grpc.v1.cri"' },
    { limit: 'm2' },
  )
  assert.match(`${failures[0]?.message} ${failures[0]?.stderr}`, /config.toml/)
  assert.not.match(await out('m2', 'cat /etc/containerd/config.toml'), /cri"\n*$/)
  assert.is(await mainPid('m2'), before)
})

test('verify tells of a containerd that does not run, and of a CRI that is disabled', async () => {
  await lab.exec('m2', 'systemctl stop containerd')
  const stopped = await converge({}, { mode: 'verify', limit: 'm2' })
  assert.match(stopped.failures[0]?.message ?? '', /^containerd does not answer: /)
  await lab.exec(
    'm2',
    `sed -i '2i disabled_plugins = ["io.containerd.grpc.v1.cri"]' /etc/containerd/config.toml; systemctl start containerd`,
  )
  const disabled = await converge({}, { mode: 'verify', limit: 'm2' })
  assert.match(disabled.failures[0]?.message ?? '', /its CRI plugin is disabled/)
  assert.match((await settled({}, { limit: 'm2' })).verified.get('m2') ?? '', /CRI ready/)
})

/** Archives as upstream lays them out, with the programs that m1 got from Debian. */
function releasesIn(folder: string): object {
  const root = lab.host('m1').root
  const pack = (name: string, from: string, members: readonly string[]) =>
    execFileSync('tar', ['-czhf', join(folder, name), '-C', from, ...members])
  mkdirSync(join(folder, 'bin'))
  const programs = ['containerd', 'containerd-shim-runc-v2', 'ctr']
  for (const name of programs) copyFileSync(join(root, 'usr/bin', name), join(folder, 'bin', name))
  pack('containerd.tar.gz', folder, ['bin'])
  pack('cni.tgz', join(root, 'usr/lib/cni'), ['.'])
  copyFileSync(join(root, 'usr/sbin/runc'), join(folder, 'runc'))
  const release = (name: string, version: string) => {
    const path = join(folder, name)
    return { path, version, sha256: createHash('sha256').update(readFileSync(path)).digest('hex') }
  }
  return {
    containerd: release('containerd.tar.gz', '1.6.20'),
    runc: release('runc', '1.1.5'),
    cniPlugins: release('cni.tgz', '1.1.1'),
  }
}

test('pinned releases are installed in place of the packages, and run', async () => {
  const packages = 'containerd runc containernetworking-plugins'
  await lab.exec('m2', `apt-get purge -y ${packages}; rm -rf /opt/cni /etc/containerd`)
  const folder = mkdtempSync(join(tmpdir(), 'quorate-releases-'))
  try {
    const source = releasesIn(folder)
    const { verified } = await settled({ source }, { limit: 'm2' })
    assert.match(verified.get('m2') ?? '', /^containerd 1\.6\.\S+, CRI ready/)
    assert.is(
      await out('m2', 'readlink /proc/$(systemctl show containerd -P MainPID)/exe'),
      '/usr/local/bin/containerd',
    )
    assert.match(await out('m2', 'CNI_COMMAND=VERSION /opt/cni/bin/bridge </dev/null'), /cniVersion/)
    assert.equal((await settled({ source }, { limit: 'm2' })).changes, [])
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test.run()
