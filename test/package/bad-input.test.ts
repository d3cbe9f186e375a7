// What a user may get wrong before the first host is touched, given to the real playbook.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'quorate-bad-'))
const test = suite('bad input')

// Connections would go to loopback addresses: should a refusal ever be missing, nothing leaves this machine.
const HOSTS = `[all]
m1 ansible_host=127.1.0.11 ip=203.0.113.11
m2 ansible_host=127.1.0.12 ip=203.0.113.12
m3 ansible_host=127.1.0.13 ip=203.0.113.13

[etcd]
m[1:3]

[kube-master]
m[1:3]
`
const VARS = 'cluster_name: demo\nvip: 203.0.113.100/24\npki_dir: pki\n'

test.after(() => rmSync(folder, { recursive: true, force: true }))

test('the right input is taken', () => {
  const { status, stdout, stderr } = run({ args: ['--list-hosts'] })
  assert.is(status, 0, stderr)
  assert.is(
    stdout,
    'play etcd (3 hosts, tags: etcd)\n  m1  203.0.113.11\n  m2  203.0.113.12\n  m3  203.0.113.13\n\nplay load balancer (3 hosts, tags: lb)\n  m1  203.0.113.11\n  m2  203.0.113.12\n  m3  203.0.113.13\n',
  )
})

test('plays and roles can be listed, and chosen by tag', () => {
  const { stdout } = run({ args: ['--list-tasks', '--tags', 'haproxy'] })
  assert.match(stdout, /^play load balancer \(3 hosts, tags: lb\)\n {2}haproxy {2}.*\n$/)
})

for (const [what, change, expected] of [
  [
    'a group that does not exist',
    { hosts: HOSTS.replace('[etcd]', '[etcdd]') },
    [/ha-cluster\.mjs:\d+:\d+: there is no group etcd/, /did you mean etcdd\?/],
  ],
  [
    'a misspelt section',
    { hosts: HOSTS.replace('[kube-master]', '[kube-master:childern]') },
    [/hosts\.ini:9/, /children/],
  ],
  [
    'a duplicate address',
    { hosts: HOSTS.replace('ip=203.0.113.12', 'ip=203.0.113.11') },
    [/hosts\.ini:3:\d+: duplicate address.*m1.*hosts\.ini:2/],
  ],
  [
    'an address that is none',
    { hosts: HOSTS.replace('ip=203.0.113.12', 'ip=203.0.113.256') },
    [/hosts\.ini:3.*203\.0\.113\.256/],
  ],
  [
    'a bad ssh port',
    { hosts: HOSTS.replace('ip=203.0.113.11', 'ip=203.0.113.11 ansible_port=99999') },
    [/hosts\.ini:2.*ansible_port.*99999/],
  ],
  [
    'a misspelt ansible variable',
    { hosts: HOSTS.replace('ansible_host=127.1.0.11', 'ansible_hots=127.1.0.11') },
    [/hosts\.ini:2.*ansible_hots/, /ansible_host\?/],
  ],
  [
    'a bad service port',
    { vars: `${VARS}haproxy_port: 84430\n` },
    [/all\.yml:4.*haproxy_port = 84430: expected a port from 1 to 65535/],
  ],
  [
    'a VIP outside of the subnet',
    { vars: VARS.replace('203.0.113.100', '198.51.100.100') },
    [/vip = "198\.51\.100\.100\/24".*outside/],
  ],
  [
    'a VIP that is a host',
    { vars: VARS.replace('203.0.113.100', '203.0.113.12') },
    [/vip = "203\.0\.113\.12\/24".*m2's own address/],
  ],
  [
    'a VIP without prefix',
    { vars: VARS.replace('/24', '') },
    [/all\.yml:2.*vip = "203\.0\.113\.100": .*10\.0\.0\.100\/24/],
  ],
  [
    'a missing variable',
    { vars: VARS.replace(/pki_dir.*\n/, '') },
    [/pki_dir is missing/, /group_vars\/all\.yml/],
  ],
  [
    'a misspelt variable',
    { vars: VARS.replace('cluster_name', 'cluster_nam') },
    [
      /cluster_name is missing/,
      /all\.yml:1.*nothing reads the variable cluster_nam/,
      /did you mean cluster_name\?/,
    ],
  ],
  [
    'a variable that the role does not have',
    { vars: `${VARS}etcd_datadir: /x\n` },
    [/all\.yml:4.*role etcd has no variable etcd_datadir/, /did you mean etcd_data_dir\?/],
  ],
  ['broken YAML', { vars: 'vip: [1\n' }, [/all\.yml:\d/]],
  [
    'an inventory that does not exist',
    { args: ['-i', join(folder, 'nowhere.ini')] },
    [/nowhere\.ini does not exist/],
  ],
  ['a limit that matches nothing', { args: ['-l', 'm4'] }, [/m4/, /m1/]],
  ['a tag that nothing has', { args: ['--tags', 'hapoxy'] }, [/hapoxy/, /did you mean haproxy\?/]],
  ['an unknown flag', { args: ['--chekc'] }, [/--chekc: did you mean --check\?/]],
  [
    'several things at once',
    { hosts: HOSTS.replace('[etcd]', '[etcdd]'), vars: `${VARS.replace('vip', 'vpi')}haproxy_port: x\n` },
    [/no group etcd/, /vip is missing/, /haproxy_port = "x"/],
  ],
] as const) {
  test(`${what} is refused before any host is touched`, () => {
    const { status, stdout, stderr } = run(change)
    assert.is(status, 2, stderr)
    assert.is(stdout, '')
    for (const pattern of expected) assert.match(stderr, pattern)
  })
}

function run({
  hosts = HOSTS,
  vars = VARS,
  args = [],
}: {
  hosts?: string
  vars?: string
  args?: readonly string[]
}) {
  mkdirSync(join(folder, 'group_vars'), { recursive: true })
  writeFileSync(join(folder, 'hosts.ini'), hosts)
  writeFileSync(join(folder, 'group_vars', 'all.yml'), vars)
  const command = ['playbooks/ha-cluster.mjs', '-i', join(folder, 'hosts.ini'), ...args]
  return spawnSync('node_modules/.bin/zx', command, {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1' },
  })
}

test.run()
