import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { z } from 'zod'
import { type Playbook, type PlaybookDefinition, play } from '../../lib/playbook.ts'
import { prepare, type Selection } from '../../lib/prepare.ts'
import { defineRole } from '../../lib/role.ts'
import { load } from '../helpers/inventory-files.ts'

const test = suite('prepare')
const motd = defineRole({
  name: 'motd',
  summary: '',
  vars: z.object({ text: z.string().default('') }),
  async converge() {},
})

test('plays of another playbook are taken with its variables, and with the tags given', async () => {
  const inner = book('inner', {
    vars: z.object({ greeting: z.string() }),
    plays: ({ vars, group }) => [
      play('greet', group('web'), [motd({ text: (vars as { greeting: string }).greeting })], { tags: ['a'] }),
    ],
  })
  const outer = book('outer', {
    plays: async ({ hosts, include }) => [
      ...(await include(inner, { tags: ['b'] })),
      play('own', hosts('all'), [motd()]),
    ],
  })
  const { plays } = await prepared(outer, {}, 'greeting: hello\n')
  assert.equal(
    plays.map(({ name, tags, hosts }) => [name, tags.join(), hosts.map((host) => host.name).join()]),
    [
      ['greet', 'a,b', 'w1,w2'],
      ['own', '', 'm1,w1,w2'],
    ],
  )
  assert.equal(plays[0]?.roles[0]?.vars.get('w1'), { text: 'hello' })
  await refused(prepared(outer), /greeting is missing/)
})

test('words of the command line reach the plays', async () => {
  const words = book('words', {
    args: 'PATTERN',
    plays: ({ args: [pattern = ''], hosts }) => [play('x', hosts(pattern), [motd()])],
  })
  const { plays } = await prepared(words, { args: ['web'] })
  assert.equal(
    plays[0]?.hosts.map(({ name }) => name),
    ['w1', 'w2'],
  )
})

test('hosts that failed last limit a run, together with the limit', async () => {
  const all = book('all', { plays: ({ hosts }) => [play('x', hosts('all'), [motd()])] })
  const names = async (selection: Partial<Selection>) =>
    (await prepared(all, selection)).plays.flatMap(({ hosts }) => hosts.map(({ name }) => name))
  assert.equal(await names({ only: ['w2', 'm1'] }), ['m1', 'w2'])
  assert.equal(await names({ only: ['w2', 'm1'], limit: 'web' }), ['w2'])
  await refused(names({ only: ['m1'], limit: 'web' }), /--limit web with --limit-failed leaves no host/)
})

function book(name: string, definition: PlaybookDefinition<z.ZodType>): Playbook {
  return { name, definition }
}

async function prepared(playbook: Playbook, selection: Partial<Selection> = {}, all = '') {
  const inventory = await load('m1\n[web]\nw1\nw2\n', { 'group_vars/all.yml': all })
  return await prepare(playbook, inventory, { tags: [], skipTags: [], limit: undefined, ...selection })
}

async function refused(attempt: Promise<unknown>, message: RegExp): Promise<void> {
  await attempt.then(
    () => assert.unreachable(),
    (error: Error) => assert.match(error.message, message),
  )
}

test.run()
