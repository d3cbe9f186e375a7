import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseSight, type Sight } from '../../roles/external-lb/ask.ts'
import { describe, problems } from '../../roles/external-lb/judge.ts'
import { externalLbVars } from '../../roles/external-lb/vars.ts'

const masters = [{ name: 'm1', address: '10.0.0.1' }]
const loadbalancerApiserver = { address: '10.0.0.9', port: '6443', domain: 'lb.example.org' }
const varsOf = (input: object = {}) => externalLbVars.parse({ loadbalancerApiserver, masters, ...input })

const READY: Sight = {
  resolved: [],
  connects: true,
  answers: true,
  ready: true,
  certificate: '',
  ownReady: true,
}
const DEAF: Sight = { ...READY, connects: false, answers: false, ready: false, ownReady: false }
const seen = (...sights: object[]) =>
  new Map(sights.map((sight, index) => [`h${index + 1}`, { ...READY, ...sight }]))

test('a port may be written as text, as KubeSphere’s files have it', () => {
  assert.is(varsOf().loadbalancerApiserver.port, 6443)
})

test('what a host prints is read by its lines', () => {
  const text = 'resolved 10.0.0.9\nanswer 200 1\nown 200\n'
  assert.equal(parseSight(text), { ...READY, resolved: ['10.0.0.9'] })
})

const answers: [title: string, text: string, part: Partial<Sight>][] = [
  ['refused connections', 'answer 000 0\nown 000', { connects: false, answers: false, ready: false }],
  ['a connection without an answer', 'answer 000 1\nown 000', { connects: true, answers: false }],
  [
    'an apiserver that is not ready',
    'answer 500 1\nown 500',
    { answers: true, ready: false, ownReady: false },
  ],
  [
    'a certificate that is not trusted',
    'answer 200 1\ncertificate curl: (60) SSL certificate problem: unable to get local issuer certificate',
    { certificate: 'SSL certificate problem: unable to get local issuer certificate' },
  ],
  [
    'a connection that failed meanwhile',
    'answer 000 0\ncertificate curl: (7) Failed to connect',
    { certificate: '' },
  ],
  ['nothing at all', '', { connects: false, ready: false, ownReady: false }],
]

for (const [title, text, part] of answers) {
  test(`a host that sees ${title}`, () => assert.equal(parseSight(text), { ...parseSight(text), ...part }))
}

const judged: [
  title: string,
  sights: ReadonlyMap<string, Sight>,
  input: object,
  found: (string | RegExp)[],
][] = [
  ['all is well', seen({}, { ownReady: false }), {}, []],
  ['no apiserver is ready anywhere', seen(DEAF, DEAF), {}, []],
  ['an apiserver is required', seen(DEAF), { requireUp: true }, ['h1 cannot connect to 10.0.0.9:6443']],
  [
    'one host has a ready apiserver, another no way to the balancer',
    seen({}, DEAF),
    {},
    ['h2 cannot connect to 10.0.0.9:6443'],
  ],
  [
    'connections end nowhere',
    seen({ answers: false, ready: false }),
    {},
    ['h1 connects to 10.0.0.9:6443, but no apiserver answers'],
  ],
  [
    'somebody else answers',
    seen({ ready: false }),
    {},
    ['h1 gets an answer at 10.0.0.9:6443, but not from a ready apiserver'],
  ],
  [
    'the certificate is of another cluster',
    seen({ ...DEAF, certificate: 'no' }),
    {},
    ['h1 does not trust the certificate that it gets at 10.0.0.9:6443: no'],
  ],
]

for (const [title, sights, input, found] of judged) {
  test(`${found.length === 0 ? 'nothing is' : 'something is'} wrong where ${title}`, () => {
    assert.equal(problems(sights, varsOf(input)), found)
  })
}

test('what was found is told', () => {
  assert.is(describe(seen({}, {}), varsOf()), '10.0.0.9:6443 leads all 2 hosts to a ready apiserver')
  assert.is(
    describe(seen(DEAF, { ...DEAF, connects: true }), varsOf()),
    'no apiserver is ready yet; 1 of 2 hosts can connect to 10.0.0.9:6443',
  )
})

const refused: [title: string, input: object, message: RegExp][] = [
  ['a master as balancer', { address: '10.0.0.1' }, /^loadbalancerApiserver.address: is m1's own address/],
  ['a name as address', { address: 'lb' }, /^loadbalancerApiserver.address: expected an IP/],
  ['port 0', { port: 0 }, /^loadbalancerApiserver.port: /],
  ['a domain that is none', { domain: 'lb_1' }, /^loadbalancerApiserver.domain: expected a domain name/],
]

for (const [title, input, message] of refused) {
  test(`refuses ${title}`, () => {
    const value = { loadbalancerApiserver: { ...loadbalancerApiserver, ...input }, masters }
    const found = externalLbVars.safeParse(value).error?.issues ?? []
    assert.is(found.length, 1, JSON.stringify(found))
    assert.match(found.map(({ path, message }) => `${path.join('.')}: ${message}`)[0] as string, message)
  })
}

test('every variable describes itself', () => {
  const silent = Object.entries(externalLbVars.shape).filter(([, field]) => field.description === undefined)
  assert.equal(silent, [])
})

test.run()
