import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Lab, labDown, labUp } from '../../lib/lab/index.ts'
import { externalLb } from '../../roles/external-lb/index.ts'
import { type LabRun, type LabRunOptions, runInLab } from '../helpers/run-in-lab.ts'

const NAME = `test-external-lb-${process.pid}`
const DOMAIN = 'lb.quorate.test'

let lab: Lab

test.before(async () => {
  lab = await labUp({ name: NAME, hosts: ['m1', 'lb'] })
})

test.after(async () => {
  await labDown(NAME)
})

// m1 is a master and lb the balancer's machine: an openssl that answers as an apiserver does, or nothing.
async function converge(vars: object = {}, options: LabRunOptions = {}): Promise<LabRun> {
  return await runInLab(
    lab,
    (hosts) => [
      externalLb({
        loadbalancerApiserver: { address: lab.host('lb').address, port: '8443', domain: DOMAIN },
        masters: hosts,
        apiServerPort: 6443,
        ...vars,
      }),
    ],
    { hosts: 'm1', ...options },
  )
}

const out = async (host: string, command: string): Promise<string> => {
  const { stdout, stderr, rc } = await lab.exec(host, command)
  assert.is(rc, 0, stderr)
  return stdout.trim()
}

/** A server that says ok to everything, with a certificate for these names, as `unit`. */
async function serve(host: string, port: number, unit: string, sans: string): Promise<void> {
  await out(
    host,
    `mkdir -p /root/www && cd /root/www && echo ok >readyz
     [ -e ../ca.crt ] || openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=ca -keyout ../ca.key -out ../ca.crt 2>/dev/null
     printf 'subjectAltName=%s' '${sans}' >../ext
     openssl req -newkey rsa:2048 -nodes -subj /CN=api -keyout ../${unit}.key -out ../api.csr 2>/dev/null
     openssl x509 -req -in ../api.csr -CA ../ca.crt -CAkey ../ca.key -CAcreateserial -days 2 -extfile ../ext -out ../${unit}.crt 2>/dev/null
     systemd-run --quiet --unit=${unit} --property=WorkingDirectory=/root/www \
       openssl s_server -accept ${port} -key /root/${unit}.key -cert /root/${unit}.crt -WWW
     for try in $(seq 300); do ss -Hltn | grep -q :${port} && break; sleep 0.1; done`,
  )
}

test('a balancer that refuses connections is no fault while no apiserver is ready', async () => {
  const { failures, verified } = await converge()
  assert.equal(failures, [])
  assert.match(verified.get('m1') ?? '', /^no apiserver is ready yet; 0 of 1 hosts can connect to /)
})

test('the domain is written into /etc/hosts, as no resolver knows it', async () => {
  assert.match(await out('m1', `getent hosts ${DOMAIN}`), new RegExp(`^${lab.host('lb').address}\\s`))
})

test('the second run changes nothing', async () => assert.equal((await converge()).changes, []))

test('the balancer’s machine is not touched', async () => {
  assert.is(await out('lb', `grep -c ${DOMAIN} /etc/hosts || :`), '0')
})

test('an apiserver that is required and not reached is an error', async () => {
  const { failures } = await converge({ requireUp: true })
  assert.match(failures[0]?.message ?? '', /^m1 cannot connect to .*:8443$/)
})

test('once an apiserver is ready the balancer has to lead to it', async () => {
  await serve('m1', 6443, 'apiserver', 'DNS:m1')
  const { failures } = await converge()
  assert.match(failures[0]?.message ?? '', /^m1 cannot connect to .*:8443$/)
})

test('a balancer that leads to a ready apiserver is fine', async () => {
  await serve('lb', 8443, 'balancer', `DNS:${DOMAIN}`)
  const { failures, verified } = await converge()
  assert.equal(failures, [])
  assert.match(verified.get('m1') ?? '', /:8443 leads all 1 hosts to a ready apiserver$/)
})

test('a certificate of another CA is told', async () => {
  await out('m1', 'mkdir -p /etc/kubernetes/pki && cp /root/ca.crt /etc/kubernetes/pki/ca.crt')
  const { failures } = await converge()
  assert.match(failures[0]?.message ?? '', /^m1 does not trust the certificate that it gets at /)
})

test('a certificate that has not the balancer’s name is told', async () => {
  const ca = await out('lb', 'cat /root/ca.crt')
  await out('m1', `cat >/etc/kubernetes/pki/ca.crt <<'EOF'\n${ca}\nEOF`)
  assert.equal((await converge()).failures, [])
  await out('lb', 'systemctl stop balancer')
  await serve('lb', 8443, 'impostor', 'DNS:other.example.org')
  const { failures } = await converge()
  assert.match(failures[0]?.message ?? '', /does not trust .*lb\.quorate\.test/)
})

test('a domain that nobody resolves is refused where /etc/hosts is not to be touched', async () => {
  const { failures, changes } = await converge({
    loadbalancerApiserver: { address: lab.host('lb').address, port: 8443, domain: 'other.quorate.test' },
    manageHosts: false,
  })
  assert.match(failures[0]?.message ?? '', /^m1 cannot resolve other\.quorate\.test/)
  assert.equal(changes, [])
})

test.run()
