import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { QuorateError } from '../errors.ts'
import { cgroupProcesses, createCgroups, removeCgroups } from './cgroup.ts'
import { type Output, tryRun, waitUntil } from './run.ts'
import { hostPaths, type LabRecord } from './state.ts'

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** Boots a host; resolves before it answers. What its console says goes to a file. */
export function bootHost(lab: LabRecord, host: string): void {
  const { root, containerd, console } = hostPaths(lab.name, host)
  const cgroups = createCgroups(cgroupName(lab.name, host))
  const machine = machineName(lab, host)
  const log = openSync(console, 'a')
  // entering the cgroup comes first: a process that is not in it could not be found again after a crash
  const script = 'for folder in $CGROUPS; do echo $$ > "$folder/cgroup.procs" || exit 1; done; exec "$@"'
  const nspawn = [
    ...['systemd-nspawn', '--quiet', '--boot', '--register=no', '--keep-unit', `--directory=${root}`],
    `--bind=${containerd}:/var/lib/containerd`,
    ...[`--machine=${machine}`, `--hostname=${host}`, `--network-bridge=${lab.bridge}`],
    ...['--capability=all', '--system-call-filter=add_key keyctl bpf perf_event_open'],
    ...['--resolv-conf=off', '--timezone=off', '--link-journal=no'],
  ]
  const env = { PATH, CGROUPS: cgroups.join(' '), SYSTEMD_NSPAWN_API_VFS_WRITABLE: 'network' }
  const child = spawn('sh', ['-c', script, 'sh', ...nspawn], {
    detached: true,
    stdio: ['ignore', log, log],
    env,
  })
  child.unref()
  closeSync(log)
}

/**
 * A power cut: all processes of a host end at once, without a word. Its root stays.
 *
 * The container's init is killed and nspawn left to tidy up, since a killed nspawn leaves its container running.
 *
 * @throws QuorateError when some process survives.
 */
export async function killHost(lab: string, host: string): Promise<void> {
  const name = cgroupName(lab, host)
  const init = findInit(lab, host)
  if (init !== undefined) {
    kill(init)
    await waitUntil(() => cgroupProcesses(name).length === 0, 5)
  }
  const ended = await waitUntil(() => {
    cgroupProcesses(name).forEach(kill)
    return removeCgroups(name)
  }, 10)
  if (ended) return
  throw new QuorateError(`host ${host} of lab ${lab} does not end: processes ${cgroupProcesses(name)}`)
}

/** Removes what nspawn leaves when it is killed before its container runs. */
export function removeNspawnTraces(lab: LabRecord, host: string): void {
  rmSync(join('/run/systemd/nspawn/propagate', machineName(lab, host)), { recursive: true, force: true })
}

/** Whether a host's init runs. */
export function isUp(lab: string, host: string): boolean {
  return findInit(lab, host) !== undefined
}

/** Runs a command as root inside a host, by entering its namespaces: it works without network and sshd too. */
export async function execInHost(lab: string, host: string, command: string, stdin = ''): Promise<Output> {
  const init = findInit(lab, host)
  if (init === undefined) throw new QuorateError(`host ${host} of lab ${lab} is not running`)
  const namespaces = ['--mount', '--uts', '--ipc', '--net', '--pid', '--root', '--wd']
  const environment = [`PATH=${PATH}`, 'HOME=/root', 'LANG=C.UTF-8', 'DEBIAN_FRONTEND=noninteractive']
  const inside = [...namespaces, 'env', '-i', ...environment, 'sh', '-c', command]
  return await tryRun('nsenter', ['--target', String(init), ...inside], stdin)
}

function findInit(lab: string, host: string): number | undefined {
  return cgroupProcesses(cgroupName(lab, host)).find((pid) => {
    try {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8')
      return /^NSpid:\s+\d+\s+1$/m.test(status) // pid 1 of a namespace right below ours
    } catch {
      return false
    }
  })
}

function cgroupName(lab: string, host: string): string {
  return `quorate.${lab}.${host}`
}

/** Unique on this machine: the name of the interface at the bridge is made from it. */
function machineName(lab: LabRecord, host: string): string {
  return `${lab.bridge.replace('qlab-', 'q')}-${host}`
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // it has ended by itself
  }
}
