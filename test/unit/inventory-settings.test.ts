import { homedir } from 'node:os'
import { resolve } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { formatProblem } from '../../lib/errors.ts'
import { checkAddresses, connectionSettings, hostAddress } from '../../lib/inventory/index.ts'
import { hostOf, load } from '../helpers/inventory-files.ts'

const DEFAULTS = { transport: 'ssh', host: 'h' }

async function settingsOf(line: string) {
  const { settings, problems } = connectionSettings(hostOf(await load(`h ${line}`), 'h'))
  const { password, become, ...rest } = settings
  return {
    problems: problems.map(({ message, hint }) => (hint === undefined ? message : `${message} (${hint})`)),
    settings: {
      ...rest,
      ...(password && { password: password.reveal() }),
      ...(become && {
        become: { ...become, ...(become.password && { password: become.password.reveal() }) },
      }),
    },
  }
}

const SETTINGS: readonly (readonly [string, object])[] = [
  ['', {}],
  ['ansible_host=10.0.0.1', { host: '10.0.0.1' }],
  ['ansible_host=a ansible_ssh_host=b', { host: 'b' }],
  ['ansible_port=2222', { port: 2222 }],
  [`ansible_port="'2222'"`, { port: 2222 }],
  ['ansible_ssh_port=2222', { port: 2222 }],
  ['ansible_user=admin', { user: 'admin' }],
  ['ansible_ssh_user=admin', { user: 'admin' }],
  ['ansible_user=None', {}],
  ['ansible_ssh_pass=pw', { password: 'pw' }],
  ['ansible_password=pw', { password: 'pw' }],
  ['ansible_ssh_password=pw', { password: 'pw' }],
  ['ansible_password=12345', { password: '12345' }],
  ['ansible_ssh_private_key_file=~/k', { privateKeyFile: `${homedir()}/k` }],
  ['ansible_ssh_private_key_file=keys/k', { privateKeyFile: resolve('keys/k') }],
  ['ansible_private_key_file=/k', { privateKeyFile: '/k' }],
  ['ansible_connection=local', { transport: 'local' }],
  ['ansible_connection=smart', {}],
  ['ansible_connection=paramiko', {}],
  ['ansible_connection=ansible.builtin.ssh', {}],
  ['ansible_become=yes', { become: { user: 'root' } }],
  ['ansible_become=True ansible_become_user=app', { become: { user: 'app' } }],
  ['ansible_become=1 ansible_become_pass=pw', { become: { user: 'root', password: 'pw' } }],
  ['ansible_become=on ansible_become_password=pw', { become: { user: 'root', password: 'pw' } }],
  [
    `ansible_become=1 ansible_become_flags='-H -S -n -Eg wheel --preserve-env=A,B'`,
    { become: { user: 'root', flags: ['-H', '-E', '-g', 'wheel', '--preserve-env=A,B'] } },
  ],
  ['ansible_become=1 ansible_become_flags= ', { become: { user: 'root', flags: [] } }],
  [
    'ansible_become=1 ansible_become_flags=-E ansible_sudo_flags=-k ansible_su_flags=-x',
    { become: { user: 'root', flags: ['-k'] } },
  ],
  [
    `ansible_become=1 ansible_become_method=su ansible_become_exe='sudo su' ansible_become_flags='- -gwheel'`,
    { become: { user: 'root', method: 'su', program: ['sudo', 'su'], flags: ['-l', '-g', 'wheel'] } },
  ],
  [
    'ansible_become=1 ansible_become_exe=/usr/local/bin/sudo',
    { become: { user: 'root', program: ['/usr/local/bin/sudo'] } },
  ],
  ['ansible_become=no ansible_become_flags=-i', {}],
  ['ansible_become=no ansible_become_pass=pw', {}],
  ['ansible_become_method=sudo', {}],
  ['ansible_become=yes ansible_become_method=su', { become: { user: 'root', method: 'su' } }],
  [
    'ansible_become=yes ansible_become_method=community.general.doas ansible_doas_pass=pw',
    { become: { user: 'root', method: 'doas', password: 'pw' } },
  ],
  ['ansible_connection=openssh', { transport: 'openssh' }],
  [
    'ansible_connection=openssh ansible_ssh_extra_args="-o ForwardAgent=yes"',
    { transport: 'openssh', sshArguments: { before: [], after: ['-o', 'ForwardAgent=yes'] } },
  ],
  ['ansible_connection=community.docker.docker', { transport: 'docker' }],
  ['ansible_connection=nspawn', { transport: 'nspawn' }],
  ['ansible_python_interpreter=/usr/bin/python3 ansible_perl_interpreter=/usr/bin/perl', {}],
  ['ansible_ssh_common_args=""', {}],
  [
    `ansible_ssh_common_args='-o ProxyCommand="ssh -W %h:%p b" -J b' ansible_ssh_extra_args=-4 ansible_ssh_args=-C`,
    { sshArguments: { before: ['-C'], after: ['-o', 'ProxyCommand=ssh -W %h:%p b', '-J', 'b', '-4'] } },
  ],
  ['ansible_ssh_timeout=3', { timeoutSeconds: 3 }],
  ['quorate_reconnect=0', { reconnectSeconds: 0 }],
  ['quorate_reconnect=7.5', { reconnectSeconds: 7.5 }],
  ['ansible_pool=x ansible_myapp_setting=1', {}],
]

for (const [line, settings] of SETTINGS) {
  test(`'${line}' sets ${JSON.stringify(settings)}`, async () => {
    assert.equal(await settingsOf(line), { problems: [], settings: { ...DEFAULTS, ...settings } })
  })
}

const WRONG: Readonly<Record<string, RegExp>> = {
  'ansible_port=0': /^ansible_port must be a port from 1 to 65535, not 0$/,
  'ansible_port=65536': /^ansible_port must be a port from 1 to 65535, not 65536$/,
  'ansible_port=ssh': /^ansible_port must be a port from 1 to 65535, not "ssh"$/,
  'ansible_port=22.5': /^ansible_port must be a port from 1 to 65535, not 22.5$/,
  'ansible_connection=winrm':
    /^ansible_connection must be ssh, openssh, local, docker, podman or nspawn, not "winrm"$/,
  'ansible_become=maybe': /^ansible_become must be yes or no, not "maybe"$/,
  'ansible_become_method=runas': /^ansible_become_method must be sudo, su or doas, not "runas"/,
  'ansible_connection=openssh ansible_password=x': /^ansible_password cannot be given to ssh\(1\)/,
  'ansible_host=': /^ansible_host must be a name, not ""$/,
  'ansible_user=[1]': /^ansible_user must be a name, not \[1\]$/,
  'ansible_password=': /^ansible_password must be a password, but it is empty$/,
  'ansible_password=True': /^ansible_password must be text/,
  'ansible_password=1.50': /^ansible_password must be text/,
  'ansible_hots=x': /^ansible_hots is no variable of Ansible \(did you mean ansible_host\?\)$/,
  'ansible_sshpass=x': /did you mean ansible_ssh_pass\?/,
  'ansible_become=1 ansible_become_flags=-Ei':
    /^ansible_become_flags must be flags of sudo that can be honoured, and -i cannot/,
  'ansible_become=1 ansible_become_flags="-H -u app"': /and -u cannot.*Set ansible_become_user/,
  'ansible_become=1 ansible_become_flags=--login': /and --login cannot/,
  'ansible_become=1 ansible_become_flags=E': /and E cannot/,
  'ansible_become=1 ansible_su_flags=-P ansible_become_method=su':
    /^ansible_su_flags must be flags of su .* -P cannot/,
  'ansible_become=1 ansible_become_method=doas ansible_become_exe=/opt/doas': /left out with doas/,
  'ansible_becom=x': /did you mean ansible_become\?/,
  'ansible_ssh_private_key_fiel=x': /did you mean ansible_ssh_private_key_file\?/,
  'ansible_ssh_common_args="-o ForwardAgent=yes"':
    /^ansible_ssh_common_args must be options of ssh that can be honoured, and -o ForwardAgent=yes cannot/,
  'quorate_reconnect=-1': /^quorate_reconnect must be a number of seconds, not -1/,
  'ansible_timeout=soon': /^ansible_timeout must be a number of seconds, not "soon"/,
}

for (const [line, message] of Object.entries(WRONG)) {
  test(`'${line}' is a problem`, async () => {
    const { problems } = await settingsOf(line)
    assert.is(problems.length, 1)
    assert.match(problems[0] ?? '', message)
  })
}

test('all problems of a host come at once, with their places', async () => {
  const host = hostOf(await load('h ansible_port=x ansible_become=x\n[all:vars]\nansible_connection=x'), 'h')
  const places = connectionSettings(host).problems.map(({ place }) => `${place?.line}:${place?.column}`)
  assert.equal(places.sort(), ['1:18', '1:3', '3:1'])
})

test('passwords do not print', async () => {
  const { settings } = connectionSettings(hostOf(await load('h ansible_password=hunter2'), 'h'))
  assert.not.match(JSON.stringify(settings) + String(settings.password), 'hunter2')
})

test('the address of a host is its ip, else its ansible_host, else its name', async () => {
  const inventory = await load('a ip=10.0.0.1 ansible_host=10.0.0.2\nb ansible_host=10.0.0.3\n10.0.0.4\nc')
  assert.equal([...inventory.hosts.values()].map(hostAddress), ['10.0.0.1', '10.0.0.3', '10.0.0.4', 'c'])
})

async function addressProblems(ini: string): Promise<string[]> {
  const problems = checkAddresses(await load(ini))
  return problems.map((problem) => formatProblem(problem).replaceAll(/[^\s(]*quorate-inventory-[^/]*\//g, ''))
}

const CLASHES: Readonly<Record<string, RegExp>> = {
  'a ansible_host=10.0.0.1\nb ansible_host=10.0.0.1':
    /^hosts.ini:2:3: duplicate address: b is reached at the same address and port as a \(hosts.ini:1:3\): 10.0.0.1 port 22/,
  'a ip=10.0.0.1\nb ip=10.0.0.1':
    /^hosts.ini:2:3: duplicate address: b has the same ip as a \(hosts.ini:1:3\): 10.0.0.1/,
  'a ip=fd00::1\nb ip=FD00:0::1': /b has the same ip as a/,
  '10.0.0.1\nb ansible_host=10.0.0.1':
    /b is reached at the same address and port as 10.0.0.1: 10.0.0.1 port 22/,
  'a ip=10.0.0.256': /^hosts.ini:1:3: ip of a: 10.0.0.256 is no IP address/,
  'a ansible_host=10.0.0': /^hosts.ini:1:3: ansible_host of a: 10.0.0 is no IP address/,
  'a ip=10.0': /^hosts.ini:1:3: ip of a: 10 is no IP address/,
  'a ip=fd00::g': /ip of a: fd00::g is no IP address/,
  'a ip=10.0.0.1/24': /ip of a: 10.0.0.1\/24 is no IP address/,
  '10.0.0.300': /the host 10.0.0.300 is no IP address/,
}

for (const [ini, message] of Object.entries(CLASHES)) {
  test(`'${ini.replaceAll('\n', ' / ')}' is a problem of addresses`, async () => {
    const problems = await addressProblems(ini)
    assert.is(problems.length, 1)
    assert.match(problems[0] ?? '', message)
  })
}

test('hosts that share an address but not its port, and local hosts, are fine', async () => {
  assert.equal(await addressProblems('a:22 ansible_host=x\nb:23 ansible_host=x'), [])
  assert.equal(await addressProblems('[all]\na\nb\n[all:vars]\nansible_connection=local\nansible_host=x'), [])
})

test.run()
