import { cpSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Target, Targets } from './hosts.ts'
import type { Load } from './load.ts'
import type { Installed, Tool } from './tools.ts'

/** How one tool does one load: the program to start, in a folder that holds what it reads. */
export interface Command {
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

export type RunKind = 'fresh' | 'no-change'

type Variables = Readonly<Record<string, string>>

const root = fileURLToPath(new URL('..', import.meta.url))

/** Writes all files that the tools read into `folder`: inventories, playbooks, scripts, and the keys of the hosts. */
export async function writeInputs(folder: string, load: Load, targets: Targets): Promise<void> {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text)
  const { apply, variables } = await writeLoad(folder, load, targets)
  write('known_hosts', targets.knownHosts)
  write('hosts.ini', inventory(targets, join(folder, 'known_hosts'), variables))
  write('inventory.py', pyinfraInventory(targets, join(folder, 'known_hosts'), variables))
  for (const [kind, script] of [
    ['no-change', load.probe],
    ['fresh', apply],
  ] as const) {
    write(`${kind}.sh`, script)
    write(`${kind}-all.sh`, floorSsh(folder, load, targets, kind))
  }
  write('targets.json', JSON.stringify({ ...targets, payload: payloadOf(folder, load) }))
  if (load.payloadMegabytes !== undefined) symlinkSync(join(folder, '..', 'payload'), join(folder, 'payload'))
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(root, join(folder, 'node_modules', 'quorate'))
}

/** What each tool is told to do. */
async function writeLoad(folder: string, load: Load, { hosts }: Targets) {
  if ('folder' in load) {
    cpSync(load.folder, folder, { recursive: true })
    return await load.prepare(folder, hosts)
  }
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text)
  write('site.yml', `- hosts: all\n  gather_facts: false\n  tasks:\n${load.ansible.replace(/^/gm, '    ')}`)
  write('deploy.py', load.pyinfra)
  write('site.mjs', quoratePlaybook(load.summary, load.quorate))
  return { apply: load.apply, variables: {} }
}

/** Best documented settings for everyone: as many hosts at once as there are, one connection a host, no facts. */
export function commandOf(
  { tool, folder: venv }: Installed,
  folder: string,
  kind: RunKind,
  hosts: number,
): Command {
  const bin = (name: string) => join(venv, 'bin', name)
  const ansible = [bin('ansible-playbook'), '-i', 'hosts.ini', '-f', String(hosts), 'site.yml']
  const ansibleEnv = {
    ...ANSIBLE,
    ANSIBLE_SSH_COMMON_ARGS: `-o UserKnownHostsFile=${join(folder, 'known_hosts')}`,
  }
  const commands: Record<Tool, Command> = {
    'floor-ssh': { argv: ['sh', `${kind}-all.sh`], env: {} },
    'floor-ssh2': { argv: [process.execPath, join(root, 'bench', 'floor-ssh2.mjs'), folder, kind], env: {} },
    ansible: { argv: ansible, env: ansibleEnv },
    'ansible-mitogen': {
      argv: ansible,
      env: { ...ansibleEnv, ...mitogen(venv), MITOGEN_POOL_SIZE: String(Math.max(32, hosts)) },
    },
    pyinfra: {
      argv: [bin('pyinfra'), '-y', '--parallel', String(hosts), 'inventory.py', 'deploy.py'],
      env: {},
    },
    quorate: {
      argv: [join(root, 'node_modules/.bin/zx'), 'site.mjs', '-i', 'hosts.ini', '--forks', String(hosts)],
      env: {},
    },
  }
  return commands[tool]
}

const ANSIBLE = {
  ANSIBLE_PIPELINING: 'true',
  ANSIBLE_HOST_KEY_CHECKING: 'true',
  ANSIBLE_NOCOLOR: '1',
  ANSIBLE_SSH_ARGS: '-o ControlMaster=auto -o ControlPersist=60s',
}

function mitogen(venv: string) {
  const python = readdirSync(join(venv, 'lib')).find((name) => name.startsWith('python3')) ?? ''
  return {
    ANSIBLE_STRATEGY: 'mitogen_linear',
    ANSIBLE_STRATEGY_PLUGINS: join(venv, 'lib', python, 'site-packages/ansible_mitogen/plugins/strategy'),
  }
}

function inventory({ hosts, key }: Targets, knownHosts: string, variables: Variables): string {
  const line = ({ name, ip, address, port }: Target) =>
    `${name} ip=${ip} ansible_host=${address} ansible_port=${port}`
  return `[all]
${hosts.map(line).join('\n')}

[all:vars]
ansible_user=root
ansible_ssh_private_key_file=${key}
ansible_python_interpreter=/usr/bin/python3
quorate_known_hosts=${knownHosts}
${Object.entries(variables)
  .map(([name, value]) => `${name}=${value}\n`)
  .join('')}`
}

function pyinfraInventory({ hosts, key }: Targets, knownHosts: string, variables: Variables): string {
  const data = ({ ip, address, port }: Target) => ({
    ...{ ssh_hostname: address, ssh_port: port, ssh_user: 'root', ssh_key: key },
    ...{ ssh_known_hosts_file: knownHosts, ip, ...variables },
  })
  const entries = hosts.map((host) => `    ("${host.name}", ${JSON.stringify(data(host))}),`)
  return `hosts = [\n${entries.join('\n')}\n]\n`
}

/** One ssh a host, all at once, each running one script; a payload goes through its stdin. */
function floorSsh(folder: string, load: Load, targets: Targets, kind: RunKind): string {
  const options = `-F /dev/null -l root -i ${targets.key} -o UserKnownHostsFile=${join(folder, 'known_hosts')}`
  const one = ({ address, port }: Target) => {
    const payload = kind === 'fresh' ? payloadOf(folder, load) : undefined
    const script = join(folder, `${kind}.sh`)
    const run = payload === undefined ? `sh <${script}` : `"$(cat ${script})" <${payload}`
    return `ssh ${options} -p ${port} ${address} ${run} >/dev/null & pids="$pids $!"`
  }
  return `${targets.hosts.map(one).join('\n')}\nfor pid in $pids; do wait $pid || exit 1; done\n`
}

function payloadOf(folder: string, load: Load): string | undefined {
  return load.payloadMegabytes === undefined ? undefined : join(folder, 'payload')
}

function quoratePlaybook(summary: string, body: string): string {
  const names =
    'absent, block, defineRole, directory, file, group, line, pkg, play, playbook, service, user, z'
  return `import { ${names} } from 'quorate'
void [absent, block, directory, file, group, line, pkg, service, user]
const load = defineRole({
  name: 'load',
  summary: '${summary}',
  vars: z.object({}),
  async converge({ apply, query }) {
    void [apply, query]
    ${body}
  },
})
export default await playbook('Benchmark', { plays: ({ group }) => [play('load', group('all'), [load()])] })
`
}
