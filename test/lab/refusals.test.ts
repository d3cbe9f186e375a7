// What only hosts can tell, and what must be told before the first of them is changed: one run of the playbook tells all.
import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Lab, labDown, labUp } from '../../lib/lab/index.ts'
import { tinyBundle } from '../helpers/tiny-bundle.ts'

const NAME = `test-refusals-${process.pid}`
const root = fileURLToPath(new URL('../..', import.meta.url))
const test = suite('refusals')
const names = ['m1', 'm2', 'w1'] as const
let lab: Lab
let folder: string
let vip: string

test.before(async () => {
  lab = await labUp({ name: NAME, hosts: [...names] })
  folder = join(dirname(lab.inventory), 'test')
  mkdirSync(join(folder, 'group_vars'), { recursive: true })
  vip = lab.network.replace(/0\/24$/, '10')
  const groups = '[etcd]\nm[1:2]\n\n[kube-master]\nm[1:2]\n\n[kube-node]\nw1\n'
  const hosts = readFileSync(lab.inventory, 'utf8').replace(/^\[(etcd|kube-master|kube-node)\][^[]*/gm, '')
  writeFileSync(join(folder, 'hosts.ini'), `${hosts}\n${groups}`)
  const bundle = tinyBundle(join(folder, 'bundle'))
  writeFileSync(
    join(folder, 'group_vars', 'all.yml'),
    `cluster_name: test\nvip: ${vip}/24\npki_dir: pki\nbundle: ${bundle}\netcd_source: package\n`,
  )
})

test.after(async () => await labDown(NAME))

/** Puts everything in the way that a run has to find. */
async function obstruct(): Promise<void> {
  const { address } = lab.host('w1')
  await exec(
    'w1',
    `ip address add ${vip}/24 dev "$(ip -o -4 address show to ${address}/32 | awk '{ print $2 }')"`,
  )
  await exec(
    'w1',
    `mkdir -p /etc/kubernetes && cd /etc/kubernetes &&
     openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=theirs -keyout /dev/null -out /root/ca.crt 2>/dev/null &&
     echo "    certificate-authority-data: $(base64 -w 0 /root/ca.crt)" >kubelet.conf`,
  )
  await exec(
    'm2',
    `mkdir -p /etc/kubernetes/manifests && printf '    - name: address\\n      value: "${vip}"\\n' >/etc/kubernetes/manifests/kube-vip.yaml`,
  )
}

for (const mode of ['a run', 'check mode'] as const) {
  test(`${mode} tells all that is in the way on hosts, and changes none of them`, async () => {
    if (mode === 'a run') await obstruct()
    const before = await Promise.all(names.map(state))
    const { rc, output } = await playbook(...(mode === 'a run' ? [] : ['--check']))
    assert.is(rc, 3, output)
    assert.match(
      output,
      new RegExp(`the VIP ${vip} is in use on \\S+ by [0-9a-f:]+, which is none of the members`),
    )
    assert.match(output, /w1 is a node of a cluster that none of the masters is in/)
    assert.match(output, /the distribution's etcd 3\.4\.\d+ is too old: 3\.5\.24 is the oldest/)
    assert.match(output, `kube-vip is set up on this host to move the VIP ${vip}`)
    assert.match(output, /nothing was changed on any host, because of what is in the way on/)
    for (const name of names) assert.match(output, new RegExp(`^${name} +0 +0 +`, 'm'))
    assert.equal(await Promise.all(names.map(state)), before)
  })
}

/** What a run would leave first. */
async function state(host: string): Promise<string> {
  return await exec(
    host,
    `ls -d /etc/haproxy /etc/keepalived /etc/etcd /etc/containerd /etc/sysctl.d/* /etc/modules-load.d/* 2>/dev/null; dpkg -l | wc -l; md5sum /etc/hosts`,
  )
}

async function exec(host: string, command: string): Promise<string> {
  const { stdout, stderr, rc } = await lab.exec(host, command)
  assert.is(rc, 0, stderr)
  return stdout
}

function playbook(...args: readonly string[]): Promise<{ rc: number | null; output: string }> {
  const command = [
    'node_modules/zx/build/cli.js',
    'playbooks/ha-cluster.mjs',
    '-i',
    join(folder, 'hosts.ini'),
  ]
  const child = spawn(process.execPath, [...command, ...args], {
    cwd: root,
    env: { ...process.env, NO_COLOR: '1' },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
  return new Promise((resolve) => child.on('close', (rc) => resolve({ rc, output })))
}

test.run()
