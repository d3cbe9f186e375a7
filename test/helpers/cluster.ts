import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type BundleFile, binaryOf, readBundle } from '../../lib/index.ts'
import { type Lab, labUp } from '../../lib/lab/index.ts'
import { ensureTestBundle } from '../kubernetes/build.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const PLAYBOOK = join(root, 'test/cluster/cluster.mjs')

/** A run of the playbook. */
export interface Run {
  readonly child: ChildProcess
  readonly end: Promise<Outcome>
}

export interface Outcome {
  /** null where a signal ended it. */
  readonly rc: number | null
  readonly output: string
}

/** A lab with the playbook that makes a cluster of its hosts. */
export interface Cluster {
  readonly lab: Lab
  readonly vip: string
  /** An administrator's kubeconfig, once there is a cluster. */
  readonly kubeconfig: string
  /** Starts the playbook, with further flags. */
  start(...args: readonly string[]): Run
  run(...args: readonly string[]): Promise<Outcome>
  /** kubectl on this machine, through the VIP. */
  kubectl(...args: readonly string[]): Promise<string>
  /** Further variables of the inventory, as YAML; those of the call before are gone. */
  setVars(yaml: string): void
}

export interface ClusterOptions {
  readonly name: string
  readonly hosts: readonly string[]
  readonly etcd: 'external' | 'stacked'
}

/** Boots the hosts of a cluster and writes its inventory; nothing is installed yet. */
export async function clusterUp({ name, hosts, etcd }: ClusterOptions): Promise<Cluster> {
  const bundleDirectory = await ensureTestBundle(console.error)
  const bundle = await readBundle(bundleDirectory)
  const lab = await labUp({ name, hosts: [...hosts] })
  const folder = join(dirname(lab.inventory), 'test')
  const write = (path: string, text: string) => writeFileSync(join(folder, path), text)
  mkdirSync(join(folder, 'group_vars'), { recursive: true })
  cpSync(lab.inventory, join(folder, 'hosts.ini'))
  const vip = lab.network.replace(/0\/24$/, '10')
  const source =
    etcd === 'stacked' ? 'stacked' : await etcdRelease(binaryOf(bundle, 'etcd'), bundle.directory, folder)
  const common = {
    cluster_name: name,
    vip: `${vip}/24`,
    pki_dir: 'pki',
    bundle: bundleDirectory,
    etcd: source,
  }
  const setVars = (yaml: string) =>
    write(
      'group_vars/all.yml',
      `${Object.entries(common)
        .map(([key, value]) => `${key}: ${JSON.stringify(value)}\n`)
        .join('')}${yaml}`,
    )
  setVars('')
  const kubeconfig = join(folder, 'kubeconfig')
  const start = (...args: readonly string[]) => startPlaybook(['-i', join(folder, 'hosts.ini'), ...args])
  return {
    lab,
    vip,
    kubeconfig,
    start,
    run: (...args) => start(...args).end,
    async kubectl(...args) {
      const command = binaryOf(bundle, 'kubectl').path
      const { stdout } = await promisify(execFile)(command, [
        '--kubeconfig',
        kubeconfig,
        '--request-timeout=10s',
        ...args,
      ])
      return stdout.trim()
    },
    setVars,
  }
}

/** What the recap of a run says of a host. */
export function recap(output: string, host: string): { ok: number; changed: number; failed: number } {
  const row = new RegExp(`^${host} +(\\d+) +(\\d+) +(\\d+) +\\d+ +[\\d.]`, 'm').exec(output)
  if (row === null) throw new Error(`no recap of ${host} in\n${output}`)
  const [ok = 0, changed = 0, failed = 0] = row.slice(1).map(Number)
  return { ok, changed, failed }
}

function startPlaybook(args: readonly string[]): Run {
  const child = spawn(process.execPath, [PLAYBOOK, ...args], {
    cwd: root,
    env: { ...process.env, NO_COLOR: '1' },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
  const end = new Promise<Outcome>((resolve) => child.on('close', (rc) => resolve({ rc, output })))
  return { child, end }
}

/** The bundle's etcd, packed as its releases are. */
async function etcdRelease({ version }: BundleFile, bundle: string, folder: string): Promise<object> {
  const path = join(folder, 'etcd.tar.gz')
  const name = `etcd-${version}-linux-amd64`
  const rename = `--transform=s,^,${name}/,`
  if (!existsSync(path))
    await promisify(execFile)('tar', ['-C', join(bundle, 'bin'), rename, '-czf', path, 'etcd', 'etcdctl'])
  const sha256 = createHash('sha256').update(readFileSync(path)).digest('hex')
  return { path, sha256, version: version.replace(/^v/, '') }
}
