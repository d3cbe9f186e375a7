import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { until } from '../../lib/index.ts'
import { keepalived } from '../../roles/keepalived/index.ts'
import { nginx } from '../../roles/nginx/index.ts'
import { RoleLab } from '../helpers/role-lab.ts'
import { runInLab } from '../helpers/run-in-lab.ts'

const CONFIG = '/etc/nginx/nginx.conf'

const role = new RoleLab('nginx', (hosts, vars) => nginx({ backends: hosts, ...vars }))
const converge = role.converge.bind(role)
const settled = role.settled.bind(role)
const out = role.out.bind(role)

test.before(() => role.up())
test.after(() => role.down())

const mainPid = (host: string) => out(host, 'systemctl show nginx -p MainPID')
const status = (path = '/') =>
  out('m2', `curl -s -o - -w '%{http_code}' http://${role.lab.host('m1').address}:8443${path}`)
const readyz = (host: string) =>
  out('m2', `curl -sk -m 5 https://${role.lab.host(host).address}:8443/readyz | grep -o s_server | head -n 1`)

/** An apiserver of sorts: speaks TLS, answers every GET with 200. */
async function startApiserver(host: string): Promise<void> {
  const { rc, stderr } = await role.lab.exec(
    host,
    `cd /root && openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=api -keyout api.key -out api.crt 2>/dev/null
     systemd-run --quiet --unit=apiserver openssl s_server -accept 6443 -key /root/api.key -cert /root/api.crt -www`,
  )
  assert.is(rc, 0, stderr)
}

test('check mode tells what would be done and does nothing', async () => {
  const { changes, failures } = await converge({}, { mode: 'check' })
  assert.equal(failures, [])
  assert.ok(changes.some(({ resource }) => resource === 'service nginx'))
  assert.is(await out('m1', 'command -v nginx'), '')
})

test('the first run leaves an nginx that says no apiserver is up', async () => {
  const { verified } = await settled()
  assert.is(verified.get('m1'), '0 of 2 apiservers are up; m1 is down; m2 is down; passive health checks')
})

test('the second run changes nothing', async () => assert.equal((await settled()).changes, []))

test('nginx itself accepts the configuration, without a warning', async () => {
  assert.is(await out('m1', 'nginx -t -q 2>&1'), '')
})

test('nginx listens for clients alone, and serves nothing else', async () => {
  assert.is(await out('m1', "ss -Hltnp | awk '/nginx/ {print $4}' | sort -u"), '0.0.0.0:8443')
})

test('plain HTTP is answered by nginx while no apiserver is up', async () => {
  assert.is(await status(), 'nginx on m1: 2 apiservers\n200')
  assert.match(await status('/readyz'), /502$/)
})

test('keepalived takes nginx for a balancer that answers', async () => {
  const [network = ''] = role.lab.network.split('/')
  const vip = `${network.replace(/\d+$/, '200')}/24`
  const { failures, verified } = await runInLab(role.lab, (hosts) => [
    nginx({ backends: hosts }),
    keepalived({ vip, members: hosts, clusterName: 'lab-nginx', trackProcess: 'nginx' }),
  ])
  assert.equal(failures, [])
  assert.match(verified.get('m1') ?? '', /^VIP .* is on m[12]$/)
})

test('TLS goes through to an apiserver that is up, past one that is down', async () => {
  await startApiserver('m1')
  // Both were out for failTimeout before.
  await until(async () => assert.is(await readyz('m2'), 's_server'))
  for (let attempt = 0; attempt < 6; attempt += 1) assert.is(await readyz('m2'), 's_server')
  assert.match(await status('/readyz'), /200$/)
  const { verified } = await settled({ requireUp: true })
  assert.is(verified.get('m2'), '1 of 2 apiservers are up; m2 is down; passive health checks')
})

test('a change is a reload, which leaves the process running, on one host after the other', async () => {
  const before = await Promise.all(['m1', 'm2'].map(mainPid))
  const { changes } = await settled({ failTimeout: '6s' })
  assert.equal(
    changes
      .filter(({ resource }) => resource === 'service nginx')
      .map(({ summary }) => summary.split(':')[0]),
    ['reload', 'reload'],
  )
  const turns = changes.map(({ host }) => host).filter((host, index, all) => host !== all[index - 1])
  assert.is(turns.length, 2)
  assert.equal(await Promise.all(['m1', 'm2'].map(mainPid)), before)
})

test('clients of other networks are turned away, the host itself is not', async () => {
  await settled({ allow: ['192.0.2.0/24'] })
  assert.is(await readyz('m1'), '')
  assert.is(await out('m1', 'curl -s -o /dev/null -w "%{http_code}" http://127.0.0.1:8443/'), '200')
})

test('an nginx that was killed comes back', async () => {
  await settled()
  await role.lab.exec('m1', 'systemctl kill -s KILL nginx')
  await out('m1', 'for try in $(seq 30); do curl -sf http://127.0.0.1:8443/ && break; sleep 1; done')
  assert.is(await status(), 'nginx on m1: 2 apiservers\n200')
})

test('a configuration that nginx refuses is not written', async () => {
  const before = await out('m1', `cat ${CONFIG}`)
  const { failures } = await converge({ failTimeout: '999999999999999999d' })
  assert.match(`${failures[0]?.message} ${failures[0]?.stderr}`, /invalid parameter|invalid value/)
  assert.is(await out('m1', `cat ${CONFIG}`), before)
})

test('a port that another program has is refused before anything is changed', async () => {
  await role.lab.exec(
    'm1',
    `systemd-run --quiet --unit=rival openssl s_server -accept 9443 -key /root/api.key -cert /root/api.crt
     for try in $(seq 300); do ss -Hltn 'sport = :9443' | grep -q . && break; sleep 0.1; done`,
  )
  const { failures, changes } = await converge({ port: 9443 }, { hosts: 'm1' })
  assert.is(failures[0]?.message, 'port 9443 of m1 is in use by openssl')
  assert.equal(changes, [])
})

test('active checks are refused where the build has none', async () => {
  const { failures, changes } = await converge({ healthCheck: 'active' })
  assert.match(failures[0]?.message ?? '', /this build of nginx has no active health checks/)
  assert.equal(changes, [])
})

test.run()
