// The whole way: three masters behind a VIP and two workers on lab hosts, with the test bundle.
import { readFileSync, statSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Cluster, clusterUp, recap } from '../helpers/cluster.ts'

const test = suite('a highly available cluster')
const masters = ['m1', 'm2', 'm3']
const workers = ['n1', 'n2']
const names = [...masters, ...workers]
const KUBE = ['--tags', 'kube-master,kube-node,flannel']
let cluster: Cluster

test.before(async () => {
  cluster = await clusterUp({ name: 'test-cluster', hosts: names, etcd: 'external' })
})

test.after(async () => await cluster?.lab.down())

test('check mode on fresh hosts plans a cluster, and changes nothing', async () => {
  const { rc, output } = await cluster.run('--check', '--tags', 'base,containerd,etcd,kube-master,kube-node')
  assert.is(rc, 0, output)
  assert.match(output, /would change +step make the cluster/)
  assert.match(output, /would change +step join the cluster as a worker/)
  for (const name of names)
    assert.is(
      (await cluster.lab.exec(name, 'ls -d /etc/kubernetes /usr/local/bin/kubeadm 2>/dev/null')).stdout,
      '',
    )
})

test('one run makes a cluster whose nodes are all Ready, and leaves nothing that lets hosts in', async () => {
  const { rc, output } = await cluster.run()
  assert.is(rc, 0, output)
  assert.match(output, /3 of 3 apiservers ready, v1\.\d+\.\d+/)
  assert.match(output, /2 of 2 workers ready|2 wait for a pod network/)
  await requireWhole()
  assert.is(statSync(cluster.kubeconfig).mode & 0o777, 0o600)
  assert.match(readFileSync(cluster.kubeconfig, 'utf8'), `server: https://${cluster.vip}:8443`)
})

test('the second run changes nothing and restarts no pod', async () => {
  const before = await pods()
  const { rc, output } = await cluster.run()
  assert.is(rc, 0, output)
  for (const name of names) assert.is(recap(output, name).changed, 0, output)
  assert.equal(await pods(), before)
})

test('check mode finds nothing to change, and verify that all is well', async () => {
  for (const flag of ['--check', '--verify']) {
    const { rc, output } = await cluster.run(flag)
    assert.is(rc, 0, output)
    assert.match(output, /0 failed/)
  }
})

test('a deployment over both workers answers through its Service from every node', async () => {
  await cluster.kubectl(
    'create',
    'deployment',
    'web',
    '--image=quorate.test/agnhost:1',
    '--replicas=4',
    '--',
    '/agnhost',
    'serve',
  )
  await cluster.kubectl('expose', 'deployment', 'web', '--port=80', '--target-port=8080')
  await cluster.kubectl('rollout', 'status', 'deployment/web', '--timeout=90s')
  const nodes = await cluster.kubectl(
    'get',
    'pods',
    '-l',
    'app=web',
    '-o',
    'jsonpath={.items[*].spec.nodeName}',
  )
  assert.equal([...new Set(nodes.split(' '))].sort(), workers)
  const address = await cluster.kubectl('get', 'service', 'web', '-o', 'jsonpath={.spec.clusterIP}')
  for (const name of names) {
    await eventually(async () => {
      const { stdout, stderr } = await cluster.lab.exec(name, `curl -sS -m 5 http://${address}/`)
      assert.match(stdout, /^web-/, `${name}: ${stderr}`)
    })
  }
})

test('a flag of the apiservers rolls from master to master, and the API answers through the VIP all the while', async () => {
  cluster.setVars('kube_master_api_server: { extraArgs: { profiling: false } }\n')
  const gaps = watchApi()
  const { rc, output } = await cluster.run('--tags', 'kube-master')
  const { failed, asked } = await gaps.stop()
  console.log(`\n  rolling change of the apiservers: ${failed} of ${asked} requests failed`)
  assert.is(rc, 0, output)
  for (const name of masters) {
    const { stdout } = await cluster.lab.exec(
      name,
      'tr "\\0" "\\n" </proc/$(pgrep -x kube-apiserver)/cmdline',
    )
    assert.match(stdout, '--profiling=false')
  }
  assert.match(
    await cluster.kubectl('-n', 'kube-system', 'get', 'configmap', 'kubeadm-config', '-o', 'yaml'),
    'profiling',
  )
  const again = await cluster.run('--tags', 'kube-master')
  for (const name of masters) assert.is(recap(again.output, name).changed, 0, again.output)
})

test('a manifest that somebody has edited is brought back', async () => {
  const manifest = '/etc/kubernetes/manifests/kube-scheduler.yaml'
  await cluster.lab.exec('m3', `sed -i 's/--leader-elect=true/--leader-elect=false/' ${manifest}`)
  const { rc, output } = await cluster.run('--tags', 'kube-master')
  assert.is(rc, 0, output)
  assert.is(recap(output, 'm1').changed + recap(output, 'm2').changed, 0, output)
  assert.match((await cluster.lab.exec('m3', `cat ${manifest}`)).stdout, '--leader-elect=true')
})

test('labels and taints are set and taken off, and those of others stay', async () => {
  const label = (name: string, key: string) =>
    cluster.kubectl('get', 'node', name, '-o', `jsonpath={.metadata.labels.${key}}`)
  await cluster.kubectl('label', 'node', 'n1', 'theirs=kept')
  cluster.setVars(
    'kube_master_api_server: { extraArgs: { profiling: false } }\nkube_node_labels: { disk: ssd }\nkube_node_taints: [{ key: slow, effect: PreferNoSchedule }]\n',
  )
  assert.is((await cluster.run(...KUBE)).rc, 0)
  assert.is(await label('n1', 'disk'), 'ssd')
  assert.match(await cluster.kubectl('get', 'node', 'n2', '-o', 'jsonpath={.spec.taints}'), 'slow')
  cluster.setVars('kube_master_api_server: { extraArgs: { profiling: false } }\n')
  assert.is((await cluster.run(...KUBE)).rc, 0)
  assert.is(await label('n1', 'disk'), '')
  assert.is(await label('n1', 'theirs'), 'kept')
  assert.is(await cluster.kubectl('get', 'node', 'n2', '-o', 'jsonpath={.spec.taints}'), '')
})

test('a wiped master and a wiped worker come back, and their etcd member is not touched', async () => {
  const member = (await cluster.lab.exec('m1', 'systemctl show -p MainPID etcd')).stdout
  await Promise.all([wipe('m1'), wipe('n1')])
  const { rc, output } = await cluster.run()
  assert.is(rc, 0, output)
  await requireWhole()
  assert.is((await cluster.lab.exec('m1', 'systemctl show -p MainPID etcd')).stdout, member)
  assert.is(recap(output, 'n2').changed, 0, output)
})

test('a host of another cluster is refused, whatever its name, and keeps what it has', async () => {
  const { stdout: key } = await cluster.lab.exec('n2', 'cat /etc/kubernetes/kubelet.conf')
  const ca = (
    await cluster.lab.exec(
      'n2',
      `openssl req -x509 -newkey rsa:2048 -nodes -keyout /dev/null -subj /CN=kubernetes -days 9 | tee /etc/kubernetes/pki/ca.crt | base64 -w0`,
    )
  ).stdout
  assert.ok(ca)
  const { rc, output } = await cluster.run('--tags', 'kube-node')
  assert.is(rc, 3, output)
  assert.match(output, /n2 belongs to another cluster than m\d/)
  assert.is((await cluster.lab.exec('n2', 'cat /etc/kubernetes/kubelet.conf')).stdout, key)
  await cluster.lab.exec(
    'n2',
    `sed -n 's/^ *certificate-authority-data: *//p' /etc/kubernetes/kubelet.conf | base64 -d >/etc/kubernetes/pki/ca.crt`,
  )
})

for (const seed of [1, 2, 3, 4, 5, 6, 7]) {
  test(`interrupted while hosts join (seed ${seed}), the next run completes to the same state`, async () => {
    const random = randomOf(seed)
    const lost = names.filter(() => random() < 0.4)
    const victims = lost
      .filter((name) => workers.includes(name))
      .concat(lost.filter((name) => masters.includes(name)).slice(0, 2))
    for (const name of victims.length === 0 ? ['m2'] : victims) await wipe(name)
    await killedAfter(1 + random() * 30, KUBE)
    await requireRepaired(KUBE)
  })
}

test('a power cut in the middle of the making is finished on the host where it began', async () => {
  for (const name of names) await wipe(name)
  await cluster.lab.exec('m1', `${ETCDCTL} del /registry/ --prefix`)
  const run = cluster.start(...KUBE)
  const begun = '/etc/kubernetes/quorate/unfinished'
  const manifest = '/etc/kubernetes/manifests/kube-apiserver.yaml'
  let initiator: string | undefined
  await eventually(async () => {
    for (const name of masters) {
      const { stdout } = await cluster.lab.exec(name, `[ ! -e ${manifest} ] || cat ${begun}`)
      if (stdout.trim() === 'init') initiator = name
    }
    assert.ok(initiator)
  })
  await cluster.lab.kill(initiator as string)
  assert.is((await run.end).rc, 3)
  await cluster.lab.start(initiator as string)
  assert.is((await cluster.lab.exec(initiator as string, `cat ${begun}`)).stdout.trim(), 'init')
  await requireRepaired(KUBE)
})

for (const seed of [8, 9, 10]) {
  test(`interrupted while the cluster is made (seed ${seed}), the next run completes to the same state`, async () => {
    for (const name of names) await wipe(name)
    await cluster.lab.exec('m1', `${ETCDCTL} del /registry/ --prefix`)
    await killedAfter(4 + randomOf(seed)() * 30, KUBE)
    await requireRepaired(KUBE)
  })
}

const ETCDCTL =
  'etcdctl --endpoints https://127.0.0.1:2379 --cacert /etc/etcd/pki/ca.crt --cert /etc/etcd/pki/healthcheck-client.crt --key /etc/etcd/pki/healthcheck-client.key'

async function killedAfter(seconds: number, args: readonly string[]): Promise<void> {
  const run = cluster.start(...args)
  const ended = await Promise.race([run.end.then(() => true), sleep(seconds * 1000, false)])
  run.child.kill('SIGKILL')
  const { output } = await run.end
  const last = output.trim().split('\n').at(-1)
  console.log(`\n  ${ended ? 'ended before' : 'killed after'} ${seconds.toFixed(1)} s: ${last}`)
}

async function requireRepaired(args: readonly string[]): Promise<void> {
  const repaired = await cluster.run(...args)
  assert.is(repaired.rc, 0, repaired.output)
  const again = await cluster.run(...args)
  assert.is(again.rc, 0, again.output)
  for (const name of names) assert.is(recap(again.output, name).changed, 0, again.output)
  await requireWhole()
}

/** All nodes are Ready, and no token, shared key or configuration with secrets is left. */
async function requireWhole(): Promise<void> {
  await eventually(async () => {
    const ready = await cluster.kubectl(
      'get',
      'nodes',
      '-o',
      'jsonpath={range .items[*]}{.metadata.name}={.status.conditions[?(@.type=="Ready")].status} {end}',
    )
    assert.equal(
      ready.trim().split(' ').sort(),
      names.map((name) => `${name}=True`),
    )
  })
  const secrets = await cluster.kubectl('-n', 'kube-system', 'get', 'secrets', '-o', 'name')
  assert.not.match(secrets, /bootstrap-token|kubeadm-certs/)
  for (const name of names) {
    const left = await cluster.lab.exec(
      name,
      'ls /run/quorate-kubeadm.yaml /etc/kubernetes/quorate/unfinished 2>/dev/null',
    )
    assert.is(left.stdout, '', name)
  }
}

/** Takes the host's part in the cluster away as an administrator does who knows about kubeadm and the etcd beside it. */
async function wipe(name: string): Promise<void> {
  const lock = '/run/quorate-kubeadm.lock'
  await cluster.lab.exec(
    name,
    `[ ! -e ${lock} ] || flock -w 300 ${lock} true
kubeadm reset --force --skip-phases remove-etcd-member
systemctl stop kubelet
rm -rf /etc/kubernetes /var/lib/kubelet /etc/cni/net.d/*`,
  )
}

/** Asks /readyz through the VIP ten times a second until it is stopped. */
function watchApi(): { stop(): Promise<{ asked: number; failed: number }> } {
  const control = new AbortController()
  let [asked, failed] = [0, 0]
  const watching = (async () => {
    while (!control.signal.aborted) {
      asked += 1
      const { stdout } = await cluster.lab.exec('n2', `curl -sk -m 2 https://${cluster.vip}:8443/readyz`)
      if (stdout !== 'ok') failed += 1
      await sleep(100)
    }
  })()
  return {
    async stop() {
      control.abort()
      await watching
      return { asked, failed }
    },
  }
}

async function pods(): Promise<string[]> {
  const columns =
    '{.metadata.namespace}/{.metadata.name} {.metadata.uid} {.status.containerStatuses[*].restartCount}'
  const text = await cluster.kubectl(
    'get',
    'pods',
    '-A',
    '-o',
    `jsonpath={range .items[*]}${columns}{"\\n"}{end}`,
  )
  return text.split('\n').sort()
}

async function eventually(holds: () => Promise<void>): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await holds()
    } catch (error) {
      if (attempt >= 120) throw error
    }
    await sleep(1000)
  }
}

/** mulberry32: the same numbers for the same seed. */
function randomOf(seed: number): () => number {
  let state = seed * 0x9e3779b9
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

test.run()
