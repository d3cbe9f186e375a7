// What a user may get wrong before the first host is touched, given to the real playbook.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type TinyBundleOptions, tinyBundle } from '../helpers/tiny-bundle.ts'

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

// All of Kubernetes by name: the plays of a whole cluster.
const bundle = (name: string, options: TinyBundleOptions = {}) =>
  `${VARS}bundle: ${tinyBundle(join(folder, name), options)}\n`
const WITH_NODES = `${HOSTS}\n[kube-node]\nm1\n`
const LB = `${WITH_NODES.replace('[etcd]', 'lb1 ip=203.0.113.21\nlb2 ip=203.0.113.22\n\n[etcd]')}\n[load-balancer]\nlb1\nlb2\n`
const EXTERNAL = 'balancer: external\nloadbalancer_apiserver: { address: 203.0.113.50, port: 6443 }\n'
const without = (vars: string, name: string) => vars.replace(new RegExp(`^${name}:.*\\n`, 'm'), '')

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
  [
    'a bundle that is not there',
    { hosts: WITH_NODES, vars: `${VARS}bundle: nowhere\n` },
    [/there is no bundle .*nowhere/, /npm run bundle/],
  ],
  [
    'a bundle that lacks a program',
    { hosts: WITH_NODES, vars: bundle('incomplete', { without: ['kubelet', 'pause'] }) },
    [/incomplete has no binary kubelet/, /has no image pause/],
  ],
  [
    'a version of Kubernetes that is not supported',
    { hosts: WITH_NODES, vars: bundle('old', { kubernetes: 'v1.30.1' }) },
    [/Kubernetes v1\.30\.1 is not supported: 1\.34, 1\.35, 1\.36 are/],
  ],
  [
    'an etcd that is too old for kubeadm',
    { hosts: WITH_NODES, vars: bundle('old-etcd', { etcd: 'v3.5.23' }) },
    [/etcd 3\.5\.23 is too old: 3\.5\.24/],
  ],
  [
    'an etcd of the inventory that is too old for kubeadm',
    {
      hosts: WITH_NODES,
      vars: `${bundle('etcd-given')}etcd_source: { url: 'https://203.0.113.9/etcd.tar.gz', sha256: '${'0'.repeat(64)}', version: 3.4.23 }\n`,
    },
    [/all\.yml:5.*etcd 3\.4\.23 is too old/],
  ],
  [
    'networks of pods and Services that overlap',
    { hosts: WITH_NODES, vars: `${bundle('networks')}pod_subnet: 10.96.0.0/16\n` },
    [/all\.yml:5.*pod_subnet 10\.96\.0\.0\/16 overlaps service_subnet 10\.96\.0\.0\/12/],
  ],
  [
    'a network of pods that overlaps that of the hosts',
    { hosts: WITH_NODES, vars: `${bundle('networks')}pod_subnet: 203.0.112.0/20\n` },
    [/all\.yml:2.*vip.*overlaps pod_subnet 203\.0\.112\.0\/20/],
  ],
  [
    'a network of Services that has the address of a host',
    {
      hosts: WITH_NODES.replace('ip=203.0.113.13', 'ip=10.96.3.3'),
      vars: `${without(bundle('networks'), 'vip')}${EXTERNAL}`,
    },
    [/serviceSubnet 10\.96\.0\.0\/12 overlaps the address of m3 10\.96\.3\.3/],
  ],
  [
    'etcd on hosts of its own, without hosts',
    { hosts: HOSTS.replace('[etcd]\nm[1:3]', '[etcd]') },
    [/the group etcd has no hosts, and etcd_mode is external/, /etcd_mode: stacked/],
  ],
  [
    'an etcd run by kubeadm, with hosts of its own',
    {
      hosts: WITH_NODES.replace('[kube-master]\nm[1:3]', '[kube-master]\nm1'),
      vars: `${bundle('stacked')}etcd_mode: stacked\n`,
    },
    [/etcd_mode is stacked, but the group etcd has hosts that are no masters: m2, m3/],
  ],
  [
    'an external balancer beside a VIP of ours',
    { vars: `${VARS}${EXTERNAL}` },
    [/all\.yml:2.*vip.*an external balancer has an address of its own/],
  ],
  [
    'an external balancer beside haproxy',
    { vars: `${VARS}${EXTERNAL.replace('balancer: external\n', '')}` },
    [/all\.yml:4.*loadbalancer_apiserver.*is for balancer: external, and balancer is haproxy/],
  ],
  [
    'an external balancer that nobody names',
    { vars: `${without(VARS, 'vip')}balancer: external\n` },
    [/loadbalancer_apiserver is missing/],
  ],
  [
    'an external balancer that is a master',
    { vars: `${without(VARS, 'vip')}${EXTERNAL.replace('.50', '.11')}` },
    [/is m1's own address: without m1 there would be no API/],
  ],
  [
    'kube-vip without Kubernetes',
    { vars: `${VARS}balancer: kube-vip\n` },
    [/all\.yml:4.*balancer = "kube-vip": .*needs Kubernetes, and so a bundle/],
  ],
  [
    'kube-vip on hosts of its own',
    { hosts: LB, vars: `${bundle('kube-vip')}balancer: kube-vip\n` },
    [/balancer is kube-vip, which needs no hosts of its own, but .*: lb1, lb2/],
  ],
  [
    'a balancer that does not exist',
    { vars: `${VARS}balancer: hapoxy\n` },
    [/all\.yml:4.*balancer = "hapoxy".*haproxy/],
  ],
  [
    'a balancer on the port of the apiservers beside it',
    { vars: `${VARS}haproxy_port: 6443\n` },
    [/haproxy cannot listen on port 6443: the apiserver of m1 does/],
  ],
  [
    'balancers that listen on different ports',
    { hosts: HOSTS.replace('ip=203.0.113.12', 'ip=203.0.113.12 haproxy_port=9443') },
    [/haproxy_port differs between m1, m2, m3: 8443, 9443/],
  ],
  [
    'a VIP that no host of the balancer can have',
    { hosts: LB.replace('203.0.113.22', '198.51.100.22') },
    [/lb2's address 198\.51\.100\.22 is outside of 203\.0\.113\.0\/24/],
  ],
] as const) {
  test(`${what} is refused before any host is touched`, () => {
    const { status, stdout, stderr } = run(change)
    assert.is(status, 2, stderr)
    assert.is(stdout, '')
    for (const pattern of expected) assert.match(stderr, pattern)
  })
}

test('a bundle with a file that is not what its manifest says is refused, also when it was right once', () => {
  const vars = bundle('changed')
  assert.is(run({ hosts: WITH_NODES, vars, args: ['--list-hosts'] }).status, 0)
  const path = join(folder, 'changed', 'files', 'binary-kubelet')
  writeFileSync(path, readFileSync(path, 'utf8').replace('kubelet', 'kubelot'))
  const { status, stdout, stderr } = run({ hosts: WITH_NODES, vars })
  assert.is(status, 2, stderr)
  assert.is(stdout, '')
  assert.match(stderr, /binary-kubelet: sha256 is [0-9a-f]{64}, the manifest says/)
})

for (const [what, change, endpoints] of [
  ['haproxy on the masters', {}, ['m1']],
  ['nginx on the masters', { vars: `${bundle('nginx')}balancer: nginx\n` }, ['m1']],
  ['haproxy on hosts of its own', { hosts: LB }, ['lb1']],
  ['haproxy on hosts of kubeasz’ group', { hosts: LB.replace('load-balancer', 'ex_lb') }, ['lb1']],
  ['kube-vip', { vars: `${bundle('kube-vip')}balancer: kube-vip\n` }, []],
  ['an external one', { vars: `${without(bundle('external'), 'vip')}${EXTERNAL}` }, ['m1']],
] as const) {
  test(`the balancer can be ${what}`, () => {
    const given = { hosts: WITH_NODES, vars: bundle('haproxy'), ...change }
    const { status, stdout, stderr } = run({ ...given, args: ['--list-hosts'] })
    assert.is(status, 0, stderr)
    const play = /play load balancer \(.*\n {2}(\S+)/.exec(stdout)?.[1]
    assert.equal(play === undefined ? [] : [play], endpoints)
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
    env: { ...process.env, NO_COLOR: '1', XDG_CACHE_HOME: join(folder, 'cache') },
  })
}

test.run()
