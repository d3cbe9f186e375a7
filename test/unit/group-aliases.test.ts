import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { withGroupAliases } from '../../lib/inventory/group-aliases.ts'
import { selectHosts } from '../../lib/inventory/index.ts'
import { load } from '../helpers/inventory-files.ts'

const ALIASES = { master: ['control_plane', 'masters'], node: ['worker'] }

test('a group is also there under the playbook’s name for it', async () => {
  const { inventory, problems } = withGroupAliases(await load('[control_plane]\nm1\nm2\n[x]\nm1\n'), ALIASES)
  assert.equal(problems, [])
  assert.equal(inventory.groups.get('master')?.hosts, ['m1', 'm2'])
  assert.equal(selectHosts('master:&x', inventory), ['m1'])
  assert.equal(inventory.hosts.get('m2')?.groups, ['all', 'control_plane', 'master'])
  assert.not(inventory.groups.has('node'))
})

test('of several names, those without hosts do not count', async () => {
  const given = await load('[master]\n[masters]\nm1\n[control_plane]\n')
  const { inventory, problems } = withGroupAliases(given, ALIASES)
  assert.equal(problems, [])
  assert.equal(inventory.groups.get('master')?.hosts, ['m1'])
})

test('several names with the same hosts are one group, with different hosts an error', async () => {
  const same = withGroupAliases(await load('[master]\nm1\nm2\n[masters]\nm2\nm1\n'), ALIASES)
  assert.equal(same.problems, [])
  const { problems } = withGroupAliases(await load('[control_plane]\nm1\n[masters]\nm2\n'), ALIASES)
  assert.equal(problems, [
    {
      message: 'the groups control_plane and masters mean the same, but have different hosts',
      hint: 'control_plane: m1; masters: m2. Remove one of them.',
    },
  ])
})

test.run()
