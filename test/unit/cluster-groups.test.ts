import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Host } from '../../lib/index.ts'
import { groupProblems } from '../../roles/cluster/index.ts'

const host = (name: string, address = '10.0.0.1', groups = ['all']) =>
  ({ name, address, groups, vars: {} }) as unknown as Host
const m1 = host('m1', '10.0.0.1', ['all', 'kube-master', 'etcd'])
const e9 = host('e9', '10.0.0.9', ['all', 'etcd'])
const found = (groups: object, etcdMode: 'external' | 'stacked' = 'external') =>
  groupProblems({ masters: [m1], members: [m1], all: [m1], ...groups }, { etcdMode }).map(
    ({ message }) => message,
  )

const cases: [title: string, problems: string[], expected: RegExp | undefined][] = [
  ['groups that can be meant', found({}), undefined],
  ['no masters', found({ masters: [] }), /^the group kube-master has no hosts$/],
  ['no members', found({ members: [] }), /^the group etcd has no hosts, and etcd_mode is external$/],
  ['members that stacked etcd leaves out', found({ all: [m1, e9] }, 'stacked'), /no masters: e9$/],
  ['nodes that can be', found({ nodes: [m1, host('n-1.example')] }), undefined],
  ['a name in capitals', found({ nodes: [host('N1')] }), /^'N1' cannot be the name of a node$/],
  ['a name with an underscore', found({ nodes: [host('n_1')] }), /^'n_1' cannot be the name/],
  ['a name that ends in a dot', found({ nodes: [host('n1.')] }), /^'n1\.' cannot be the name/],
  [
    'an address of IPv6',
    found({ nodes: [host('n1', 'fd00::1')] }),
    /^n1 is a node, and its address fd00::1 is/,
  ],
  ['a name for an address', found({ nodes: [host('n1', 'n1.lan')] }), /address n1\.lan is not IPv4$/],
]

for (const [title, problems, expected] of cases) {
  test(`${title}: ${expected === undefined ? 'taken' : 'refused'}`, () => {
    if (expected === undefined) assert.equal(problems, [])
    else assert.match(problems.join(), expected)
  })
}

test.run()
