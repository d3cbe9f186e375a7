// What takes too long for every change: signals at a hundred points, long cuts of the network, a reboot, a wrong password.
import { setTimeout as sleep } from 'node:timers/promises'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Survival, seeded, signalFaults } from '../../helpers/survival.ts'

const test = suite('faults, at length')
const ALICE = `id alice >/dev/null 2>&1 || useradd -m -s /bin/sh alice; echo alice:right | chpasswd
printf 'alice ALL=(ALL:ALL) ALL\\n' >/etc/sudoers.d/alice
mkdir -p /home/alice/.ssh && cp /root/.ssh/authorized_keys /home/alice/.ssh/ && chown -R alice: /home/alice/.ssh`
const CUT = 'iptables -I INPUT -p tcp --dport 22 -j DROP'
const SEED = Number(process.env.SEED ?? 20261121)
let survival: Survival

test.before(async () => {
  survival = await Survival.start(`faults-long-${process.pid}`)
})
test.after(async () => await survival?.end())

test('signals at a hundred points: the next run finishes', async () => {
  const failures: string[] = []
  for (const { name, ...fault } of signalFaults(100, survival.events, SEED)) {
    await survival.requireSurvived(fault).catch((error: Error) => failures.push(`${name}: ${error.message}`))
  }
  assert.equal(failures, [])
})

test('the network is cut for longer than a connection lives: the next run finishes', async () => {
  const random = seeded(SEED)
  for (const seconds of [20, 45, 90]) {
    await survival.requireSurvived({
      installed: true,
      async inject(run, lab) {
        await run.reaches(Math.ceil(random() * survival.events))
        await lab.exec('m1', CUT)
        await sleep(seconds * 1000)
        await lab.exec('m1', CUT.replace('-I', '-D'))
      },
      codes: [0, 3, 4],
    })
  }
})

test('the host is rebooted in the middle: the next run finishes', async () => {
  await survival.requireSurvived({
    installed: true,
    async inject(run, lab) {
      await run.reaches(survival.events / 2)
      await lab.kill('m1')
      await lab.start('m1')
    },
    heal: 'mountpoint -q /srv/small || { rm -rf /srv/small/*; mount -t tmpfs -o size=3m tmpfs /srv/small; }',
    codes: [0, 3, 4],
  })
})

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

test.run()
