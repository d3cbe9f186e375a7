import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Query, QueryResult } from '../../lib/index.ts'
import { configId } from '../../roles/haproxy/config.ts'
import { askServers, describeServers } from '../../roles/haproxy/servers.ts'
import { parseStat } from '../../roles/haproxy/stats.ts'
import { haproxyVars } from '../../roles/haproxy/vars.ts'

const HEADER = '# pxname,svname,status,check_status,last_chk,check_desc,addr,'
const UP = 'kube-apiserver,m1,UP,L7OK,,Layer7 check passed,10.0.0.1:6443,'
const DOWN = 'kube-apiserver,m2,DOWN,L4CON,Connection refused,Layer4 connection problem,10.0.0.2:6443,'
const UNASKED = 'kube-apiserver,m2,UP,INI,,Initializing,10.0.0.2:6443,'

const csv = (...rows: string[]): string => [HEADER, ...rows, '', ''].join('\n')

const vars = haproxyVars.parse({
  backends: [
    { name: 'm1', address: '10.0.0.1' },
    { name: 'm2', address: '10.0.0.2' },
  ],
})

const answer = (...rows: string[]): string =>
  `Name: HAProxy\ndescription: ${configId(vars)}\nuptime: 3\n\n${csv(...rows)}`

const answering = (result: Partial<QueryResult>): Query =>
  ({ nothrow: async () => ({ stdout: '', stderr: '', rc: 0, lines: [], ...result }) }) as unknown as Query

test('columns are found by their names', () => {
  const [first, second] = parseStat(
    '# pxname,addr,svname,status,check_status\napi,10.0.0.1:6443,m1,UP,L7OK\napi,10.0.0.2:6443,m2,MAINT,\n',
  )
  assert.equal(first, {
    backend: 'api',
    name: 'm1',
    address: '10.0.0.1:6443',
    up: true,
    checked: true,
    reason: '',
  })
  assert.is(second?.up, false)
})

for (const [status, up] of [
  ['UP', true],
  ['UP 1/2', true],
  ['DOWN', false],
  ['DOWN 1/2', false],
  ['MAINT', false],
  ['no check', false],
] as const) {
  test(`a server that is ${status} ${up ? 'takes' : 'takes no'} connections`, () => {
    assert.is(parseStat(csv(UP.replace('UP', status)))[0]?.up, up)
  })
}

test('a quoted field may hold commas, quotes and newlines', () => {
  const [server] = parseStat(csv(DOWN.replace('Connection refused', '"HTTP status ""500"",\nnot ready"')))
  assert.is(server?.reason, 'Layer4 connection problem: HTTP status "500",\nnot ready')
  assert.is(server?.address, '10.0.0.2:6443')
})

test('what is no statistics is an error, not an empty list', () => {
  assert.throws(() => parseStat('Permission denied\n'), /not haproxy statistics: "Permission denied/)
})

test('servers that are down are named with the reason', () => {
  assert.is(
    describeServers(parseStat(csv(UP, DOWN))),
    '1 of 2 apiservers are up; m2 is down (Layer4 connection problem: Connection refused)',
  )
})

test('servers of other backends are none of ours', async () => {
  const servers = await askServers(
    answering({ stdout: answer(UP, DOWN, UP.replace('kube-apiserver', 'other')) }),
    vars,
  )
  assert.equal(
    servers.map(({ name }) => name),
    ['m1', 'm2'],
  )
})

const wrong: [title: string, answer: Partial<QueryResult>, message: RegExp][] = [
  [
    'a socket that does not answer',
    { rc: 1, stderr: 'No such file or directory' },
    /does not answer on \/run\/haproxy\/admin.sock: No such file/,
  ],
  [
    'a configuration that was not taken',
    { stdout: answer(UP, DOWN).replace(/description: ./, 'description: ') },
    /another configuration/,
  ],
  ['a server that is missing', { stdout: answer(UP) }, /runs with m1 10.0.0.1:6443 instead of m1, m2/],
  [
    'a server at another address',
    { stdout: answer(UP, DOWN.replace('10.0.0.2', '10.0.0.3')) },
    /m2 10.0.0.3:6443 instead of/,
  ],
  [
    'a server too many',
    { stdout: answer(UP, DOWN, UP.replace('m1', 'm9')) },
    /m9 10.0.0.1:6443 instead of m1, m2/,
  ],
  ['a server that was not asked yet', { stdout: answer(UP, UNASKED) }, /has not asked m2 yet/],
]

for (const [title, result, message] of wrong) {
  test(`${title} is an error`, async () => {
    try {
      await askServers(answering(result), vars)
    } catch (error) {
      return assert.match((error as Error).message, message)
    }
    assert.unreachable()
  })
}

test.run()
