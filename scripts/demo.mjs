// npm run demo: everything on a fresh machine with root and Node. Installs what is missing, boots three lab hosts,
// makes them an HA cluster for real, shows that it works, and runs again to show that nothing changes. With a bundle
// (npm run demo -- BUNDLE, or one in the cache) it goes all the way to Kubernetes, else it ends with etcd and the VIP.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const NAME = 'demo'

say('Checking this machine')
if (process.platform !== 'linux' || process.getuid?.() !== 0)
  fail('the demo boots real hosts with systemd-nspawn, which needs Linux and root')
if (!existsSync(join(root, 'node_modules', 'zx')) || !existsSync(join(root, 'dist', 'lib', 'index.js')))
  run('npm', ['ci'])
const { labUp, missingTools } = await import('../dist/lib/lab/index.js')
const missing = missingTools()
if (missing.length > 0) {
  if (spawnSync('apt-get', ['--version']).status !== 0) fail(`install these first: ${missing.join(', ')}`)
  run('apt-get', ['update', '-q'])
  run('apt-get', ['install', '-q', '-y', '--no-install-recommends', ...missing])
}

const bundle = process.argv[2] === undefined ? cachedBundle() : resolve(process.argv[2])
const hosts = ['m1', 'm2', 'm3', ...(bundle === undefined ? [] : ['n1'])]
say(`Booting ${hosts.length} hosts (the first time this builds a Debian root, about a minute)`)
const lab = await labUp({ name: NAME, hosts, log: (/** @type {string} */ line) => console.log(`  ${line}`) })
const vip = lab.network.replace(/\.0\/24$/, '.10')
const groupVars = join(dirname(lab.inventory), 'group_vars')
mkdirSync(groupVars, { recursive: true })
writeFileSync(
  join(groupVars, 'all.yml'),
  `cluster_name: demo\nvip: ${vip}/24\npki_dir: pki\n${kubernetesVars()}`,
)

const command = ['node_modules/.bin/zx', 'playbooks/ha-cluster.mjs', '-i', lab.inventory]
say(`Making the cluster: ${command.join(' ')}`)
playbook()

say('etcd, asked by its own client over TLS')
// The distribution's etcdctl is so old that it has to be told which API it should speak.
const program = bundle === undefined ? 'ETCDCTL_API=3 etcdctl' : '/opt/etcd-*/etcdctl'
const tls =
  '--cacert /etc/etcd/pki/ca.crt --cert /etc/etcd/pki/healthcheck-client.crt --key /etc/etcd/pki/healthcheck-client.key'
const endpoints = lab.hosts
  .slice(0, 3)
  .map(({ address }) => `https://${address}:2379`)
  .join(',')
await show('m1', `${program} ${tls} --endpoints ${endpoints} endpoint health`)
await show('m1', `${program} ${tls} --endpoints ${endpoints} member list -w table`)

say(`The VIP ${vip}, and haproxy answering on it`)
for (const { name } of lab.hosts) await show(name, `ip -br -4 address show dev host0`)
console.log(`  ${(await (await fetch(`http://${vip}:8443/`)).text()).trim()}`)

if (bundle === undefined) {
  say('No Kubernetes: there is no bundle')
  console.log(`  npm run bundle -- --kubernetes v1.36.2 --out DIR     makes one, from the official downloads
  npm run demo -- DIR                                  goes all the way with it`)
} else {
  say('Kubernetes, asked through the VIP')
  await show('m1', `kubectl --kubeconfig /etc/kubernetes/admin.conf --server https://${vip}:8443 get nodes`)
  await show('m1', `kubectl --kubeconfig /etc/kubernetes/admin.conf --server https://${vip}:8443 get pods -A`)
  console.log(`  a kubeconfig for you: ${join(dirname(lab.inventory), 'demo.kubeconfig')}`)
}

say('The same again: nothing is left to change')
playbook()

say('Your turn')
console.log(`  npm run lab -- ssh m1 --name ${NAME}          look around
  npm run lab -- status                 what is up
  ${command.join(' ')} --verify
  npm run lab -- down --name ${NAME}            stop the hosts and remove every trace of them`)

/** The newest bundle in the cache, where `npm run bundle` or the cluster tests may have put one. */
function cachedBundle() {
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'quorate')
  const found = ['bundle', 'test-bundle'].flatMap((name) => {
    const folder = join(cache, name)
    const versions = existsSync(folder) ? readdirSync(folder).sort().reverse() : []
    return versions
      .map((version) => join(folder, version))
      .filter((path) => existsSync(join(path, 'manifest.json')))
  })
  return found[0]
}

/** What a node in a container needs told: it shares this machine's kernel, swap and cgroups. */
function kubernetesVars() {
  if (bundle === undefined) return ''
  return `bundle: ${bundle}
base_check_disk: false
kube_master_ignore_preflight_errors: [SystemVerification]
kube_node_ignore_preflight_errors: [SystemVerification]
kube_master_kubelet_configuration:
  cgroupDriver: cgroupfs
  failSwapOn: false
  failCgroupV1: false
  # All hosts share this machine's disk: a tenth of it is more than they need.
  evictionHard: { memory.available: 100Mi, nodefs.available: 1%, imagefs.available: 1% }
  imageGCHighThresholdPercent: 100
kube_master_kube_proxy_configuration: { mode: iptables, conntrack: { maxPerCore: 0, min: 0 } }
`
}

function playbook() {
  run(process.execPath, [...command.slice(0, 1).map((file) => join(root, file)), ...command.slice(1)])
}

/** @param {string} host @param {string} script */
async function show(host, script) {
  const { stdout, stderr, rc } = await lab.exec(host, script)
  console.log(`${stdout}${stderr}`.trimEnd().replace(/^/gm, `  ${host}  `))
  if (rc !== 0) fail(`${script}: exit code ${rc}`)
}

/** @param {string} program @param {string[]} args */
function run(program, args) {
  const { status, error } = spawnSync(program, args, { cwd: root, stdio: 'inherit' })
  if (error !== undefined || status !== 0)
    fail(`${program} ${args.join(' ')}: ${error?.message ?? `exit code ${status}`}`)
}

/** @param {string} title */
function say(title) {
  console.log(`\n== ${title}`)
}

/** @param {string} message @returns {never} */
function fail(message) {
  console.error(`demo: ${message}`)
  process.exit(1)
}
