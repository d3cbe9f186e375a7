import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { clockStrangers, mostSkew } from '../../roles/base/clock.ts'
import { type Node, parseNode } from '../../roles/base/observe.ts'
import { problemsOf, type Situation } from '../../roles/base/problems.ts'
import { baseResources } from '../../roles/base/resources.ts'
import { SWAP_OFF, withoutSwap } from '../../roles/base/swap.ts'
import { baseVars } from '../../roles/base/vars.ts'
import { warningsOf } from '../../roles/base/warnings.ts'

const NODE: Node = {
  hostname: 'm1',
  container: false,
  machineId: '0'.repeat(32),
  productUuid: '',
  clock: { least: 0, most: 0.01 },
  timeSync: 'chrony',
  swaps: [],
  listeners: new Map(),
  fsyncMs: undefined,
  fstab: Buffer.alloc(0),
  firewall: undefined,
  selinux: false,
  proxy: false,
  noProxy: '',
}
const OTHER: Node = { ...NODE, hostname: 'm2', machineId: '1'.repeat(32) }

function situation(node: Partial<Node> = {}, vars: object = {}, facts: object = {}): Situation {
  const own = { ...NODE, ...node }
  return {
    vars: baseVars.parse(vars),
    name: 'm1',
    facts: { cpus: 2, memoryKb: 2 * 1024 * 1024, ...facts },
    node: own,
    nodes: new Map([
      ['m1', own],
      ['m2', OTHER],
    ]),
  }
}

const ANSWER = `begin 1000.5
hostname m1
container yes
machine-id 0123456789abcdef0123456789abcdef
product-uuid 4C4C4544-0042
service chrony.service loaded active running chrony, an NTP client/server
service ufw.service loaded active exited Uncomplicated firewall
selinux 1
proxy set
no-proxy localhost,10.0.0.0/24
swap /dev/sda2                               partition	1000	0	-2
listen LISTEN 0      128        0.0.0.0:22        0.0.0.0:* users:(("sshd",pid=75,fd=3))
listen LISTEN 0      4096   *:6443 *:* users:(("kube-apiserver",pid=1,fd=3),("other",pid=2,fd=3))
listen LISTEN 0      128           [::1]:631           [::]:*
fstab YQo=
dd 50+0 records in
dd 115000 bytes (115 kB, 112 KiB) copied, 0.125 s, 920 kB/s
end 1000.75`

test('the answer of a host is read', () => {
  assert.equal(parseNode(ANSWER, { before: 998, after: 998.5 }), {
    hostname: 'm1',
    container: true,
    machineId: '0123456789abcdef0123456789abcdef',
    productUuid: '4C4C4544-0042',
    clock: { least: 2.25, most: 2.5 },
    timeSync: 'chrony',
    swaps: ['/dev/sda2'],
    listeners: new Map([
      [22, 'sshd'],
      [6443, 'kube-apiserver'],
      [631, 'an unknown program'],
    ]),
    fsyncMs: 2.5,
    fstab: Buffer.from('a\n'),
    firewall: 'ufw',
    selinux: true,
    proxy: true,
    noProxy: 'localhost,10.0.0.0/24',
  })
})

test('what a host cannot tell is left open', () => {
  const node = parseNode('begin 1\nhostname m1\nmachine-id \nproduct-uuid \nfstab \nend 2', {
    before: 1,
    after: 2,
  })
  assert.equal(
    [node.machineId, node.productUuid, node.timeSync, node.fsyncMs, node.fstab.length],
    ['', '', undefined, undefined, 0],
  )
})

test('a host without problems is fit', () => {
  assert.equal(problemsOf(situation({}, { purposes: ['control-plane', 'worker', 'etcd'] })), [])
  assert.equal(warningsOf(situation()), [])
})

const problems: [title: string, situation: Situation, message: RegExp][] = [
  ['the hostname of another host', situation({ hostname: 'M2' }), /hostname M2 is also that of m2/],
  [
    'the machine-id of another host',
    situation({ machineId: OTHER.machineId }),
    /machine-id is also that of m2/,
  ],
  ['no machine-id', situation({ machineId: '' }), /has no \/etc\/machine-id/],
  ['a machine-id that is yet to be made', situation({ machineId: 'uninitialized' }), /no \/etc\/machine-id/],
  [
    'a clock that is off',
    situation({ clock: { least: 60, most: 61 } }),
    /clock is 60 s away from that of m2/,
  ],
  ['no time sync service', situation({ timeSync: undefined }), /no time sync service is active/],
  [
    'no time sync service in a container where it is required',
    situation({ timeSync: undefined, container: true }, { requireTimeSync: true }),
    /no time sync service is active/,
  ],
  [
    'too little memory for a control plane',
    situation({}, { purposes: ['control-plane'] }, { memoryKb: 1024 * 1024 }),
    /it has 1024 MB of memory, a control plane needs 1700/,
  ],
  [
    'too few cores for a control plane',
    situation({}, { purposes: ['control-plane'] }, { cpus: 1 }),
    /it has 1 core, a control plane needs 2/,
  ],
  [
    'haproxy at the port of the apiserver',
    situation({ listeners: new Map([[6443, 'haproxy']]) }, { purposes: ['control-plane'] }),
    /port 6443 is taken by haproxy, kube-apiserver needs it/,
  ],
  [
    'another program at the port of etcd',
    situation({ listeners: new Map([[2380, 'nginx']]) }, { purposes: ['etcd'] }),
    /port 2380 is taken by nginx, etcd needs it/,
  ],
]

for (const [title, found, message] of problems) {
  test(`a host with ${title} is refused`, () => {
    const all = problemsOf(found)
    assert.is(all.length, 1, all.join('\n'))
    assert.match(all[0] as string, message)
  })
}

const accepted: [title: string, situation: Situation][] = [
  ['without time sync in a container', situation({ timeSync: undefined, container: true })],
  [
    'without time sync where it is not required',
    situation({ timeSync: undefined }, { requireTimeSync: false }),
  ],
  [
    'with a small memory that is to be a worker',
    situation({}, { purposes: ['worker'] }, { memoryKb: 1, cpus: 1 }),
  ],
  [
    'with the hostname of another that is going to be renamed',
    situation({ hostname: 'm2' }, { setHostname: true }),
  ],
  [
    'whose ports are taken by the programs that need them',
    situation(
      {
        listeners: new Map([
          [6443, 'kube-apiserver'],
          [10_257, 'kube-controller'],
          [2379, 'etcd'],
        ]),
      },
      { purposes: ['control-plane', 'etcd'] },
    ),
  ],
  ['with a port taken that nothing of it needs', situation({ listeners: new Map([[6443, 'haproxy']]) })],
]

for (const [title, found] of accepted) {
  test(`a host ${title} is accepted`, () => assert.equal(problemsOf(found), []))
}

test('a name that no node can have is refused where it is to become the hostname', () => {
  const found = { ...situation({}, { setHostname: true }), name: 'Node_1' }
  assert.match(
    problemsOf({ ...found, nodes: new Map([['Node_1', NODE]]) })[0] ?? '',
    /'Node_1' cannot be the name/,
  )
})

const HOSTS = [
  { name: 'm1', address: '10.0.0.1' },
  { name: 'm2', address: '10.0.0.2' },
]

const warnings: [title: string, situation: Situation, message: RegExp][] = [
  ['a slow disk', situation({ fsyncMs: 12.3 }), /takes 12.3 ms for a write, more than 10/],
  ['no time sync', situation({ timeSync: undefined }, { requireTimeSync: false }), /no time sync service/],
  [
    'the swap of its machine',
    situation({ container: true, swaps: ['/dev/sda2'] }),
    /swap is on \(\/dev\/sda2\)/,
  ],
  ['a firewall', situation({ firewall: 'firewalld' }), /^firewalld is active on m1, and no role opens ports/],
  ['SELinux enforcing', situation({ selinux: true }), /haproxy_connect_any/],
  [
    'a proxy that nodes are not exempt from',
    situation({ proxy: true, noProxy: 'localhost, 10.0.0.1,192.168.0.0/16' }, { hosts: HOSTS }),
    /NO_PROXY lacks 10\.0\.0\.2: /,
  ],
]

for (const noProxy of ['*', '10.0.0.1,10.0.0.2', 'localhost, 10.0.0.0/24'])
  test(`NO_PROXY ${noProxy} exempts all nodes`, () => {
    assert.equal(warningsOf(situation({ proxy: true, noProxy }, { hosts: HOSTS })), [])
  })

for (const [title, found, message] of warnings) {
  test(`a host with ${title} is warned of`, () => {
    const all = warningsOf(found)
    assert.is(all.length, 1, all.join('\n'))
    assert.match(all[0] as string, message)
  })
}

test('cloned hardware is warned of, but not that of containers', () => {
  const nodes = (container: boolean) =>
    new Map([
      ['m1', { ...NODE, container, productUuid: 'A' }],
      ['m2', { ...OTHER, productUuid: 'a' }],
    ])
  const found = (container: boolean) => ({
    ...situation(),
    node: { ...NODE, container, productUuid: 'A' },
    nodes: nodes(container),
  })
  assert.match(warningsOf(found(false))[0] ?? '', /hardware of m1, m2 has one product_uuid/)
  assert.equal(warningsOf(found(true)), [])
})

const at = (seconds: number) => ({ least: seconds, most: seconds + 0.5 })

const clocks: [title: string, clocks: Record<string, number>, blamed: string[]][] = [
  ['clocks that agree', { m1: 0, m2: 1, m3: 0 }, []],
  ['the one clock of three that is off', { m1: 0, m2: 9, m3: 0 }, ['m2']],
  ['both of two that differ', { m1: 0, m2: 9 }, ['m1', 'm2']],
  ['nobody for a difference that the time of the answers may explain', { m1: 0, m2: 2.4 }, []],
]

for (const [title, seconds, blamed] of clocks) {
  test(`of ${title}: ${blamed.join(', ') || 'nobody'} is named`, () => {
    const all = new Map(Object.entries(seconds).map(([name, value]) => [name, at(value)]))
    assert.equal(
      [...all.keys()].filter((name) => clockStrangers(name, all, 2).length > 0),
      blamed,
    )
  })
}

test('the clocks of hosts differ by no more than the farthest of their bounds', () => {
  assert.is(mostSkew([at(0), at(2)]), 2.5)
})

const fstabs: [title: string, before: string, after: string][] = [
  [
    'a partition',
    '/dev/sda2 none swap sw 0 0\n',
    '# swap is off (Quorate, role base): /dev/sda2 none swap sw 0 0\n',
  ],
  [
    'a file, indented and with tabs',
    ' /swap.img\tnone\tswap\tsw\n',
    '# swap is off (Quorate, role base):  /swap.img\tnone\tswap\tsw\n',
  ],
  ['a comment', '#/dev/sda2 none swap sw 0 0\n', '#/dev/sda2 none swap sw 0 0\n'],
  ['a disk with swap in its name', '/dev/swap /swap ext4 noswap 0 0', '/dev/swap /swap ext4 noswap 0 0'],
  ['nothing', '', ''],
]

for (const [title, before, after] of fstabs) {
  test(`swap in /etc/fstab: ${title}`, () => assert.is(withoutSwap(Buffer.from(before)).toString(), after))
}

test('bytes of /etc/fstab that are no UTF-8 stay as they are', () => {
  const bytes = Buffer.from([0x23, 0xe9, 0xff, 0x0a])
  assert.ok(withoutSwap(bytes).equals(bytes))
})

test('swap is ended first, then the units that would bring it back are masked', () => {
  const directory = mkdtempSync(join(tmpdir(), 'quorate-swap-'))
  try {
    const fake = (name: string, text: string) =>
      writeFileSync(join(directory, name), `#!/bin/sh\necho ${name} "$@" >>${directory}/log\n${text}`, {
        mode: 0o755,
      })
    fake('swapoff', '')
    const units =
      'dev-disk-by\\x2duuid-1.swap loaded active\ndev-old.swap masked inactive\nzram.swap not-found inactive'
    writeFileSync(join(directory, 'units'), `${units}\n`)
    fake('systemctl', `[ "$1" != list-units ] || cat ${directory}/units`)
    const { status } = spawnSync('sh', ['-c', SWAP_OFF], {
      env: { PATH: `${directory}:${process.env.PATH}` },
    })
    const log = spawnSync('cat', [join(directory, 'log')])
      .stdout.toString()
      .trim()
      .split('\n')
    assert.is(status, 0)
    assert.equal(
      log.filter((line) => !line.includes('list-units')),
      ['swapoff -a', 'systemctl mask -- dev-disk-by\\x2duuid-1.swap'],
    )
  } finally {
    rmSync(directory, { recursive: true })
  }
})

const kindsOf = (
  vars: object,
  packageManager: 'apt' | 'dnf' | 'none' = 'apt',
  node: Partial<Node> = {},
): string[] =>
  baseResources(baseVars.parse(vars), 'm1', { ...NODE, ...node }, { packageManager }).map(
    ({ kind, name }) => `${kind} ${name}`,
  )

const always = ['kernel module overlay', 'kernel module br_netfilter']

test('a host that runs pods gets iptables, under the name that its distribution has for it', () => {
  assert.ok(kindsOf({ purposes: ['worker'] }).includes('package iptables'))
  assert.ok(kindsOf({ purposes: ['control-plane'] }, 'dnf').includes('package iptables-nft'))
  for (const kinds of [kindsOf({ purposes: ['worker'] }, 'none'), kindsOf({ purposes: ['etcd'] })])
    assert.equal(
      kinds.filter((kind) => kind.startsWith('package')),
      [],
    )
})

test('a host of etcd alone gets nothing that is for pods', () => {
  assert.equal(kindsOf({ purposes: ['etcd'], swap: 'keep' }), [])
  assert.equal(kindsOf({ purposes: ['etcd'], swap: 'keep', sysctls: { 'vm.swappiness': 1 } }).length, 1)
  assert.equal(kindsOf({ purposes: ['worker', 'etcd'], swap: 'keep' }).length, 4)
})

test('what is not asked for is left alone', () => {
  const kinds = kindsOf({ swap: 'keep' }, 'apt', { fstab: Buffer.from('/swap.img none swap sw 0 0\n') })
  assert.equal(kinds.slice(0, -1), always)
})

test('a container’s swap is not ended, a machine’s is', () => {
  assert.ok(kindsOf({}).includes('step swap off'))
  assert.not(kindsOf({}, 'apt', { container: true }).includes('step swap off'))
})

test("a bare off in YAML, which Ansible reads as false, is 'off'", () => {
  assert.is(baseVars.parse({ swap: false }).swap, 'off')
})

const refused: [title: string, vars: object, message: RegExp][] = [
  ['another purpose', { purposes: ['master'] }, /purposes.0/],
  ['swap as true', { swap: true }, /swap: expected 'off' or 'keep'/],
  [
    'a host without an IP address',
    { hosts: [{ name: 'm1', address: 'm1.lan' }] },
    /hosts.0.address: expected an IP/,
  ],
  ['a relative data directory', { etcdDataDir: 'etcd' }, /etcdDataDir: expected an absolute path/],
  ['a negative skew', { maxClockSkew: -1 }, /maxClockSkew/],
]

for (const [title, vars, message] of refused) {
  test(`refuses ${title}`, () => {
    const issues = baseVars.safeParse(vars).error?.issues ?? []
    assert.match(issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('\n'), message)
  })
}

test('every variable describes itself', () => {
  const silent = Object.entries(baseVars.shape).filter(([, field]) => field.description === undefined)
  assert.equal(silent, [])
})

test.run()
