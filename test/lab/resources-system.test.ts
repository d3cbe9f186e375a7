import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ResourceError } from '../../lib/engine/converge.ts'
import type { Resource } from '../../lib/engine/resource.ts'
import { type Lab, labUp } from '../../lib/lab/index.ts'
import {
  file,
  group,
  kernelModule,
  pkg,
  service,
  step,
  sysctl,
  unit,
  user,
} from '../../lib/resources/index.ts'
import { Secret } from '../../lib/secret.ts'
import type { Connection } from '../../lib/transport/connection.ts'
import { changesOf, connectToLab, holdLock } from '../helpers/lab-connection.ts'

let lab: Lab
let connection: Connection

test.before(async () => {
  lab = await labUp({ name: `system-${process.pid}`, hosts: ['m1'] })
  connection = await connectToLab(lab, 'm1')
})

test.after(async () => {
  await connection?.close()
  await lab?.down()
})

const apply = (...resources: Resource[]) => changesOf(connection, resources)
const check = (...resources: Resource[]) => changesOf(connection, resources, { check: true })
const on = async (command: string) => (await lab.exec('m1', command)).stdout.trim()

async function failure(...resources: Resource[]): Promise<ResourceError> {
  try {
    await apply(...resources)
  } catch (error) {
    return error as ResourceError
  }
  throw new Error('nothing failed')
}

test('packages are installed and removed as desired, and only once', async () => {
  const names = ['hello', 'sl']
  assert.is((await apply(pkg(names))).length, 1)
  assert.equal(await apply(pkg(names)), [])
  assert.is(await on('/usr/bin/hello'), 'Hello, world!')
  assert.is((await apply(pkg(names, { state: 'absent' }))).length, 1)
  assert.equal(await apply(pkg(names, { state: 'absent' })), [])
})

test('a package that no source has fails before anything is installed', async () => {
  const error = await failure(pkg(['hello', 'no-such-package']))
  assert.is(error.message, "package no-such-package does not exist in this host's package sources")
  assert.match(error.hint ?? '', /the lists were fetched \d+ minutes ago/)
  assert.equal(await check(pkg('hello', { state: 'absent' })), [])
})

test('old lists are fetched anew before a package counts as unknown', async () => {
  await on('touch -d "3 days ago" /var/lib/apt/lists /var/lib/apt/lists/partial')
  assert.match(
    (await failure(pkg('no-such-package'))).stderr ?? '',
    "not in this host's package sources: no-such-package",
  )
  assert.match((await failure(pkg('no-such-package'))).message, 'does not exist')
})

for (const lock of [
  '/var/lib/dpkg/lock-frontend',
  '/var/lib/dpkg/lock',
  '/var/lib/apt/lists/lock',
  '/var/cache/apt/archives/lock',
]) {
  test(`a package waits while another process holds ${lock}`, async () => {
    await apply(pkg('hello', { state: 'absent' }))
    await on('touch -d "3 days ago" /var/lib/apt/lists /var/lib/apt/lists/partial')
    const released = await holdLock(lab, 'm1', lock)
    assert.is((await apply(pkg('hello'))).length, 1)
    assert.ok(await released())
  })
}

async function statusOf(...names: string[]): Promise<string[]> {
  return (await on(`dpkg-query -W -f '\${Status}\\n' ${names.join(' ')}`)).split('\n')
}

/** Leaves dpkg killed in the middle of a package of our own. */
const INTERRUPTED = `mkdir -p /root/slow/DEBIAN; cd /root
printf 'Package: slow\\nVersion: 1\\nArchitecture: all\\nMaintainer: x <x@localhost>\\nDescription: x\\n' >slow/DEBIAN/control
printf '#!/bin/sh\\ntouch /root/begun\\nuntil [ -e /root/quick ]; do sleep 0.1; done\\n' >slow/DEBIAN/postinst
chmod 0755 slow/DEBIAN/postinst; dpkg-deb -b slow slow.deb
dpkg -i slow.deb >/dev/null 2>&1 & pid=$!
until [ -e begun ]; do sleep 0.1; done
kill -9 $pid; touch quick; wait $pid; dpkg-query -W -f '\${Status}' slow`

test('a dpkg that was killed half-way is repaired first', async () => {
  await apply(pkg('hello', { state: 'absent' }))
  assert.match(await on(INTERRUPTED), 'half-configured')
  await apply(pkg('hello'))
  assert.equal(await statusOf('slow', 'hello'), ['install ok installed', 'install ok installed'])
})

test('a package that was left half-installed is installed again', async () => {
  await apply(pkg('hello'))
  await on(
    "sed -i '/^Package: hello$/,/^$/s/^Status:.*/Status: install reinstreq half-installed/' /var/lib/dpkg/status",
  )
  await apply(pkg('hello'))
  assert.equal(await apply(pkg('hello')), [])
})

test('a dependency that a killed run left missing is installed', async () => {
  await apply(pkg('haproxy', { doNotStart: ['haproxy'] }))
  await on('dpkg --force-depends -r liblua5.3-0')
  await apply(pkg('sl'))
  assert.equal(await statusOf('liblua5.3-0'), ['install ok installed'])
  await apply(pkg(['sl', 'haproxy'], { state: 'absent' }))
})

test('a unit that is not to start does not, others do, and nothing is left behind', async () => {
  await apply(pkg(['haproxy', 'etcd-server'], { doNotStart: ['etcd'] }))
  assert.is(await on('systemctl is-active etcd haproxy'), 'inactive\nactive')
  assert.is(await on('ls /usr/sbin/policy-rc.d /tmp/tmp.*'), '')
  await on('apt-get -q -y purge haproxy etcd-server')
})

const HAPROXY_CFG = '/etc/haproxy/haproxy.cfg'
const haproxyCfg = (maxconn: number) =>
  file(HAPROXY_CFG, {
    content: `global\n  maxconn ${maxconn}\ndefaults\n  timeout connect 5s\n  timeout client 5s\n  timeout server 5s\n`,
  })
const haproxy = () => service('haproxy', { enabled: true, state: 'running', reloadOn: [HAPROXY_CFG] })
const RELOAD = `service haproxy: reload: ${HAPROXY_CFG} changed`

test('a service that its package has started is reloaded on the configuration that follows', async () => {
  // Unpacked and started within one second, nobody can tell what it has read: the reason may be either.
  const reload = (await apply(pkg('haproxy'), haproxyCfg(100), haproxy())).at(-1) ?? ''
  assert.match(reload, /^service haproxy: reload: \S+ (changed|may have changed since it was started)$/)
  assert.equal(await apply(pkg('haproxy'), haproxyCfg(100), haproxy()), [])
})

test('a reload that a run did not get to is made by the next one', async () => {
  await apply(haproxyCfg(101))
  assert.equal(await check(haproxyCfg(101), haproxy()), [RELOAD])
  assert.equal(await apply(haproxyCfg(101), haproxy()), [RELOAD])
  assert.equal(await apply(haproxyCfg(101), haproxy()), [])
})

test('check mode foresees the reload', async () => {
  assert.equal(await check(haproxyCfg(102), haproxy()), [`file ${HAPROXY_CFG}: content`, RELOAD])
})

test('an edit by hand is taken back, and the service that was reloaded on it reloaded again', async () => {
  await on(`echo '# by hand' >>${HAPROXY_CFG} && systemctl reload haproxy`)
  assert.equal(await apply(haproxyCfg(101), haproxy()), [`file ${HAPROXY_CFG}: content`, RELOAD])
})

test('a service that was restarted on an edit by hand is reloaded, too', async () => {
  await on(`echo '# by hand' >>${HAPROXY_CFG} && systemctl restart haproxy`)
  assert.equal(await apply(haproxyCfg(101), haproxy()), [`file ${HAPROXY_CFG}: content`, RELOAD])
})

test('an edit by hand that an interrupted run took back is still reloaded away', async () => {
  await on(`sleep 1; echo '# by hand' >>${HAPROXY_CFG} && systemctl reload haproxy`)
  await apply(haproxyCfg(101))
  assert.equal(await apply(haproxyCfg(101), haproxy()), [RELOAD])
})

test('a restart by hand on unchanged files needs no reload', async () => {
  await on('sleep 1; systemctl restart haproxy')
  assert.equal(await apply(haproxyCfg(101), haproxy()), [])
})

test('a changed mode needs no reload', async () => {
  await on(`chmod 0600 ${HAPROXY_CFG}`)
  assert.equal(await apply(haproxyCfg(101), haproxy()), [`file ${HAPROXY_CFG}: mode 0600 → 0644`])
  assert.equal(await apply(haproxyCfg(101), haproxy()), [])
})

test('a reload that fails is told with its journal and tried again', async () => {
  const broken = file(HAPROXY_CFG, { content: 'nonsense\n' })
  assert.match((await failure(broken, haproxy())).stderr ?? '', 'journalctl -u haproxy.service')
  assert.match((await failure(broken, haproxy())).message, RELOAD.replace('service haproxy: ', ''))
  assert.equal(await apply(haproxyCfg(101), haproxy()), [`file ${HAPROXY_CFG}: content`, RELOAD])
  await on('apt-get -q -y purge haproxy')
})

const DEMO = '/etc/systemd/system/demo.service'
const demoUnit = (command: string, more = '') =>
  unit('demo', `[Service]\nExecStart=/bin/sh -c "${command}"\n${more}[Install]\nWantedBy=multi-user.target\n`)
const demo = () => service('demo', { enabled: true, state: 'running', restartOn: [DEMO] })

test('check mode foresees all of a new unit', async () => {
  assert.equal((await check(demoUnit('sleep 1000'), demo())).slice(1), [
    'service demo: daemon-reload: its unit files changed',
    'service demo: enable',
    'service demo: start',
  ])
})

test('a changed unit file is read again and its service restarted', async () => {
  await apply(demoUnit('sleep 1000'), demo())
  assert.equal(await apply(demoUnit('sleep 2000'), demo()), [
    'unit demo.service: content',
    'service demo: daemon-reload: its unit files changed',
    `service demo: restart: ${DEMO} changed`,
  ])
  assert.equal(await apply(demoUnit('sleep 2000'), demo()), [])
  assert.match(await on('systemctl show -p ExecStart demo'), 'sleep 2000')
})

test('a daemon-reload that a run did not get to is made by the next one', async () => {
  await apply(demoUnit('sleep 3000'))
  assert.equal(await apply(service('demo')), ['service demo: daemon-reload: its unit files changed'])
})

test('a running service without a record gets one where its files are older than its start', async () => {
  await apply(demoUnit('sleep 3000'), demo())
  await on('rm /var/lib/quorate/services/demo.service; sleep 1; systemctl restart demo')
  assert.equal(await apply(demo()), ['service demo: record what it runs with'])
  assert.equal(await apply(demo()), [])
})

test('a running service without a record is restarted where a file is newer than its start', async () => {
  await on(`rm /var/lib/quorate/services/demo.service; sleep 1; touch ${DEMO}; systemctl daemon-reload`)
  assert.equal(await apply(demo()), [`service demo: restart: ${DEMO} may have changed since it was started`])
})

for (const [title, more] of [
  ['dies at once', ''],
  ['is started again and again', 'Restart=always\nRestartSec=100ms\nStartLimitIntervalSec=0\n'],
] as const) {
  test(`a service that ${title} fails with its journal`, async () => {
    const error = await failure(demoUnit('echo I cannot go on; exit 3', more), demo())
    assert.match(error.stderr ?? '', 'I cannot go on')
  })
}

test('a service is stopped and disabled', async () => {
  const stopped = () => service('demo', { enabled: false, state: 'stopped' })
  await apply(demoUnit('sleep 1000'), demo())
  assert.equal(await apply(stopped()), ['service demo: disable', 'service demo: stop'])
  assert.equal(await apply(stopped()), [])
})

test('users and groups come, change and go', async () => {
  const all = (gid: number, shell: string, state: 'present' | 'absent' = 'present') => [
    group('crew', { gid, state }),
    user('ann', { uid: 4444, groups: state === 'absent' ? [] : ['crew'], shell, comment: 'Ann', state }),
    user('daemon-user', { system: true, home: '/var/lib/daemon-user', state }),
  ]
  assert.is((await apply(...all(3333, '/bin/sh'))).length, 3)
  assert.equal(await apply(...all(3333, '/bin/sh')), [])
  assert.is(
    await on('getent passwd ann; id -nG ann; ls -d /home/ann'),
    'ann:x:4444:4444:Ann:/home/ann:/bin/sh\nann crew\n/home/ann',
  )
  assert.equal(await apply(...all(3334, '/bin/bash')), [
    'group crew: gid 3333 → 3334',
    'user ann: shell /bin/sh → /bin/bash',
  ])
  assert.equal(await apply(...all(3334, '/bin/bash')), [])
  const leave = all(3334, '/bin/bash', 'absent').reverse()
  assert.is((await apply(...leave)).length, 3)
  assert.equal(await apply(...leave), [])
})

test('kernel parameters are set, kept, and share their file', async () => {
  const all = () => [
    sysctl({ 'net.ipv4.ip_forward': 1, 'net.ipv4.conf.all.rp_filter': 2 }),
    sysctl('net.ipv4.ip_local_port_range', '10240 60999'),
  ]
  assert.ok((await apply(...all())).length > 0)
  assert.equal(await apply(...all()), [])
  assert.match(await on('cat /proc/sys/net/ipv4/ip_local_port_range'), /^10240\s+60999$/)
  assert.is(
    await on('cat /etc/sysctl.d/90-quorate.conf'),
    'net.ipv4.ip_forward = 1\nnet.ipv4.conf.all.rp_filter = 2\nnet.ipv4.ip_local_port_range = 10240 60999',
  )
})

test('a read-only kernel parameter that is right already is fine, another value is not', async () => {
  const path = '/proc/sys/net/ipv4/tcp_syncookies'
  await on(`echo 1 >${path}; mount --bind ${path} ${path} && mount -o remount,bind,ro ${path}`)
  await apply(sysctl('net.ipv4.tcp_syncookies', 1))
  const error = await failure(sysctl('net.ipv4.tcp_syncookies', 0))
  assert.match(error.stderr ?? '', 'cannot be set to 0 on this host; it stays 1')
})

test('a kernel module that is there is kept for the next boot', async () => {
  await apply(kernelModule('overlay'))
  assert.equal(await apply(kernelModule('overlay')), [])
  assert.is(await on('cat /etc/modules-load.d/overlay.conf'), 'overlay')
})

test('a step runs until its check holds, with its secret input', async () => {
  const hush = () =>
    step('hush', { done: 'test -s /root/hush', run: 'cat >/root/hush', input: new Secret("it's\nso") })
  assert.equal(await apply(hush()), ['step hush: run'])
  assert.equal(await apply(hush()), [])
  assert.is(await on('cat /root/hush'), "it's\nso")
})

test('a step whose check does not hold afterwards fails', async () => {
  const error = await failure(step('nothing', { done: 'test -e /root/never', run: 'true' }))
  assert.match(error.stderr ?? '', 'step nothing ran, but its check still says it is not done')
})

test.run()
