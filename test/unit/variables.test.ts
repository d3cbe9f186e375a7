import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { z } from 'zod'
import type { Problem } from '../../lib/errors.ts'
import type { Inventory, Value, Variable } from '../../lib/inventory/types.ts'
import { defineRole } from '../../lib/role.ts'
import { cidr, port } from '../../lib/schemas.ts'
import { unknownVariables } from '../../lib/unknown-variables.ts'
import { variableName } from '../../lib/variable-names.ts'
import { resolveCluster, resolveRole } from '../../lib/variables.ts'
import { varsOfRole } from '../../lib/vars-of-role.ts'

const web = defineRole({
  name: 'web-server',
  summary: '',
  vars: z.object({
    listenPort: port().default(80),
    adminPassword: z.string().min(12).optional(),
    docRoot: z.string(),
    peers: z.array(z.object({ name: z.string() })).default([]),
  }),
  async converge() {},
})

function variables(layer: string, values: Record<string, Value>): Map<string, Variable> {
  const entries = Object.entries(values).map(([name, value], index): [string, Variable] => [
    name,
    {
      value,
      layer,
      place: { file: `${layer.replace(' ', '/')}.yml`, line: index + 1 },
      overrides: undefined,
    },
  ])
  return new Map(entries)
}

function inventory(all: Record<string, Value>, host: Record<string, Value> = {}): Inventory {
  const group = variables('group all', all)
  const vars = new Map([...group, ...variables('host m1', host)])
  return {
    source: 'hosts.ini',
    directory: '.',
    hosts: new Map([['m1', { name: 'm1', source: 'hosts.ini', groups: ['all'], vars }]]),
    groups: new Map([['all', { name: 'all', children: [], directHosts: [], hosts: ['m1'], vars: group }]]),
    warnings: [],
  }
}

function resolveFor(applied: ReturnType<typeof web>, given: Inventory) {
  const host = given.hosts.get('m1')
  if (host === undefined) throw new Error('no m1')
  return resolveRole(applied, { name: 'm1', address: '10.0.0.1', groups: ['all'], vars: {} }, host)
}

const text = (problems: readonly Problem[]) =>
  problems.map(({ message, place }) => `${place ? `${place.line} ` : ''}${message}`)

test('keys are snake case in inventories, with the role as prefix', () => {
  assert.is(variableName('pkiDir'), 'pki_dir')
  assert.is(variableName('listenPort', 'web-server'), 'web_server_listen_port')
})

test('the playbook wins over the host, the host over the group, the group over the default', () => {
  const given = inventory(
    { web_server_doc_root: '/group', web_server_listen_port: 81 },
    { web_server_doc_root: '/host' },
  )
  assert.equal(resolveFor(web(), given).values, { listenPort: 81, docRoot: '/host', peers: [] })
  assert.equal(resolveFor(web({ docRoot: '/play' }), given).values, {
    listenPort: 81,
    docRoot: '/play',
    peers: [],
  })
  assert.equal(
    resolveFor(
      web((host) => ({ docRoot: `/${host.name}` })),
      given,
    ).values,
    { listenPort: 81, docRoot: '/m1', peers: [] },
  )
})

test('all that is wrong is told at once, with the place, the value and what would be right', () => {
  const given = inventory(
    { web_server_listen_port: 70_000, web_server_admin_password: 'hunter2' },
    { web_server_peers: [{ name: 5 }] },
  )
  const { problems } = resolveFor(web(), given)
  assert.is(problems.length, 4)
  assert.match(text(problems).join('\n'), /1 web_server_listen_port = 70000: .*65535/)
  assert.match(text(problems).join('\n'), /1 web_server_peers\.0\.name = 5: .*expected string/)
  assert.match(text(problems).join('\n'), /role web-server: docRoot is missing/)
  assert.not.match(JSON.stringify(problems), 'hunter2')
})

test('a missing value that the playbook passes on is reported only where it comes from', () => {
  const passedOn = { docRoot: undefined } as unknown as { docRoot: string }
  assert.equal(resolveFor(web(passedOn), inventory({})).problems, [])
})

test('a key that the role does not have is refused with a suggestion', () => {
  const { problems } = resolveFor(web({ docRoot: '/x', listenPrt: 1 } as never), inventory({}))
  assert.is(problems[0]?.message, 'role web-server has no variable listenPrt')
  assert.is(problems[0]?.hint, 'did you mean listenPort?')
})

test('cluster variables come from the group all, and missing ones say what they are', () => {
  const schema = z.object({ vip: cidr().describe('the address that moves'), pkiDir: z.string() })
  assert.equal(resolveCluster(schema, inventory({ vip: '10.0.0.100/24', pki_dir: 'pki' })).values, {
    vip: '10.0.0.100/24',
    pkiDir: 'pki',
  })
  const { problems } = resolveCluster(schema, inventory({ pki_dir: 7 }))
  assert.equal(text(problems), [
    'vip is missing',
    '1 pki_dir = 7: Invalid input: expected string, received number',
  ])
  assert.match(problems[0]?.hint ?? '', 'the address that moves; set it in group_vars/all.yml')
})

test('a cluster variable that is set for one host only is refused', () => {
  const { problems } = resolveCluster(z.object({ vip: z.string() }), inventory({ vip: 'a' }, { vip: 'b' }))
  assert.equal(text(problems), ['1 vip is set for host m1, but it is one value for the whole cluster'])
})

for (const [name, message] of [
  ['web_server_listenport', 'role web-server has no variable web_server_listenport'],
  ['web_serve_doc_root', 'nothing reads the variable web_serve_doc_root'],
  ['pki_dri', undefined],
  ['pki_dirr', 'nothing reads the variable pki_dirr'],
  ['ip', undefined],
  ['my_own_thing', undefined],
  ['ansible_host', undefined],
  ['web_server_doc_root', undefined],
] as const) {
  test(`the inventory variable ${name} is ${message === undefined ? 'left alone' : 'refused'}`, () => {
    const problems = unknownVariables(inventory({ [name]: 1 }), ['vip', 'pkiDir'], [web()])
    assert.equal(
      problems.map((problem) => problem.message),
      message === undefined ? [] : [message],
    )
  })
}

test('a role that does a part of another one has its variables of the inventory and of the playbook', () => {
  const vars = { web_server_listen_port: 8080, web_server_doc_root: '/inventory', listen_port: 1 }
  assert.equal(varsOfRole(web.definition, { vars }, { docRoot: '/playbook' }), {
    listenPort: 8080,
    docRoot: '/playbook',
    peers: [],
  })
  assert.throws(() => varsOfRole(web.definition, { vars: {} }, {}), 'role web-server: docRoot is missing')
})

test.run()
