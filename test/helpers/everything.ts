// A run that changes a lab host in every way there is, and what tells whether all of it has come about.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Lab } from '../../lib/lab/index.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

// The service keeps a copy of the configuration that it was started with: it tells a restart that has not come about.
const PLAYBOOK = `
import * as q from '${root}dist/lib/index.js'
const UNIT = \`[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/cp /srv/app/small.conf /run/worker.loaded
[Install]
WantedBy=multi-user.target
\`
const everything = q.defineRole({
  name: 'everything',
  summary: 'changes everything',
  vars: q.z.object({}),
  async converge({ apply }) {
    await apply(
      q.pkg('hello'),
      q.group('crew', { gid: 4200 }),
      q.user('fred', { uid: 4201, group: 'crew', groups: ['audio'], home: '/srv/fred', shell: '/bin/sh' }),
      q.directory('/srv/app/data', { owner: 'fred', group: 'crew', mode: 0o750 }),
      q.file('/srv/app/small.conf', { content: 'port 1\\n', owner: 'fred', validate: 'grep -q port %' }),
      q.file('/srv/app/key', { content: new q.Secret('the key to everything') }),
      q.file('/srv/app/large', { content: 'large\\n'.repeat(300_000) }),
      q.file('/srv/small/half', { content: Buffer.alloc(1_200_000, 'half of it') }),
      q.symlink('/srv/app/current', { target: 'data' }),
      q.line('/srv/list', { line: 'color=blue', match: /^color=/ }),
      q.block('/srv/list', { marker: 'ours', content: 'one\\ntwo' }),
      q.absent('/srv/old'),
      q.sysctl('net.ipv4.ip_local_port_range', '20000 60999'),
    )
    await apply(
      q.step('count', { done: 'test -e /srv/app/counted', run: 'n=0; while [ $n -lt 3 ]; do n=$((n+1)); sleep 0.1; done; echo $n >/srv/app/.counted; mv /srv/app/.counted /srv/app/counted' }),
      q.unit('worker.service', UNIT),
      q.service('worker', { enabled: true, state: 'running', restartOn: ['/srv/app/small.conf', '/etc/systemd/system/worker.service'] }),
      q.file('/srv/app/last', { content: 'all is done' }),
    )
  },
})
export default await q.playbook('everything', { plays: ({ group }) => [q.play('all', group('all'), [everything()])] })
`

/** As it was before any run; a file system of its own that is small can be filled up. */
export const RESET = `systemctl disable -q --now worker 2>/dev/null
rm -rf /srv/app /srv/fred /etc/systemd/system/worker.service /run/worker.loaded /var/lib/quorate /etc/sysctl.d/90-quorate.conf
systemctl daemon-reload
id fred >/dev/null 2>&1 && userdel fred; getent group crew >/dev/null && groupdel crew
sysctl -q -w net.ipv4.ip_local_port_range='32768 60999'
mkdir -p /srv/small /srv/old/deep && echo old >/srv/old/deep/file
mountpoint -q /srv/small || mount -t tmpfs -o size=3m tmpfs /srv/small
rm -rf /srv/small/* /srv/small/.[!.]*
printf 'color=red\\nshape=round\\n' >/srv/list`

/** All that the run owns: files with owners and modes, package, accounts, kernel, and what the service runs with. */
const DIGEST = `cd /srv
find . -mindepth 1 ! -type l -printf '%p %y %u %g %m\\n' | sort
find . /etc/systemd/system/worker.service /etc/sysctl.d/90-quorate.conf /run/worker.loaded -type f 2>&1 | sort | xargs sha256sum
find . -type l -printf '%p -> %l\\n' | sort
dpkg-query -W -f '\${Package} \${Status}\\n' hello 2>&1; dpkg --audit
getent passwd fred; getent group crew; id -nG fred 2>&1
sysctl -n net.ipv4.ip_local_port_range
systemctl is-enabled worker 2>/dev/null; systemctl is-active worker; systemctl show worker -p NeedDaemonReload`

// Whatever a connection has started, and whatever that has started in turn, has sshd's variable in its environment.
const PROCESSES = `grep -lsz '^SSH_CONNECTION=' /proc/[0-9]*/environ | while IFS=/ read -r _ _ pid _; do
  tr '\\0' ' ' <"/proc/$pid/cmdline"; echo
done 2>/dev/null`

const REMAINS = `find /srv /etc /root /tmp /var/tmp /usr/sbin -xdev \\( -name '.*.quorate-*' -o -path '/tmp/tmp.*' -o -name policy-rc.d \\)
flock -n /run/quorate.lock true || echo 'the lock of the host'`

/** What there is to compare. */
export async function digest(lab: Lab, host: string): Promise<string> {
  return (await lab.exec(host, DIGEST)).stdout
}

/** The command lines of what runs have left running; waits until there are none, as long as a minute. */
export async function leftRunning(lab: Lab, host: string): Promise<string> {
  for (let attempt = 0; ; attempt += 1) {
    const { stdout } = await lab.exec(host, PROCESSES)
    if (stdout === '' || attempt === 300) return stdout
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

/** Temporary files and locks that are still there. */
export async function leftBehind(lab: Lab, host: string): Promise<string> {
  return (await lab.exec(host, REMAINS)).stdout
}

/** A run that is on its way. */
export interface StartedRun {
  readonly child: ChildProcess
  /** How many events it has told so far. */
  readonly told: () => number
  /** Resolves once it has told so many events; also when it ends before. */
  readonly reaches: (events: number) => Promise<void>
  /** The exit code; null where a signal ended it. */
  readonly ended: Promise<number | null>
  readonly output: () => string
}

/** Starts the run as a command of its own. */
export function startEverything(lab: Lab, folder: string, args: readonly string[] = []): StartedRun {
  mkdirSync(folder, { recursive: true })
  const playbook = join(folder, 'everything.mjs')
  writeFileSync(playbook, PLAYBOOK)
  const child = spawn(process.execPath, [playbook, '-i', lab.inventory, '--output', 'json', '-vv', ...args], {
    cwd: folder,
    env: { ...process.env, NO_COLOR: '1', HOME: folder, XDG_STATE_HOME: folder },
  })
  let [output, errors] = ['', '']
  child.stdout.on('data', (chunk) => (output += chunk))
  child.stderr.on('data', (chunk) => (errors += chunk))
  const told = () => output.split('\n').length - 1
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  const reaches = (events: number) =>
    new Promise<void>((resolve) => {
      child.stdout.on('data', () => told() >= events && resolve())
      void ended.then(() => resolve())
    })
  return { child, told, reaches, ended, output: () => `${output}${errors}` }
}
