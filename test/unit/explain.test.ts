import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { explain } from '../../lib/explain.ts'
import { defineRole, type Playbook, play, z } from '../../lib/index.ts'
import { evaluateInventory, readExtraVars, withExtraVars } from '../../lib/inventory/index.ts'
import type { PlaybookDefinition } from '../../lib/playbook.ts'
import { prepare } from '../../lib/prepare.ts'
import { explanationText } from '../../lib/report/explain.ts'
import { load } from '../helpers/inventory-files.ts'

const web = defineRole({
  name: 'web',
  summary: '',
  vars: z.object({
    port: z.int().default(80),
    name: z.string().default(''),
    adminPassword: z.string().default(''),
  }),
  async converge() {},
})
const definition: PlaybookDefinition<z.ZodType> = {
  plays: ({ group }) => [play('web', group('all'), [web({ name: 'from playbook' })])],
}
// Made by playbook(), it would run: this file is the one that was started.
const site: Playbook = { name: 'site', definition }
const HOSTS = '[all]\nm1 web_port=1\nm2\nm3\n[front]\nm1\nm2\n[front:vars]\nweb_port=2\n'
const FILES = {
  'group_vars/all.yml': 'web_port: "{{ base + 1 }}"\nbase: 10\nweb_name: x\nweb_admin_password: hunter22\n',
  'host_vars/m1.yml': 'web_port: 3\n',
}

async function explained(name: string, host = 'all', extra: readonly string[] = []): Promise<string> {
  const raw = withExtraVars(await load(HOSTS, FILES), await readExtraVars(extra))
  const selection = { tags: [], skipTags: [], limit: undefined } as never
  const { plays } = await prepare(site, raw, selection)
  const evaluated = await evaluateInventory(raw)
  return explanationText(explain(name, host, { raw, evaluated, plays })).replaceAll(
    /\S*quorate-inventory-[^/]*\//g,
    '',
  )
}

/** The same whatever the columns are as wide as. */
function squeezed(text: string): string {
  return text.replaceAll(/ {2,}/g, '  ')
}

test('every layer is told, the one that counts first, hosts with the same answer together', async () => {
  assert.is(
    squeezed(await explained('web_port')),
    `web_port = 3  (m1)
  from  host m1  host_vars/m1.yml:1:1  3
  over  host m1  hosts.ini:2:4  1
  over  group all  group_vars/all.yml:1:1  "{{ base + 1 }}"
  over  group front  hosts.ini:9:1  2
  over  default of web  80

web_port = 11  (m2)
  from  group all  group_vars/all.yml:1:1  "{{ base + 1 }}"
  over  group front  hosts.ini:9:1  2
  over  default of web  80

web_port = 11  (m3)
  from  group all  group_vars/all.yml:1:1  "{{ base + 1 }}"
  over  default of web  80
`,
  )
})

test('the playbook counts more than the inventory, and the command line more than the playbook', async () => {
  assert.match(
    await explained('web_name', 'm2'),
    /^web_name = "from playbook" {2}\(m2\)\n {2}from {2}playbook .*\n {2}over {2}group all/,
  )
  assert.match(
    await explained('web_name', 'm2', ['web_name=y']),
    /^web_name = "y" {2}\(m2\)\n {2}from {2}--extra-vars .*\n {2}over {2}playbook /,
  )
})

test('a default alone is told, and passwords are not', async () => {
  assert.not.match(await explained('web_admin_password'), 'hunter22')
  assert.match(
    await explained('web_admin_password'),
    /^web_admin_password = \*\*\* .*\n.*all\.yml:4:1 +\*\*\*/,
  )
})

test('a variable that nobody sets is an error with a suggestion', async () => {
  try {
    await explained('web_prt')
  } catch (error) {
    assert.match((error as Error).message, /nobody sets the variable web_prt\n.*did you mean web_port\?/)
    return
  }
  assert.unreachable()
})

test('what cannot be evaluated says why: the whole circle', async () => {
  const raw = await load('m1\n', { 'group_vars/all.yml': 'x: "{{ y }}"\ny: "{{ x }}"\n' })
  const evaluated = await evaluateInventory(raw)
  const text = explanationText(explain('x', 'all', { raw, evaluated, plays: [] }))
  assert.match(
    text,
    /^x cannot be evaluated {2}\(m1\)\n {2}variables refer to each other in a circle: x → y → x\n/,
  )
})

test('what cannot be evaluated says why: a name that nobody has', async () => {
  const raw = await load('m1\n', { 'group_vars/all.yml': 'x: "{{ z }}"\n' })
  const evaluated = await evaluateInventory(raw)
  const text = explanationText(explain('x', 'all', { raw, evaluated, plays: [] }))
  assert.match(text, /^x cannot be evaluated {2}\(m1\)\n {2}x: .*'?z'?.*\n {2}from /)
})

test.run()
