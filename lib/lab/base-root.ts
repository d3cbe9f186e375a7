import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { QuorateError } from '../errors.ts'
import { readAptOptions, readAptSources } from './apt-sources.ts'
import { run, tryRun } from './run.ts'
import { listLabs, readLab } from './state.ts'

const CACHE = '/var/cache/quorate/lab'
/** Raised when what is done to a root changes, so that one that was made before is not used. */
const RECIPE = 1
/** An older root's package lists name versions that the archive may no longer hold. */
const FRESH_DAYS = 7
const SUITE = 'bookworm'
const PACKAGES = [
  ...['systemd', 'systemd-sysv', 'dbus', 'openssh-server', 'sudo', 'ca-certificates', 'curl'],
  ...['iproute2', 'iputils-ping', 'iptables', 'procps', 'kmod'],
]

/**
 * The path of a Debian 12 root to lay hosts over, built (20 to 40 s) when none is cached or the newest is over
 * a week old. Call it under the machine's lock, and record who uses the root before that is released.
 *
 * @throws QuorateError when none is cached and the archive cannot be reached.
 */
export async function ensureBaseRoot(log: (line: string) => void): Promise<string> {
  const sources = readAptSources()
  const options = await readAptOptions()
  const recipe = JSON.stringify({ RECIPE, SUITE, PACKAGES, sources, options })
  const hash = createHash('sha256').update(recipe).digest('hex').slice(0, 12)
  const newest = cachedRoots().findLast((root) => root.startsWith(join(CACHE, `${hash}-`)))
  if (newest !== undefined && isFresh(newest)) return newest
  log(`building a Debian 12 root in ${CACHE} (once; under a minute)`)
  try {
    return await build(hash, sources, options)
  } catch (error) {
    if (newest === undefined) throw error
    log(`that failed, using the last one: ${error instanceof Error ? error.message : error}`)
    return newest
  }
}

/** Made under another name and renamed when it is finished: an interrupted build is never used. */
async function build(hash: string, sources: readonly string[], options: readonly string[]): Promise<string> {
  const root = join(CACHE, `building-${process.pid}-${Date.now()}`)
  mkdirSync(root, { recursive: true, mode: 0o755 })
  try {
    await bootstrap(root, sources, options)
    await customize(root)
    removeUnused(root)
    const finished = join(CACHE, `${hash}-${Date.now()}`)
    renameSync(root, finished)
    return finished
  } catch (error) {
    rmSync(root, { recursive: true, force: true })
    throw error
  }
}

async function bootstrap(
  root: string,
  sources: readonly string[],
  options: readonly string[],
): Promise<void> {
  const { rc, stderr } = await tryRun(
    // its processes end and its mounts vanish with us, even when we are killed: mmdebstrap alone leaves both
    'setpriv',
    [
      ...['--pdeathsig', 'KILL', 'unshare', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'],
      ...['mmdebstrap', '--quiet', '--mode=root', '--variant=minbase', '--format=directory'],
      '--skip=cleanup/apt/lists', // with package lists hosts can install at once
      '--dpkgopt=force-unsafe-io',
      ...['Acquire::Languages "none";', ...options].map((option) => `--aptopt=${option}`),
      ...[`--include=${PACKAGES.join(',')}`, SUITE, root],
      ...(sources.length === 0 ? [] : ['-']),
    ],
    sources.join('\n'),
  )
  if (rc === 0) return
  const end = stderr.trim().split('\n').slice(-15).join('\n')
  throw new QuorateError(`building the Debian root failed (mmdebstrap, exit ${rc}):\n${end}`)
}

/** What all hosts have in common; what tells them apart is written by `createHostRoot`. */
async function customize(root: string): Promise<void> {
  for (const name of readdirSync(join(root, 'etc/ssh'))) {
    if (name.startsWith('ssh_host_')) rmSync(join(root, 'etc/ssh', name))
  }
  await run('chroot', [root, 'systemctl', '--quiet', 'enable', 'systemd-networkd', 'ssh'])
  const unneeded = ['apt-daily.timer', 'apt-daily-upgrade.timer', 'console-getty.service']
  await run('chroot', [
    root,
    'systemctl',
    '--quiet',
    'mask',
    ...unneeded,
    'systemd-networkd-wait-online.service',
  ])
  writeFileSync(join(root, 'etc/apt/apt.conf.d/90lab'), 'APT::Periodic::Enable "0";\n')
}

/** Finished roots, those of a recipe oldest first. */
function cachedRoots(): string[] {
  mkdirSync(CACHE, { recursive: true })
  const names = readdirSync(CACHE).filter((name) => /^[0-9a-f]{12}-\d+$/.test(name))
  return names.sort().map((name) => join(CACHE, name))
}

function isFresh(root: string): boolean {
  return Date.now() - Number(root.slice(root.lastIndexOf('-') + 1)) < FRESH_DAYS * 24 * 3600 * 1000
}

/** Removes older roots that no lab stands on, and what interrupted builds left. */
function removeUnused(newest: string): void {
  const kept = [newest, ...listLabs().map((name) => readLab(name)?.base)]
  const present = readdirSync(CACHE).map((name) => join(CACHE, name))
  for (const root of present.filter((path) => !kept.includes(path)))
    rmSync(root, { recursive: true, force: true })
}
