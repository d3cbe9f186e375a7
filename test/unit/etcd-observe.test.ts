import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseState } from '../../roles/etcd/observe.ts'

// As etcd 3.4.23 printed it, with one endpoint down and one member added but not started.
const OUTPUT = `data=yes
unit=active
bootstrap=existing
digest=${'a'.repeat(64)}  /etc/etcd/etcd.env
health={"level":"warn","ts":"2026-11-21T09:36:49.182Z","caller":"clientv3/retry_interceptor.go:62","msg":"retrying"}
health=https://10.0.0.1:2379 is healthy: successfully committed proposal: took = 2.660949ms
health=https://10.0.0.2:2379 is unhealthy: failed to commit proposal: context deadline exceeded
health=Error: unhealthy cluster
members={"header":{"cluster_id":12101053776118486841,"member_id":15985099378392235387,"raft_term":2},"members":[{"ID":2396570232678798527,"peerURLs":["https://10.0.0.2:2380"],"isLearner":true},{"ID":15985099378392235387,"name":"m1","peerURLs":["https://10.0.0.1:2380"],"clientURLs":["https://10.0.0.1:2379"]}]}
status=[{"Endpoint":"https://10.0.0.1:2379","Status":{"header":{"cluster_id":12101053776118486841,"member_id":15985099378392235387,"revision":1,"raft_term":2},"version":"3.4.23","dbSize":24576,"leader":15985099378392235387,"raftIndex":4,"raftTerm":2,"raftAppliedIndex":4,"dbSizeInUse":16384}}]
`

test('a host with a live cluster tells about both', () => {
  const { data, unit, bootstrap, digests, cluster } = parseState(OUTPUT)
  assert.equal({ data, unit, bootstrap }, { data: true, unit: 'active', bootstrap: 'existing' })
  assert.equal([...digests], [['/etc/etcd/etcd.env', 'a'.repeat(64)]])
  assert.equal([...(cluster?.healthy ?? [])], ['https://10.0.0.1:2379'])
  assert.equal(
    [...(cluster?.unhealthy ?? [])],
    [['https://10.0.0.2:2379', 'failed to commit proposal: context deadline exceeded']],
  )
  assert.equal([...(cluster?.versions.values() ?? [])], ['3.4.23'])
})

test('IDs keep all their 64 bits, in the form that etcdctl takes', () => {
  const { cluster } = parseState(OUTPUT)
  assert.equal(
    cluster?.members.map(({ id }) => id),
    ['214253edd61854bf', 'ddd67b312462fd7b'],
  )
  assert.is(cluster?.leader, 'ddd67b312462fd7b')
})

test('a member that was added and never started has no name and no client URLs', () => {
  assert.equal(parseState(OUTPUT).cluster?.members[0], {
    id: '214253edd61854bf',
    name: '',
    peerUrls: ['https://10.0.0.2:2380'],
    clientUrls: [],
    learner: true,
  })
})

test('a host without etcd knows no cluster', () => {
  const state = parseState('data=no\nunit=inactive\nbootstrap=\n')
  assert.is(state.cluster, undefined)
  assert.is(state.bootstrap, '')
  assert.is(state.data, false)
})

test('a member with an alarm serves reads: it counts for the quorum, and the alarm is told', () => {
  const alarm = 'https://10.0.0.1:2379 is unhealthy: failed to commit proposal: Active Alarm(s): NOSPACE '
  const { cluster } = parseState(OUTPUT.replace(/https:\/\/10\.0\.0\.1:2379 is healthy.*/, alarm))
  assert.ok(cluster?.healthy.has('https://10.0.0.1:2379'))
  assert.equal(cluster?.alarms, ['alarm: NOSPACE'])
})

test('a cluster in the middle of an election has no leader', () => {
  assert.is(parseState(OUTPUT.replace('"leader":15985099378392235387,', '')).cluster?.leader, undefined)
})

test.run()
