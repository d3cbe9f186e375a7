// What kube-vip asks the network before anything is changed; the rest of it needs a cluster: test/cluster/stacked.test.ts.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { AppliedRole, Host } from '../../lib/index.ts'
import { type Lab, labDown, labUp } from '../../lib/lab/index.ts'
import { kubeVip } from '../../roles/kube-vip/index.ts'
import { runInLab } from '../helpers/run-in-lab.ts'

const NAME = `test-kube-vip-${process.pid}`
const MASTERS = ['m1', 'm2']
// A machine of the network that has nothing to do with them.
const STRANGER = 'm3'

let lab: Lab
let vip: string
let device: string

test.before(async () => {
  lab = await labUp({ name: NAME, hosts: [...MASTERS, STRANGER] })
  vip = lab.network.replace(/0\/24$/, '5')
  device = await out('m1', "ip -o -4 route show scope link | awk '{print $3}'")
})

test.after(async () => {
  await labDown(NAME)
})

const out = async (host: string, command: string): Promise<string> =>
  (await lab.exec(host, command)).stdout.trim()

/** The role as far as its preflight. */
function asking(hosts: readonly Host[]): AppliedRole {
  const applied = kubeVip({ vip: `${vip}/24`, masters: hosts })
  const { verify: _, ...definition } = applied.definition
  return { ...applied, definition: { ...definition, converge: async () => undefined } }
}

/** What each master says is in the way. */
async function refusals(): Promise<string[]> {
  const { failures } = await runInLab(lab, (hosts) => [asking(hosts)], { hosts: MASTERS.join(',') })
  return failures.map(({ message }) => message)
}

async function during(host: string, begin: string, end: string, holds: () => Promise<void>): Promise<void> {
  await lab.exec(host, begin)
  try {
    await holds()
  } finally {
    await lab.exec(host, end)
  }
}

const address = (verb: 'add' | 'delete', prefix: number) =>
  `ip address ${verb} ${vip}/${prefix} dev ${device}`

test('a VIP that nobody has is taken', async () => {
  assert.equal(await refusals(), [])
})

test('a VIP that a stranger has is refused, by all masters', async () => {
  await during(STRANGER, address('add', 24), address('delete', 24), async () => {
    const found = await refusals()
    assert.is(found.length, MASTERS.length)
    for (const message of found)
      assert.match(
        message,
        new RegExp(`the VIP ${vip} is in use on ${device} by [0-9a-f:]{17}, which is none`),
      )
  })
  assert.equal(await refusals(), [])
})

test('a VIP from the configuration of the network is refused on the host that has it', async () => {
  await during('m1', address('add', 24), address('delete', 24), async () => {
    const found = await refusals()
    assert.is(found.length, 1)
    assert.match(found[0] ?? '', `this host already has the VIP ${vip} on ${device}, and not from kube-vip`)
  })
})

test('a VIP that a kube-vip on a master has left is taken', async () => {
  await during('m1', address('add', 32), address('delete', 32), async () => {
    assert.equal(await refusals(), [])
  })
})

test('a host where keepalived moves the VIP is refused', async () => {
  const unit = '/etc/systemd/system/keepalived.service'
  const text = '[Service]\\nExecStart=/bin/sleep 1\\n[Install]\\nWantedBy=multi-user.target\\n'
  const begin = `mkdir -p /etc/keepalived && echo '  ${vip}/24 dev ${device}' >/etc/keepalived/keepalived.conf
printf '${text}' >${unit} && systemctl enable keepalived`
  await during('m2', begin, `systemctl disable keepalived; rm -rf ${unit} /etc/keepalived`, async () => {
    const found = await refusals()
    assert.is(found.length, 1)
    assert.match(found[0] ?? '', `keepalived is set up on this host to move the VIP ${vip}`)
  })
})

test.run()
