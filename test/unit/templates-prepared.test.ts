// Templates on their way through the whole preparation of a run.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { UsageError } from '../../lib/errors.ts'
import { defineRole, type Playbook, play, z } from '../../lib/index.ts'
import type { PlaybookDefinition } from '../../lib/playbook.ts'
import { prepare } from '../../lib/prepare.ts'
import { load } from '../helpers/inventory-files.ts'

const web = defineRole({
  name: 'web',
  summary: '',
  vars: z.object({ port: z.int().default(80), name: z.string().default('') }),
  async converge() {},
})
const clusterVars = z.object({ domain: z.string() })
const definition: PlaybookDefinition<typeof clusterVars> = {
  vars: clusterVars,
  plays: ({ group, vars }) => [
    play('web', group('all'), [
      web((host) => ({ name: `${host.name}.${vars.domain} ${String(host.vars.rack)}` })),
    ]),
  ],
}
// Made by playbook(), it would run: this file is the one that was started.
const site = { name: 'site', definition } as unknown as Playbook
const SELECTION = { tags: [], skipTags: [], limit: undefined } as never

test('roles, playbooks and connections get what templates stand for', async () => {
  const inventory = await load('[all]\nm1 ansible_host="{{ net }}.1" rack="{{ 6 + 1 }}"\n', {
    'group_vars/all.yml':
      'net: 10.0.0\nbase: example\ndomain: "{{ base }}.org"\nweb_port: "{{ 8000 + 443 }}"\n',
  })
  const { plays, settings } = await prepare(site, inventory, SELECTION)
  assert.equal(plays[0]?.roles[0]?.vars.get('m1'), { port: 8443, name: 'm1.example.org 7' })
  assert.is(settings.get('m1')?.host, '10.0.0.1')
  assert.is(plays[0]?.hosts[0]?.address, '10.0.0.1')
})

test('all that cannot be evaluated is told at once, once each', async () => {
  const inventory = await load(
    '[all]\nm[1:2] ansible_host="{{ nope }}" ansible_port="{{ inventory_hostname }}"\n',
    {
      'group_vars/all.yml':
        'domain: "{{ inventory_hostname }}"\nweb_port: "{{ 1 | foo }}"\nunread: "{{ whatever }}"\n',
    },
  )
  const error = await prepare(site, inventory, SELECTION).catch((reason: unknown) => reason)
  assert.instance(error, UsageError)
  const messages = (error as UsageError).problems.map(({ message }) => message)
  assert.equal(messages.sort(), [
    'ansible_host: nope is undefined',
    'ansible_port must be a port from 1 to 65535, not "m1"',
    'ansible_port must be a port from 1 to 65535, not "m2"',
    'domain: inventory_hostname differs between hosts, and this is a value for the whole cluster',
    'web_port: the filter foo is not supported, in {{ 1 | foo }}',
  ])
})

test.run()
