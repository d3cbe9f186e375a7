import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Lab, labDown, labStatus, labUp, openLab, sshArguments } from '../../lib/lab/index.ts'
import { run, tryRun, waitUntil } from '../../lib/lab/run.ts'
import { BUSYBOX_IMAGE, BUSYBOX_IMAGE_SCRIPT } from '../helpers/busybox-image.ts'

// Other labs may come and go meanwhile: only what bears the name of ours is looked at.
const NAME = `test-${process.pid}`
const OTHER = `${NAME}-other`
const LABS = '/var/lib/quorate/lab'
const INDEX = new URL('../../lib/lab/index.ts', import.meta.url).href

let lab: Lab

test.before(async () => {
  lab = await labUp({ name: NAME, hosts: 2 })
})

test.after(async () => {
  for (const name of [NAME, OTHER]) await labDown(name)
})

async function ssh(host: string, command: string) {
  return await tryRun('ssh', [...sshArguments(lab), '-o', 'BatchMode=yes', lab.host(host).address, command])
}

test('every host answers over ssh under its own name', async () => {
  assert.is((await ssh('m1', 'hostname')).stdout, 'm1\n')
  assert.is((await ssh('m2', 'hostname')).stdout, 'm2\n')
})

test('a host whose key is not the recorded one is refused by ssh', async () => {
  const wrong = { key: lab.key, knownHosts: '/dev/null' }
  const { rc, stderr } = await tryRun('ssh', [...sshArguments(wrong), lab.host('m1').address, 'true'])
  assert.is(rc, 255, stderr)
})

test('hosts have booted without a failed unit', async () => {
  const { stdout } = await lab.exec('m1', 'systemctl is-system-running; systemctl --failed --no-legend')
  assert.is(stdout, 'running\n')
})

test('hosts have no Python', async () => {
  assert.is((await lab.exec('m1', 'command -v python3 python')).stdout, '')
})

test('a package installs from the archive at once', async () => {
  const { rc, stderr } = await lab.exec('m1', 'apt-get install -y tree && tree --version')
  assert.is(rc, 0, stderr)
  assert.is((await lab.exec('m2', 'command -v tree')).stdout, '')
})

test('hosts reach each other by address', async () => {
  assert.is((await lab.exec('m1', `ping -c 1 -W 5 ${lab.host('m2').address}`)).rc, 0)
})

// On cgroup2 it is one hierarchy; cgroup v1 has one for each controller.
const CGROUPS = `while read -r device path type options rest; do
  case $type in cgroup | cgroup2) mkdir "$path/lab-test" && rmdir "$path/lab-test" && echo "$path" ;; esac
done </proc/mounts`

test('a host can make cgroups of its own in every hierarchy', async () => {
  const { stdout, stderr } = await lab.exec('m1', CGROUPS)
  assert.is(stderr, '')
  assert.match(stdout, /^\/sys\/fs\/cgroup/)
})

test('a host reads /dev/kmsg, but keeps kernel messages out of its journal', async () => {
  assert.is((await lab.exec('m1', 'dd if=/dev/kmsg bs=8192 count=1 >/dev/null')).rc, 0)
  assert.is((await lab.exec('m1', 'journalctl --quiet --dmesg')).stdout, '')
})

test('the kernel parameters that a kubelet sets are the host’s own', async () => {
  const before = read('/proc/sys/kernel/panic')
  const { stdout } = await lab.exec('m1', 'echo 77 >/proc/sys/kernel/panic && sysctl kernel.panic')
  assert.is(stdout, 'kernel.panic = 77\n')
  assert.is(read('/proc/sys/kernel/panic'), before)
})

test('mounts of a host reach the mount namespaces of its containers', async () => {
  assert.is((await lab.exec('m1', 'findmnt -n -o PROPAGATION /')).stdout, 'shared\n')
})

test('containerd and runc run a container with limits, also after a power cut', async () => {
  const packages = 'containerd runc busybox-static'
  const { rc, stderr } = await lab.exec('m1', `apt-get install -y --no-install-recommends ${packages}`)
  assert.is(rc, 0, stderr)
  assert.is((await lab.exec('m1', BUSYBOX_IMAGE_SCRIPT)).rc, 0)
  // The exit code tells: ctr may lose the output of a container that ends at once.
  const run = `ctr run --rm --memory-limit 50000000 ${BUSYBOX_IMAGE} test sh -c 'exit 42'`
  const first = await lab.exec('m1', run)
  assert.is(first.rc, 42, first.stderr)
  await lab.kill('m1')
  await lab.start('m1')
  const second = await lab.exec('m1', run)
  assert.is(second.rc, 42, second.stderr)
})

test('no other user can read the files of a lab', () => {
  assert.is(statSync(join(LABS, NAME)).mode & 0o777, 0o700)
  assert.is(statSync(lab.key).mode & 0o777, 0o600)
})

test('the root of a host is seen from outside', () => {
  assert.is(readFileSync(join(lab.host('m2').root, 'etc/hostname'), 'utf8'), 'm2\n')
})

test('exec passes stdin and reports stdout, stderr and the exit code apart', async () => {
  const output = await lab.exec('m1', 'cat; echo err >&2; exit 3', 'in')
  assert.equal(output, { stdout: 'in', stderr: 'err\n', rc: 3 })
})

test('a host that a lab has not got is named', async () => {
  assert.throws(() => lab.host('m9'), /no host m9\n.*m1, m2/)
})

test('a killed host is gone and comes back with its files and address', async () => {
  await lab.exec('m2', 'echo kept > /root/file')
  await lab.kill('m2')
  const states = () =>
    labStatus()
      .find(({ name }) => name === NAME)
      ?.hosts.map(({ up }) => up)
  assert.equal(states(), [true, false])
  assert.is.not((await ssh('m2', 'true')).rc, 0)
  await lab.start('m2')
  assert.is((await ssh('m2', 'cat /root/file')).stdout, 'kept\n')
})

test('killing a host that is down does nothing', async () => {
  await lab.kill('m2')
  await lab.kill('m2')
  await lab.start('m2')
})

test('a host that does not boot fails with the end of its console', async () => {
  const init = join(lab.host('m2').root, 'usr/lib/systemd/systemd')
  await lab.kill('m2')
  renameSync(init, `${init}.away`)
  const error = await lab.start('m2').catch((thrown: Error) => thrown)
  renameSync(`${init}.away`, init)
  assert.match(String(error), /host m2 of lab .* does not run; the end of its console:\n.*systemd/s)
  await lab.start('m2')
})

test('a second up of the same hosts uses the lab as it is and starts what is down', async () => {
  const before = (await lab.exec('m1', 'cat /proc/sys/kernel/random/boot_id; stat -c %y /proc/1')).stdout
  await lab.kill('m2')
  await labUp({ name: NAME, hosts: 2 })
  assert.is((await lab.exec('m1', 'cat /proc/sys/kernel/random/boot_id; stat -c %y /proc/1')).stdout, before)
  assert.is((await ssh('m2', 'true')).rc, 0)
})

test('a second up with other hosts is refused', async () => {
  const error = await labUp({ name: NAME, hosts: 3 }).catch((thrown: Error) => thrown)
  assert.match(String(error), /is up with other hosts: m1, m2/)
})

test('an opened lab is the one that was started', async () => {
  assert.is((await (await openLab(NAME)).exec('m1', 'hostname')).stdout, 'm1\n')
})

test('two labs are up at once, and the end of one leaves the other alone', async () => {
  const other = await labUp({ name: OTHER, hosts: ['m1', 'with-a-rather-long-name'] })
  assert.is.not(other.network, lab.network)
  assert.is((await other.exec('with-a-rather-long-name', 'hostname')).stdout, 'with-a-rather-long-name\n')
  const traces = await findTraces(OTHER)
  assert.equal(
    Object.values(traces).map((found) => found.length > 0),
    [true, true, true, true, true, true],
  )
  await other.down()
  await assertGone(OTHER, traces)
  assert.is((await ssh('m1', 'true')).rc, 0)
})

test('down of a lab that is not there does nothing', async () => {
  await labDown(`${NAME}-none`)
})

test('opening a lab that is not there says how to start it', async () => {
  const error = await openLab(OTHER).catch((thrown: Error) => thrown)
  assert.match(String(error), /no lab named/)
})

// The steps of a start: recorded, bridge there, root mounted, process there.
const moments: [string, () => boolean][] = [
  ['its record is written', () => existsSync(join(LABS, OTHER, 'lab.json'))],
  ['its first root is mounted', () => mounts(OTHER).length > 0],
  ['its first process runs', () => processes(OTHER).length > 0],
  ['its hosts are booting', () => processes(OTHER).length > 12],
]
for (const [moment, hasCome] of moments) {
  test(`a start that is killed when ${moment} is cleaned up by down`, async () => {
    const starting = startInProcess()
    assert.ok(await waitUntil(hasCome, 60))
    await end(starting)
    const traces = await findTraces(OTHER)
    await labDown(OTHER)
    await assertGone(OTHER, traces)
  })
}

test('a start that is killed is cleaned up by the next start', async () => {
  const starting = startInProcess()
  assert.ok(await waitUntil(() => processes(OTHER).length > 0, 60))
  await end(starting)
  const again = await labUp({ name: OTHER, hosts: 1 })
  assert.is((await again.exec('m1', 'hostname')).stdout, 'm1\n')
  await again.down()
})

test('down leaves nothing behind', async () => {
  const traces = await findTraces(NAME)
  await lab.down()
  await assertGone(NAME, traces)
})

/** A labUp in a process of its own, which can be killed. */
function startInProcess(): ChildProcess {
  const script = `import { labUp } from '${INDEX}'; await labUp({ name: '${OTHER}', hosts: 2 })`
  return spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    stdio: 'ignore',
  })
}

async function end(child: ChildProcess): Promise<void> {
  const closed = new Promise((resolve) => child.once('close', resolve))
  child.kill('SIGKILL')
  await closed
}

interface Traces {
  readonly files: string[]
  readonly mounts: string[]
  readonly links: string[]
  readonly rules: string[]
  readonly cgroups: string[]
  readonly processes: string[]
}

/** All that a lab has on this machine, found without the code under test. */
async function findTraces(name: string, record = readRecord(name)): Promise<Traces> {
  const { bridge = 'none' } = record
  const ports = `vb-${bridge.replace('qlab-', 'q')}`
  const links = (await run('ip', ['-o', 'link'])).split('\n')
  const rules = (await run('iptables-save', [])).split('\n')
  return {
    files: existsSync(join(LABS, name)) ? [join(LABS, name)] : [],
    mounts: mounts(name),
    links: links.filter((line) => line.includes(bridge) || line.includes(ports)),
    rules: rules.filter((line) => line.includes(`${bridge} `)),
    cgroups: cgroups(name),
    processes: processes(name),
  }
}

async function assertGone(name: string, before: Traces): Promise<void> {
  const bridge = /qlab-\d+-\d+/.exec(`${before.links} ${before.rules}`)?.[0]
  const after = await findTraces(name, bridge === undefined ? {} : { bridge })
  assert.equal(after, { files: [], mounts: [], links: [], rules: [], cgroups: [], processes: [] })
  assert.equal(before.processes.filter(isAlive), [])
}

function readRecord(name: string): { bridge?: string } {
  const file = join(LABS, name, 'lab.json')
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {}
}

function mounts(name: string): string[] {
  return readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .filter((line) => line.includes(`/lab/${name}/`))
}

function cgroups(name: string): string[] {
  const parents = [
    '/sys/fs/cgroup',
    ...readdirSync('/sys/fs/cgroup').map((entry) => join('/sys/fs/cgroup', entry)),
  ]
  const folders = parents.filter((parent) => statSync(parent).isDirectory())
  return folders.flatMap((folder) =>
    readdirSync(folder).filter((entry) => entry.startsWith(`quorate.${name}.`)),
  )
}

/** `pid starttime` of the processes in a lab's cgroups (nothing else has both the same), but for unreaped ones. */
function processes(name: string): string[] {
  const pids = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))
  const own = pids.filter((pid) => read(`/proc/${pid}/cgroup`).includes(`quorate.${name}.`) && !isZombie(pid))
  return own.map((pid) => `${pid} ${startTime(pid)}`)
}

function isAlive(process: string): boolean {
  const [pid = '', started] = process.split(' ')
  return startTime(pid) === started && !isZombie(pid)
}

function isZombie(pid: string): boolean {
  return /^State:\s+Z/m.test(read(`/proc/${pid}/status`))
}

function startTime(pid: string): string {
  return (
    read(`/proc/${pid}/stat`)
      .replace(/^.*\) /, '')
      .split(' ')[19] ?? ''
  )
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

test.run()
