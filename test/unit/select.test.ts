import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { z } from 'zod'
import { UsageError } from '../../lib/errors.ts'
import { play } from '../../lib/playbook.ts'
import { defineRole } from '../../lib/role.ts'
import { type PlaySelection, selectPlays } from '../../lib/select.ts'

const role = (name: string) => defineRole({ name, summary: '', vars: z.object({}), async converge() {} })()

const plays = [
  play('first', [], [role('a'), role('b')], { tags: ['x'] }),
  play('second', [], [role('a'), role('c')]),
  play('always', [], [role('d')], { tags: ['always', 'y'] }),
  play('never', [], [role('e')], { tags: ['never', 'z'] }),
]

const ALL = 'first/a first/b second/a second/c always/d'

// What Ansible 2.19 runs for tasks with these tags; a role's name is one more tag that chooses it.
for (const [tags, skipTags, expected] of [
  ['', '', ALL],
  ['all', '', ALL],
  ['x', '', 'first/a first/b always/d'],
  ['a', '', 'first/a second/a always/d'],
  ['tagged', '', 'first/a first/b always/d'],
  ['untagged', '', 'second/a second/c always/d'],
  ['tagged,untagged', '', ALL],
  ['never', '', 'always/d never/e'],
  ['z', '', 'always/d never/e'],
  ['e', '', 'always/d never/e'],
  ['all,never', '', `${ALL} never/e`],
  ['always', '', 'always/d'],
  ['', 'x', 'second/a second/c always/d'],
  ['', 'a', 'first/b second/c always/d'],
  ['', 'always', 'first/a first/b second/a second/c'],
  ['', 'tagged', 'second/a second/c'],
  ['', 'untagged', 'first/a first/b always/d'],
  ['', 'all', 'always/d'],
  ['', 'all,always', ''],
  ['x', 'b', 'first/a always/d'],
  ['z', 'never', 'always/d'],
  ['x', 'y', 'first/a first/b'],
] as const) {
  test(`--tags '${tags}' --skip-tags '${skipTags}' chooses ${expected || 'nothing'}`, () => {
    const words = (text: string) => text.split(',').filter(Boolean)
    assert.is(chosen({ tags: words(tags), skipTags: words(skipTags) }), expected)
  })
}

for (const [startAt, expected] of [
  ['second', 'second/a second/c always/d'],
  ['b', 'first/b second/a second/c always/d'],
  ['second/c', 'second/c always/d'],
  ['always', 'always/d'],
] as const) {
  test(`--start-at ${startAt} leaves out what comes before`, () => {
    assert.is(chosen({ tags: [], skipTags: [], startAt }), expected)
  })
}

test('unknown tags and starts are told with a suggestion, all at once', () => {
  assert.throws(
    () => selectPlays(plays, { tags: ['xx'], skipTags: ['alwais'], startAt: 'secnd' }),
    (error: Error) =>
      error instanceof UsageError &&
      /no play or role has the tag xx[\s\S]*tag alwais[\s\S]*did you mean always\?[\s\S]*--start-at secnd: there is no such play or role\n {4}did you mean second\?/.test(
        error.message,
      ),
  )
})

test('a play without roles is chosen by its own tags', () => {
  const bare = [play('facts', [], [], { tags: ['f'] })]
  assert.is(selectPlays(bare, { tags: [], skipTags: [] }).length, 1)
  assert.is(selectPlays(bare, { tags: ['tagged'], skipTags: [] }).length, 1)
  assert.is(selectPlays(bare, { tags: [], skipTags: ['f'] }).length, 0)
})

function chosen(selection: PlaySelection): string {
  return selectPlays(plays, selection)
    .flatMap(({ name, roles }) => roles.map(({ definition }) => `${name}/${definition.name}`))
    .join(' ')
}

test.run()
