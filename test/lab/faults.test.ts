// A run that changes everything on a lab host, disturbed in its middle: the next one finishes it. More of it is in long/.
import { setTimeout as sleep } from 'node:timers/promises'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { holdLock } from '../helpers/lab-connection.ts'
import { type Fault, Survival, signalFaults } from '../helpers/survival.ts'

const test = suite('faults')
const CUT = 'iptables -I INPUT -p tcp --dport 22 -j DROP'
const ALICE = `id alice >/dev/null 2>&1 || useradd -m -s /bin/sh alice; echo alice:right | chpasswd
printf 'alice ALL=(ALL:ALL) ALL\\n' >/etc/sudoers.d/alice
mkdir -p /home/alice/.ssh && cp /root/.ssh/authorized_keys /home/alice/.ssh/ && chown -R alice: /home/alice/.ssh`
const SEED = 20261121
const SIGNALS = 12
let survival: Survival

test.before(async () => {
  survival = await Survival.start(`faults-${process.pid}`)
})
test.after(async () => await survival?.end())

const FAULTS: Record<string, Fault> = {
  'sshd and all of its sessions are killed': {
    installed: true,
    async inject(run, lab) {
      await run.reaches(survival.events / 2)
      await lab.exec('m1', 'pkill -KILL -x sshd')
    },
    codes: [0, 3, 4],
    heal: 'systemctl reset-failed ssh; systemctl start ssh',
  },
  'the network is cut for some seconds': {
    installed: true,
    async inject(run, lab) {
      await run.reaches(survival.events / 3)
      await lab.exec('m1', CUT)
      await sleep(3000)
      await lab.exec('m1', CUT.replace('-I', '-D'))
    },
    codes: [0, 3, 4],
  },
  'the host loses its power and boots again': {
    installed: true,
    async inject(run, lab) {
      await run.reaches(survival.events / 2)
      await lab.kill('m1')
      await lab.start('m1')
    },
    heal: 'mountpoint -q /srv/small || { rm -rf /srv/small/*; mount -t tmpfs -o size=3m tmpfs /srv/small; }',
    codes: [0, 3, 4],
  },
  'the disk is full': {
    installed: true,
    arrange: 'dd if=/dev/zero of=/srv/small/filled bs=1k count=2500 2>/dev/null',
    heal: 'rm /srv/small/filled',
    codes: [3],
    says: /\/srv\/small\/half/,
  },
  'the file system is read-only': {
    installed: true,
    arrange: 'mount -o remount,ro /srv/small',
    heal: 'mount -o remount,rw /srv/small',
    codes: [3],
    says: /\/srv\/small\/half/,
  },
  'another process has locked the packages': {
    inject: async (_, lab) => await holdLock(lab, 'm1', '/var/lib/dpkg/lock-frontend'),
    codes: [0],
  },
  'the clock is ten years behind, and files are from the future': {
    installed: true,
    arrange: `printf '#!/bin/sh\\nexec /bin/date -d "10 years ago" "$@"\\n' >/usr/local/bin/date; chmod 755 /usr/local/bin/date
touch -d 2040-01-01 /srv/list /srv/old /etc/systemd/system /var/lib/apt/lists`,
    heal: 'rm /usr/local/bin/date; touch /var/lib/apt/lists /etc/systemd/system',
    codes: [0],
  },
}

for (const [name, fault] of Object.entries(FAULTS)) {
  test(`${name}: the next run finishes`, async () => await survival.requireSurvived(fault))
}

test('a wrong sudo password is told, and nothing is changed', async () => {
  let [before, after] = ['', '']
  await survival.requireSurvived({
    installed: true,
    arrange: ALICE,
    args: ['ansible_user=alice', 'ansible_become=true', 'ansible_become_password=not-this-one'].flatMap(
      (one) => ['-e', one],
    ),
    async inject(run) {
      before = await survival.digest()
      await run.ended
      after = await survival.digest()
    },
    codes: [4],
    says: /wrong become password for alice/,
  })
  assert.is(after, before)
})

test(`signals at ${SIGNALS} points: the next run finishes`, async () => {
  const failures = await survival.failuresOf(signalFaults(SIGNALS, survival.events, SEED))
  assert.is(failures.join('\n'), '')
})

test.run()
