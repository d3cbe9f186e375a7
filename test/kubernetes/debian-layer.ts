import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { QuorateError } from '../../lib/errors.ts'
import { readAptOptions, readAptSources } from '../../lib/lab/apt-sources.ts'
import { run, tryRun } from '../../lib/lab/run.ts'
import { writeTar } from './image.ts'

const SUITE = 'bookworm'
const PACKAGES = [
  ...['iptables', 'nftables', 'ipset', 'conntrack', 'kmod', 'iproute2'],
  ...['dash', 'coreutils'],
]
/** No maintainer script runs: what iptables' would have set up is listed here. */
const ALTERNATIVES = ['iptables', 'ip6tables'].flatMap((name) => [name, `${name}-save`, `${name}-restore`])
/** Nothing in a pod reads these. */
const UNUSED = [
  ...['usr/share/doc', 'usr/share/man', 'usr/share/info', 'usr/share/locale', 'usr/share/perl*'],
  ...['usr/share/bash-completion', 'usr/share/lintian', 'usr/bin/*perl*', 'usr/lib/*/*perl*'],
  ...['var/cache', 'var/lib/apt', 'var/lib/dpkg', 'var/log', 'dev'],
]

/** What the layer is made of; another text means another layer. */
export const DEBIAN_LAYER_RECIPE = JSON.stringify([SUITE, PACKAGES, ALTERNATIVES, UNUSED])

/** Writes a layer with the programs of Debian that kube-proxy and flannel call. */
export async function writeDebianLayer(archive: string): Promise<void> {
  const root = mkdtempSync(join(dirname(archive), '.debian-'))
  try {
    await extractPackages(root)
    await run('sh', ['-c', `cd "$0" && rm -rf ${UNUSED.join(' ')}`, root])
    for (const name of ALTERNATIVES) {
      symlinkSync(name.replace('tables', 'tables-nft'), join(root, 'usr/sbin', name))
    }
    await writeTar(root, archive)
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

async function extractPackages(root: string): Promise<void> {
  const sources = readAptSources()
  const options = await readAptOptions()
  const { rc, stderr } = await tryRun(
    // its processes end and its mounts vanish with us, even when we are killed: mmdebstrap alone leaves both
    'setpriv',
    [
      ...['--pdeathsig', 'KILL', 'unshare', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'],
      ...['mmdebstrap', '--quiet', '--mode=root', '--variant=extract', '--format=directory'],
      ...options.map((option) => `--aptopt=${option}`),
      ...[`--include=${PACKAGES.join(',')}`, SUITE, root],
      ...(sources.length === 0 ? [] : ['-']),
    ],
    sources.join('\n'),
  )
  if (rc === 0) return
  const end = stderr.trim().split('\n').slice(-15).join('\n')
  throw new QuorateError(`unpacking Debian packages failed (mmdebstrap, exit ${rc}):\n${end}`)
}
