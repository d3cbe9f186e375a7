import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type Bundle, binaryOf, imagesOf, readBundle } from '../../lib/index.ts'
import { type Lab, labUp } from '../../lib/lab/index.ts'
import { ensureTestBundle } from '../kubernetes/build.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

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

/** Which hosts of the lab the inventory has. */
export interface Groups {
  readonly masters: readonly string[]
  readonly workers: readonly string[]
  /** @default the first three masters */
  readonly etcd?: readonly string[]
  /** Hosts of their own for the VIP. @default the masters have it */
  readonly balancers?: readonly string[]
}

/** A lab with an inventory for playbooks/ha-cluster.mjs. */
export interface Cluster {
  readonly lab: Lab
  readonly vip: string
  /** An administrator's kubeconfig, once there is a cluster. */
  readonly kubeconfig: string
  /** The names of all nodes in the inventory. */
  readonly names: readonly string[]
  readonly groups: Groups
  /** Starts the playbook, with further flags. */
  start(...args: readonly string[]): Run
  run(...args: readonly string[]): Promise<Outcome>
  /** kubectl on this machine, through the VIP. */
  kubectl(...args: readonly string[]): Promise<string>
  /** Further variables of the inventory, as YAML; those of the call before are gone. */
  setVars(yaml: string): void
  setGroups(groups: Groups): void
}

export interface ClusterOptions {
  readonly name: string
  readonly groups: Groups
  /** Hosts of the lab that the inventory does not have yet. */
  readonly spare?: readonly string[]
  /** A release that there is a recipe for. @default the newest */
  readonly kubernetes?: string
  /** Variables of the inventory beside those that every lab needs; undefined leaves one of these out. */
  readonly vars?: Readonly<Record<string, unknown>>
}

/**
 * What a host has to be excused for that is a container: cgroup v1, the machine's swap, its disk, of which ten percent are
 * plenty, sysctls that it may not set.
 */
const LAB_VARS = {
  base_check_disk: false,
  kube_master_ignore_preflight_errors: ['SystemVerification'],
  kube_node_ignore_preflight_errors: ['SystemVerification'],
  kube_master_kubelet_configuration: {
    failSwapOn: false,
    failCgroupV1: false,
    evictionHard: { 'memory.available': '100Mi', 'nodefs.available': '1%', 'imagefs.available': '1%' },
    imageGCHighThresholdPercent: 100,
  },
  kube_master_kube_proxy_configuration: { mode: 'iptables', conntrack: { maxPerCore: 0, min: 0 } },
}

/** Boots the hosts of a cluster and writes its inventory; nothing is installed yet. */
export async function clusterUp(options: ClusterOptions): Promise<Cluster> {
  const { name, groups, spare = [], kubernetes, vars } = options
  const bundle = await readBundle(await ensureTestBundle(console.error, kubernetes))
  const lab = await labUp({ name, hosts: [...hostsOf(groups), ...spare] })
  const folder = join(dirname(lab.inventory), 'test')
  mkdirSync(join(folder, 'group_vars'), { recursive: true })
  const vip = lab.network.replace(/0\/24$/, '10')
  const common = {
    cluster_name: name,
    vip: `${vip}/24`,
    pki_dir: 'pki',
    bundle: bundle.directory,
    ...LAB_VARS,
  }
  const kubeconfig = join(folder, `${name}.kubeconfig`)
  const start = (...args: readonly string[]) => startPlaybook(['-i', join(folder, 'hosts.ini'), ...args])
  let present = groups
  const cluster: Cluster = {
    lab,
    vip,
    kubeconfig,
    get groups() {
      return present
    },
    get names() {
      return [...present.masters, ...present.workers]
    },
    start,
    run: (...args) => start(...args).end,
    kubectl: (...args) => kubectl(bundle, kubeconfig, args),
    setVars: (yaml) =>
      writeFileSync(join(folder, 'group_vars/all.yml'), `${yamlOf({ ...common, ...vars })}${yaml}`),
    setGroups(groups) {
      present = groups
      writeFileSync(join(folder, 'hosts.ini'), inventoryOf(lab, groups))
    },
  }
  cluster.setVars('')
  cluster.setGroups(groups)
  return cluster
}

/** What pods of the tests run, for nodes that have a containerd by now. */
export async function importTestImage({ lab, names }: Pick<Cluster, 'lab' | 'names'>): Promise<void> {
  const bundle = await readBundle(await ensureTestBundle(console.error))
  const archive = imagesOf(bundle).find((image) => image.name === 'agnhost')?.path
  if (archive === undefined) throw new Error('the test bundle has no image agnhost')
  for (const name of names) {
    copyFileSync(archive, join(lab.host(name).root, 'root/agnhost.tar'))
    const { rc, stderr } = await lab.exec(name, 'ctr -n k8s.io images import /root/agnhost.tar')
    if (rc !== 0) throw new Error(`${name} does not take the test image: ${stderr}`)
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
  const child = spawn(
    process.execPath,
    ['node_modules/zx/build/cli.js', 'playbooks/ha-cluster.mjs', ...args],
    {
      cwd: root,
      env: { ...process.env, NO_COLOR: '1' },
    },
  )
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
  const end = new Promise<Outcome>((resolve) => child.on('close', (rc) => resolve({ rc, output })))
  return { child, end }
}

async function kubectl(bundle: Bundle, kubeconfig: string, args: readonly string[]): Promise<string> {
  const options = ['--kubeconfig', kubeconfig, '--request-timeout=10s']
  const { stdout } = await promisify(execFile)(binaryOf(bundle, 'kubectl').path, [...options, ...args])
  return stdout.trim()
}

function inventoryOf(lab: Lab, groups: Groups): string {
  const { masters, workers, etcd = masters.slice(0, 3), balancers = [] } = groups
  const written = readFileSync(lab.inventory, 'utf8')
  const settings = written.slice(written.indexOf('[all:vars]'))
  const hosts = hostsOf(groups).map((name) => {
    const { address } = lab.host(name)
    return `${name} ansible_host=${address} ip=${address}`
  })
  const members = {
    all: hosts,
    etcd,
    'kube-master': masters,
    'kube-node': workers,
    'load-balancer': balancers,
  }
  const sections = Object.entries(members).map(([group, lines]) => [`[${group}]`, ...lines, ''].join('\n'))
  return [...sections, settings].join('\n')
}

/** The names of all hosts in the inventory. */
function hostsOf({ masters, workers, etcd = [], balancers = [] }: Groups): string[] {
  return [...new Set([...masters, ...workers, ...etcd, ...balancers])]
}

/** JSON is YAML too. */
function yamlOf(vars: Readonly<Record<string, unknown>>): string {
  return Object.entries(vars)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}: ${JSON.stringify(value)}\n`)
    .join('')
}
