import { createPrivateKey } from 'node:crypto'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { newPrivateKey } from '../../lib/pki/authority.ts'
import { signCertificate } from '../../lib/pki/sign.ts'
import { decide } from '../../roles/kube-master/decide.ts'
import { authorityWarning, endingProblem, renewedCertificates } from '../../roles/kube-master/renewal.ts'
import { daysLeft, parseCertificates } from '../../roles/kubeadm/certificates.ts'
import { FRESH, type NodeState, parseNodeState } from '../../roles/kubeadm/node-state.ts'

const PKI = '/etc/kubernetes/pki'
const key = createPrivateKey(newPrivateKey())

const pem = (days: number) =>
  signCertificate({
    subject: 'kubernetes',
    issuer: 'kubernetes',
    key,
    signingKey: key,
    // Half a day more, so that whole days are left while the test runs.
    notAfter: new Date(Date.now() + (days + 0.5) * 86_400_000),
  })

/** What a host prints of files with certificates. */
const printed = (path: string, text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => `${path}:${line}\n`)
    .join('')

async function stateOf(files: Record<string, number>, others = ''): Promise<NodeState> {
  const texts = await Promise.all(
    Object.entries(files).map(async ([path, days]) => {
      const text = await pem(days)
      const encoded = Buffer.from(text).toString('base64')
      return printed(path, path.endsWith('.conf') ? `    client-certificate-data: ${encoded}` : text)
    }),
  )
  return parseNodeState(`${others}\n${texts.join('')}readyz=ok`)
}

const names = (state: NodeState) => renewedCertificates(state).map(({ name }) => name)
const dayIn = (days: number) => new Date(Date.now() + (days + 0.5) * 86_400_000).toISOString().slice(0, 10)

test('certificates in files and kubeconfigs are read, the one that ends first comes first', async () => {
  const state = await stateOf({
    [`${PKI}/apiserver.crt`]: 300,
    '/etc/kubernetes/scheduler.conf': 20,
    [`${PKI}/etcd/server.crt`]: 100,
    [`${PKI}/ca.crt`]: 5,
    [`${PKI}/front-proxy-ca.crt`]: 3000,
  })
  assert.equal(
    state.certificates.map((found) => [found.path, daysLeft(found)]),
    [
      ['/etc/kubernetes/scheduler.conf', 20],
      [`${PKI}/etcd/server.crt`, 100],
      [`${PKI}/apiserver.crt`, 300],
    ],
  )
  assert.equal(
    state.authorities.map(({ path }) => path),
    [`${PKI}/ca.crt`, `${PKI}/front-proxy-ca.crt`],
  )
  assert.ok(state.ready)
})

test('a piece of a certificate stands on one line of its file, and in no other', async () => {
  const [one, other] = [await pem(100), await pem(100)]
  const [found] = parseCertificates(printed(`${PKI}/apiserver.crt`, one)).certificates
  const piece = found?.piece ?? ''
  assert.ok(piece.length > 40)
  assert.is(one.split('\n').filter((line) => line.includes(piece)).length, 1)
  assert.not.ok(other.includes(piece))
})

test('what is no certificate, and files of others, are passed over', () => {
  const { certificates } = parseCertificates(`${PKI}/apiserver.crt:nonsense\n/etc/ssl/x.crt:-----BEGIN\n`)
  assert.equal(certificates, [])
  assert.equal(names(FRESH), [])
})

test('certificates are renewed in their last sixty days, and where that was interrupted', async () => {
  const file = `${PKI}/apiserver-kubelet-client.crt`
  assert.equal(names(await stateOf({ [file]: 60 })), [])
  assert.equal(names(await stateOf({ [file]: 59 })), [
    `renew the certificates, the first of which ends on ${dayIn(59)}`,
  ])
  const interrupted = await stateOf({ [file]: 364 }, 'has=/etc/kubernetes/quorate/renewing')
  assert.is(names(interrupted).length, 1)
})

test('verify complains in the last thirty days, and of what has ended', async () => {
  const file = '/etc/kubernetes/admin.conf'
  assert.is(endingProblem('m1', await stateOf({ [file]: 30 })), undefined)
  assert.is(endingProblem('m1', await stateOf({ [file]: 29 })), `${file} of m1 ends on ${dayIn(29)}`)
  assert.is(endingProblem('m1', await stateOf({ [file]: -2 })), `${file} of m1 ended on ${dayIn(-2)}`)
})

test('the client certificate of an etcd that is not kubeadm’s is not kubeadm’s to renew, and is complained of', async () => {
  const files = { [`${PKI}/apiserver.crt`]: 300, [`${PKI}/apiserver-etcd-client.crt`]: 10 }
  const external = await stateOf(files)
  assert.equal(names(external), [])
  assert.match(endingProblem('m1', external) ?? '', /apiserver-etcd-client\.crt of m1 ends on/)
  const stacked = await stateOf({ ...files, [`${PKI}/etcd/server.crt`]: 300 })
  assert.is(names(stacked).length, 1)
})

test('a CA in its last year is warned of, and is no reason to renew', async () => {
  const state = await stateOf({ [`${PKI}/ca.crt`]: 364, [`${PKI}/apiserver.crt`]: 300 })
  assert.match(authorityWarning(state) ?? '', /^the cluster's \/etc\/kubernetes\/pki\/ca\.crt ends on /)
  assert.equal(names(state), [])
  assert.is(authorityWarning(await stateOf({ [`${PKI}/ca.crt`]: 365 })), undefined)
})

test('a control plane that is down because its certificates have ended says so', async () => {
  const masters = [{ name: 'm1', address: '10.0.0.1' }]
  const found = await stateOf({ [`${PKI}/apiserver.crt`]: -1 })
  const down = { ...found, ready: false, adminConf: true, kubeletConf: true, manifest: true }
  try {
    decide({ masters, etcd: 'stacked' }, 'm1', new Map([['m1', down]]))
    assert.unreachable()
  } catch (error) {
    assert.match(
      (error as { hint?: string }).hint ?? '',
      /^certificates have ended; .*kubeadm certs renew all/,
    )
  }
})

test.run()
