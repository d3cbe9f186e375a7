import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { checkScript, keepalivedConf } from '../../roles/keepalived/config.ts'
import { type KeepalivedVars, keepalivedVars, type Member } from '../../roles/keepalived/vars.ts'

const parse = (input: object = {}): KeepalivedVars =>
  keepalivedVars.parse({
    vip: '10.0.0.100/24',
    clusterName: 'prod',
    virtualRouterId: 173,
    members: [
      { name: 'm1', address: '10.0.0.1' },
      { name: 'm2', address: '10.0.0.2' },
      { name: 'm3', address: '10.0.0.3' },
    ],
    ...input,
  })

const conf = (input: object = {}, position = 0, trackProcess = true): string => {
  const vars = parse(input)
  return keepalivedConf(vars, { member: vars.members[position] as Member, interface: 'eth0', trackProcess })
}

test('the configuration of the second of three members', () => {
  assert.fixture(
    conf({}, 1),
    `# Written by Quorate (role keepalived): the next run undoes what is changed here.

global_defs {
  router_id m2
  enable_script_security
  script_user keepalived_script
  vrrp_version 3
  vrrp_garp_master_refresh 60
}

vrrp_track_process haproxy {
  process haproxy
}

vrrp_script api {
  script "/etc/keepalived/check-api"
  interval 1
  timeout 3
  fall 2
  rise 2
  init_fail
}

vrrp_instance prod {
  state BACKUP
  nopreempt
  interface eth0
  virtual_router_id 173
  priority 140
  advert_int 1
  unicast_src_ip 10.0.0.2
  unicast_peer {
    10.0.0.1
    10.0.0.3
  }
  check_unicast_src
  track_process {
    haproxy
  }
  track_script {
    api
  }
  virtual_ipaddress {
    10.0.0.100/24 dev eth0
  }
}
`,
  )
})

const variants: [title: string, input: object][] = [
  ['defaults', {}],
  ['an apiserver check', { check: 'apiserver' }],
  ['no check', { check: 'none' }],
  ['no tracked process', { trackProcess: null }],
  ['preempt with a weight', { preempt: true, checkWeight: -30 }],
]

for (const [title, input] of variants) {
  test(`${title}: every script and process that is defined is also used, and the other way round`, () => {
    const text = conf(input)
    const names = (pattern: RegExp) => [...text.matchAll(pattern)].map(([, name]) => name)
    assert.equal(names(/^vrrp_script (\S+)/gm), names(/^ {2}track_script \{\n {4}(\w+)/gm))
    assert.equal(names(/^vrrp_track_process (\S+)/gm), names(/^ {2}track_process \{\n {4}(\w+)/gm))
  })

  test(`${title}: no member is MASTER by configuration, no password, unicast only`, () => {
    assert.match(conf(input), /^ {2}state BACKUP$/m)
    assert.match(conf(input), /^ {2}unicast_peer \{$/m)
    assert.not.match(conf(input), /MASTER|auth_|mcast|dont_track_primary|notify/)
  })
}

test('members differ in priority, and each has the others as peers', () => {
  const priorities = [0, 1, 2].map((position) => /priority (\d+)/.exec(conf({}, position))?.[1])
  assert.equal(priorities, ['150', '140', '130'])
  assert.match(conf({}, 2), /unicast_peer \{\n {4}10\.0\.0\.1\n {4}10\.0\.0\.2\n {2}\}/)
})

test('a member with a failing check gives the VIP up: no weight', () => assert.not.match(conf(), /weight/))

test('with preempt the weight goes along with the check', () => {
  const text = conf({ preempt: true, checkWeight: -30 })
  assert.match(text, /api weight -30/)
  assert.not.match(text, /nopreempt/)
})

test('where the kernel does not tell about processes none is tracked: the VIP would never come up', () => {
  assert.not.match(conf({}, 0, false), /track_process/)
})

test('a given virtual router id stands, else one follows from the name', () => {
  assert.match(conf(), /virtual_router_id 173/)
  const derived = /virtual_router_id (\d+)/.exec(conf({ virtualRouterId: undefined }))?.[1]
  assert.is.not(derived, '173')
})

test('until there is an apiserver the check asks haproxy itself', () => {
  assert.match(checkScript(parse()) ?? '', /^exec curl .*--max-time 2 http:\/\/127\.0\.0\.1:8443\/$/m)
})

test('the check can ask for an apiserver that is ready, through haproxy', () => {
  const script = checkScript(parse({ check: 'apiserver', checkPort: 9443 })) ?? ''
  assert.match(script, /^exec curl .*--fail http:\/\/127\.0\.0\.1:9443\/readyz$/m)
})

test('what the check asks for can change without a reload, which would move the VIP', () => {
  assert.is(conf({ check: 'apiserver' }), conf({ check: 'haproxy' }))
})

test('the check only asks: one command, which is no service manager, no killall, nothing expanded', () => {
  const commands = (checkScript(parse()) ?? '')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
  assert.is(commands.length, 1)
  assert.not.match(commands[0] as string, /systemctl|service |kill|[`$]/)
})

test('no check, no script', () => assert.is(checkScript(parse({ check: 'none' })), undefined))

test.run()
