import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { file } from '../../lib/index.ts'
import { haproxy } from '../../roles/haproxy/index.ts'
import { changesOf, connectToLab } from '../helpers/lab-connection.ts'
import { RoleLab } from '../helpers/role-lab.ts'

const CONFIG = '/etc/haproxy/haproxy.cfg'

const role = new RoleLab('haproxy', (hosts, vars) => haproxy({ backends: hosts, ...vars }))
const converge = role.converge.bind(role)
const settled = role.settled.bind(role)
const out = role.out.bind(role)

test.before(() => role.up())
test.after(() => role.down())

const mainPid = (host: string) => out(host, 'systemctl show haproxy -p MainPID')
const status = (path = '/') =>
  out('m2', `curl -s -o - -w ' %{http_code}' http://${role.lab.host('m1').address}:8443${path}`)

/** An apiserver of sorts on m1: speaks TLS with a certificate of a CA, answers every GET with 200. */
async function startApiserver(): Promise<string> {
  const { rc, stdout, stderr } = await role.lab.exec(
    'm1',
    `cd /root && for name in ca other; do
       openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=$name -keyout $name.key -out $name.crt 2>/dev/null
     done
     openssl req -newkey rsa:2048 -nodes -subj /CN=apiserver -keyout api.key -out api.csr 2>/dev/null
     openssl x509 -req -in api.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -out api.crt 2>/dev/null
     systemd-run --quiet --unit=apiserver openssl s_server -accept 6443 -key /root/api.key -cert /root/api.crt -www &&
     cat ca.crt`,
  )
  assert.is(rc, 0, stderr)
  return stdout
}

let ca = ''

test('check mode tells what would be done and does nothing', async () => {
  const { changes, failures } = await converge({}, { mode: 'check' })
  assert.equal(failures, [])
  assert.ok(changes.some(({ resource }) => resource === 'service haproxy'))
  assert.not.ok(
    changes.some(({ turn }) => turn !== undefined),
    'nobody relies on it yet',
  )
  assert.is(await out('m1', 'command -v haproxy'), '')
})

test('the first run leaves a haproxy that says no apiserver is up', async () => {
  const { verified } = await settled()
  assert.match(
    verified.get('m1') ?? '',
    /^0 of 2 apiservers are up; m1 is down \(Layer4 connection problem: Connection refused\); m2/,
  )
})

test('the second run changes nothing', async () => assert.equal((await settled()).changes, []))

test('haproxy itself accepts the configuration, without a warning', async () => {
  assert.is(await out('m1', `haproxy -c -f ${CONFIG} 2>&1`), 'Configuration file is valid')
})

test('plain HTTP is answered by haproxy while no apiserver is up', async () => {
  assert.is(await status(), 'haproxy on m1: 0 of 2 apiservers are up\n 200')
  assert.is(await status('/readyz'), 'haproxy on m1: no apiserver is up\n 503')
})

test('haproxy listens for clients alone, statistics have no port', async () => {
  assert.is(await out('m1', "ss -Hltnp | awk '/haproxy/ {print $4}'"), '0.0.0.0:8443')
})

test('TLS goes through to an apiserver that is ready', async () => {
  ca = await startApiserver()
  assert.match(
    await out(
      'm2',
      `for try in 1 2 3 4 5 6 7 8 9 10; do curl -sk https://${role.lab.host('m1').address}:8443/readyz && break; sleep 1; done`,
    ),
    /s_server/,
  )
  assert.match(
    (await settled({ requireUp: true })).verified.get('m1') ?? '',
    /^1 of 2 apiservers are up; m2 is down/,
  )
})

test('a change is a reload, which leaves the process running, on one host after the other', async () => {
  const before = await Promise.all(['m1', 'm2'].map(mainPid))
  const { changes: planned } = await converge({ caContent: ca }, { mode: 'check' })
  assert.equal(new Set(planned.map(({ turn }) => turn)), new Set([1]))
  const { changes } = await settled({ caContent: ca })
  assert.equal(
    changes
      .filter(({ resource }) => resource === 'service haproxy')
      .map(({ summary }) => summary.split(':')[0]),
    ['reload', 'reload'],
  )
  assert.equal(
    changes.map(({ host }) => host).filter((host, index, all) => host !== all[index - 1]).length,
    2,
  )
  assert.equal(await Promise.all(['m1', 'm2'].map(mainPid)), before)
})

test('an apiserver with a certificate of the known CA is up', async () => {
  assert.match((await settled({ caContent: ca })).verified.get('m1') ?? '', /^1 of 2 apiservers are up/)
})

test('an apiserver with a certificate of another CA is not', async () => {
  const { failures } = await converge({ caContent: await out('m1', 'cat /root/other.crt'), requireUp: true })
  assert.match(
    failures[0]?.message ?? '',
    /0 of 2 apiservers are up; m1 is down \(Layer6 invalid response: SSL handshake failure/,
  )
})

test('a CA that is not on the hosts yet is taken up by the first run that finds it', async () => {
  const caFile = '/etc/kubernetes/pki/ca.crt'
  const { verified } = await settled({ caFile })
  assert.match(
    verified.get('m1') ?? '',
    /certificates are not checked, \/etc\/kubernetes\/pki\/ca\.crt is not there$/,
  )
  for (const host of ['m1', 'm2'])
    await out(host, `mkdir -p /etc/kubernetes/pki && cat >${caFile} <<'EOF'\n${ca}\nEOF`)
  const { changes } = await settled({ caFile })
  assert.equal(changes.filter(({ resource }) => resource === `file ${CONFIG}`).length, 2)
  assert.match(await out('m1', `cat ${CONFIG}`), /verify required ca-file \/etc\/kubernetes\/pki\/ca\.crt/)
  const again = await settled({ caFile })
  assert.equal(again.changes, [])
  assert.match(again.verified.get('m1') ?? '', /^1 of 2 apiservers are up; m2 is down \([^)]*\)$/)
})

test('a configuration that haproxy refuses is not written', async () => {
  const connection = await connectToLab(role.lab, 'm1')
  try {
    const before = await out('m1', `cat ${CONFIG}`)
    const broken = file(CONFIG, { content: `${before}\nnbproc 4\n`, validate: 'haproxy -c -f %' })
    await changesOf(connection, [broken]).then(
      () => assert.unreachable(),
      (error) => assert.match(error.stderr, /nbproc/),
    )
    assert.is(await out('m1', `cat ${CONFIG}`), before)
  } finally {
    await connection.close()
  }
})

test('a port that another program has is refused before anything is changed', async () => {
  const { failures, changes } = await converge({ port: 22 })
  assert.match(failures[0]?.message ?? '', /^port 22 of m\d is in use by sshd$/)
  assert.equal(changes, [])
})

test('a reload that the running haproxy could not do stops the roll, and the next host is not touched', async () => {
  const { failures, changes } = await converge({ port: 22, bind: '127.0.0.1' })
  const touched = [...new Set(changes.map(({ host }) => host))]
  assert.is(touched.length, 1)
  assert.match(failures[0]?.message ?? '', /haproxy runs with another configuration than it should/)
  assert.match(failures[1]?.message ?? '', /^not touched: the roll stopped because/)
})

test('haproxy does not take the port of the apiserver beside it', async () => {
  const { failures, changes } = await converge({ port: 6443 })
  assert.match(failures[0]?.message ?? '', /haproxy cannot listen on port 6443: the apiserver of m. does/)
  assert.equal(changes, [])
})

test.run()
