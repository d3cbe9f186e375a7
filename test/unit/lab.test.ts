import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { formatInventory } from '../../lib/lab/inventory-file.ts'
import { checkHostNames, checkLabName, numberedHosts } from '../../lib/lab/names.ts'
import { findFreeNetwork } from '../../lib/lab/network.ts'
import type { LabRecord } from '../../lib/lab/state.ts'
import { formatStatus } from '../../lib/lab/status.ts'

const networks: [string, string[], string | undefined][] = [
  ['on an unused machine the first is taken', ['default', '192.0.2.0/24'], '10.213.0.0/24'],
  ['the network of another lab is passed over', ['10.213.0.0/24'], '10.213.1.0/24'],
  ['a single address makes its network taken', ['10.213.0.77'], '10.213.1.0/24'],
  ['a larger network makes all in it taken', ['10.0.0.0/8'], '172.29.0.0/24'],
  ['when all ranges are taken there is none', ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'], undefined],
]
for (const [title, taken, expected] of networks) {
  test(`free network: ${title}`, () => assert.is(findFreeNetwork(taken), expected))
}

for (const name of ['', '..', 'a/b', 'A', '-a', 'a-', 'a.b', 'a b', 'a'.repeat(33)]) {
  test(`'${name}' is refused as a lab's name`, () => {
    assert.throws(() => checkLabName(name), /cannot be a lab's name/)
  })
}

test('all that is wrong with the names of hosts is said at once', () => {
  assert.throws(
    () => checkHostNames(['m1', 'M2', 'm1']),
    (error: Error) => /'M2' cannot be/.test(error.message) && /two hosts are named m1/.test(error.message),
  )
})

for (const count of [0, -1, 1.5, 201, Number.NaN]) {
  test(`a lab of ${count} hosts is refused`, () => {
    assert.throws(() => numberedHosts(count), /1 to 200 hosts/)
  })
}

function labOf(count: number): LabRecord {
  const hosts = numberedHosts(count).map((name, index) => ({ name, address: `10.213.0.${11 + index}` }))
  const network = { network: '10.213.0.0/24', gateway: '10.213.0.1', bridge: 'qlab-213-0' }
  return { name: 'a', ready: true, base: '/base', hosts, ...network }
}

function group(inventory: string, name: string): string[] {
  const section = inventory.split('\n\n').find((text) => text.includes(`[${name}]`)) ?? ''
  return section
    .split('\n')
    .slice(section.split('\n').indexOf(`[${name}]`) + 1)
    .filter(Boolean)
}

test('of five hosts three are masters and etcd members and the others are nodes', () => {
  const inventory = formatInventory(labOf(5))
  assert.equal(group(inventory, 'etcd'), ['m1', 'm2', 'm3'])
  assert.equal(group(inventory, 'kube-master'), ['m1', 'm2', 'm3'])
  assert.equal(group(inventory, 'kube-node'), ['m4', 'm5'])
})

test('of two hosts both are in every group', () => {
  const inventory = formatInventory(labOf(2))
  for (const name of ['etcd', 'kube-master', 'kube-node']) assert.equal(group(inventory, name), ['m1', 'm2'])
})

test('the inventory says how each host is reached', () => {
  const inventory = formatInventory(labOf(1))
  assert.equal(group(inventory, 'all'), ['m1 ansible_host=10.213.0.11 ip=10.213.0.11'])
  const variables = group(inventory, 'all:vars').map((line) => line.split('=')[0])
  assert.equal(variables, ['ansible_user', 'ansible_ssh_private_key_file', 'quorate_known_hosts'])
})

test('the status tells hosts that are up, down and unfinished apart', () => {
  const host = { name: 'm1', address: '10.213.0.11' }
  const table = formatStatus([
    { name: 'a', network: '', ready: true, hosts: [{ ...host, up: true }] },
    { name: 'b', network: '', ready: true, hosts: [{ ...host, up: false }] },
    { name: 'c', network: '', ready: false, hosts: [{ ...host, up: true }] },
  ])
  const states = table.split('\n').map((line) => line.split(/ {2,}/).at(-1)?.split(':')[0])
  assert.equal(states, ['state', 'up', 'down', 'unfinished'])
})

test('the status of no labs says so', () => assert.is(formatStatus([]), 'no lab is up'))

test.run()
