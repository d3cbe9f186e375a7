import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Query, QuorateError } from '../../lib/index.ts'
import { refuseKubeVip, withSettledCheck } from '../../roles/keepalived/present.ts'
import { keepalivedVars } from '../../roles/keepalived/vars.ts'

const members = [
  { name: 'm1', address: '10.0.0.1' },
  { name: 'm2', address: '10.0.0.2' },
]
const varsOf = (input: object = {}) =>
  keepalivedVars.parse({ vip: '10.0.0.100/24', members, clusterName: 'test', ...input })

/** A host whose apiserver is not ready until it was asked `refusals` times. */
function hostWith(refusals: number): Query {
  let asked = 0
  const query = async () => {
    asked += 1
    if (asked <= refusals) throw new QuorateError('503')
    return {}
  }
  return query as unknown as Query
}

const cases: [title: string, refusals: number, asksApiServer: boolean, check: string][] = [
  ['a ready apiserver is asked for', 0, false, 'apiserver'],
  ['until one is ready haproxy itself is asked', 1, false, 'haproxy'],
  ['an apiserver that is only just away is asked for on', 1, true, 'apiserver'],
]
for (const [title, refusals, asksApiServer, check] of cases) {
  test(title, async () => {
    assert.is((await withSettledCheck(hostWith(refusals), varsOf(), { asksApiServer })).check, check)
  })
}

test('a check that was chosen stands', async () => {
  const { check } = await withSettledCheck(hostWith(0), varsOf({ check: 'haproxy' }), { asksApiServer: true })
  assert.is(check, 'haproxy')
})

test('kube-vip and keepalived do not move one VIP', () => {
  assert.throws(
    () => refuseKubeVip('10.0.0.100', varsOf()),
    /kube-vip is set up .* keepalived would fight it/,
  )
  refuseKubeVip('10.0.0.101', varsOf())
  refuseKubeVip('', varsOf())
})

test.run()
