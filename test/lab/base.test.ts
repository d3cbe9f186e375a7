import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { base } from '../../roles/base/index.ts'
import { RoleLab } from '../helpers/role-lab.ts'

const role = new RoleLab('base', (hosts, vars) => base({ hosts, ...vars }))
const converge = role.converge.bind(role)
const settled = role.settled.bind(role)
const out = role.out.bind(role)

test.before(() => role.up())
test.after(() => role.down())

const problem = async (vars: object = {}): Promise<string> => {
  const { failures, changes } = await converge(vars)
  assert.equal(changes, [])
  return failures.map(({ host, message }) => `${host}: ${message}`).join('\n')
}

test('check mode tells what would be done and does nothing', async () => {
  const { changes, failures } = await converge({ purposes: ['worker', 'etcd'] }, { mode: 'check' })
  assert.equal(failures, [])
  assert.ok(changes.some(({ resource }) => resource.startsWith('sysctl net.bridge')))
  assert.is(
    await out('m1', 'ls -A /etc/sysctl.d /etc/modules-load.d | grep quorate; grep -c quorate /etc/hosts'),
    '0',
  )
})

test('the first run leaves hosts that know each other, forward packets and load their modules at boot', async () => {
  const { verified, warnings } = await settled({ purposes: ['control-plane', 'worker', 'etcd'] })
  assert.equal(warnings, [])
  assert.match(verified.get('m1') ?? '', /^fit; the clocks of 2 hosts agree within \d+\.\d s$/)
  assert.is(
    await out('m1', "getent hosts m2 m1 | tr -s ' '"),
    `${role.lab.host('m2').address} m2\n${role.lab.host('m1').address} m1`,
  )
  assert.is(
    await out('m2', 'cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/bridge/bridge-nf-call-iptables'),
    '1\n1',
  )
  assert.is(
    await out('m2', 'cat /etc/modules-load.d/br_netfilter.conf /etc/modules-load.d/overlay.conf'),
    'br_netfilter\noverlay',
  )
})

test('the second run changes nothing', async () => assert.equal((await settled()).changes, []))

test('kernel parameters for protectKernelDefaults are set on request', async () => {
  await settled({ protectKernelDefaults: true })
  assert.is(await out('m1', 'cat /proc/sys/vm/overcommit_memory /proc/sys/kernel/panic'), '1\n10')
})

test('they are there again after a power cut', async () => {
  await role.lab.kill('m1')
  await role.lab.start('m1')
  assert.equal((await settled({ protectKernelDefaults: true })).changes, [])
})

test('the disk of an etcd host is measured, which leaves nothing behind', async () => {
  const { warnings } = await settled({ purposes: ['etcd'], maxFsyncMs: 0.000001 })
  assert.match(warnings[0] ?? '', /the disk under \/var\/lib\/etcd takes \d+\.\d ms for a write/)
  assert.is(await out('m1', 'find / -xdev -name ".quorate-fsync*"; ls -d /var/lib/etcd'), '')
})

test('a disk that holds a member of etcd is left alone', async () => {
  await role.lab.exec('m1', 'mkdir -p /var/lib/etcd/member')
  await role.lab.exec('m2', 'mkdir -p /var/lib/etcd/member')
  assert.equal((await settled({ purposes: ['etcd'], maxFsyncMs: 0.000001 })).warnings, [])
})

test('swap in /etc/fstab is commented out, and a copy of the file kept', async () => {
  await role.lab.exec(
    'm1',
    "printf '# disks\\n/dev/sda1 / ext4 defaults 0 1\\n/swap.img none swap sw 0 0\\n' >/etc/fstab",
  )
  const { changes } = await settled()
  assert.equal(
    changes.map(({ host, resource }) => `${host} ${resource}`),
    ['m1 file /etc/fstab'],
  )
  assert.match(
    await out('m1', 'cat /etc/fstab'),
    /^# disks\n\/dev\/sda1 .*\n# swap is off .*: \/swap.img none swap sw 0 0$/,
  )
  assert.match(await out('m1', 'cat /etc/fstab.*~'), /^\/swap.img/m)
  assert.equal((await settled()).changes, [])
})

test('all that is wrong with a host is told at once, and nothing is changed anywhere', async () => {
  const listen = 'use IO::Socket::INET; $s = IO::Socket::INET->new(LocalPort => 6443, Listen => 1); sleep 600'
  await role.lab.exec(
    'm1',
    'cat >/root/listen.pl; systemd-run --quiet --unit=listen perl /root/listen.pl',
    listen,
  )
  await role.lab.exec('m1', 'until ss -Hltn | grep -q :6443; do sleep 0.1; done')
  const found = await problem({
    purposes: ['control-plane'],
    minimumCpus: 999,
    minimumMemoryMb: 9e8,
    requireTimeSync: true,
    setHostname: true,
  })
  assert.match(
    found,
    /^m1: m1 is not fit: .*no time sync service.*MB of memory, a control plane needs.*needs 999 .*port 6443 is taken by perl, kube-apiserver needs it$/m,
  )
  assert.match(found, /^m2: m2 is not fit: .*needs 999 [^;]*$/m)
  await role.lab.exec('m1', 'systemctl stop listen')
})

test('clones are refused', async () => {
  const [own, other] = [await out('m1', 'cat /etc/machine-id'), await out('m2', 'cat /etc/machine-id')]
  await role.lab.exec('m2', `echo ${own} >/etc/machine-id; hostname m1`)
  const found = await problem()
  await role.lab.exec('m2', `echo ${other} >/etc/machine-id; hostname m2`)
  assert.match(found, /^m1: .*its hostname m1 is also that of m2.*; its machine-id is also that of m2/m)
  assert.match(found, /^m2: .*its hostname m1 is also that of m1.*; its machine-id is also that of m1/m)
})

test('a host gets its name from the inventory on request', async () => {
  await role.lab.exec('m2', 'hostname localhost; echo localhost >/etc/hostname')
  const { changes } = await settled({ setHostname: true })
  assert.equal(
    changes.map(({ host, resource }) => `${host} ${resource}`),
    ['m2 step hostname m2'],
  )
  assert.is(await out('m2', 'hostname; cat /etc/hostname'), 'm2\nm2')
})

test.run()
