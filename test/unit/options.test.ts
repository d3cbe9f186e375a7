import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { UsageError } from '../../lib/errors.ts'
import { helpText } from '../../lib/help.ts'
import { parseOptions } from '../../lib/options.ts'

test('nothing given means the example inventory and a real run', () => {
  const { inventory, check, tags, limit, forks, list } = parseOptions([])
  assert.equal(
    { inventory, check, tags, limit, forks, list },
    {
      inventory: ['inventory/hosts.ini'],
      check: false,
      tags: [],
      limit: undefined,
      forks: 50,
      list: undefined,
    },
  )
})

test('a plan is made by a check', () => {
  const { check, planOut } = parseOptions(['--plan-out', 'p.json'])
  assert.equal([check, planOut], [true, 'p.json'])
})

test('short and long flags, lists and values that look like numbers', () => {
  const options = parseOptions([
    '-i',
    'a.ini',
    '-l',
    '007',
    '--tags',
    'etcd,lb',
    '-t',
    'x',
    '-C',
    '--diff',
    '-vv',
  ])
  assert.equal(options.tags, ['etcd', 'lb', 'x'])
  assert.is(options.limit, '007')
  assert.is(options.check && options.diff, true)
  assert.is(options.verbose, 2)
})

for (const [args, message] of [
  [['--chekc'], /unknown flag --chekc: did you mean --check\?/],
  [['-x'], /unknown flag -x/],
  [['--limit'], /--limit needs a value: PATTERN/],
  [['--limit='], /--limit needs a value/],
  [['--check=yes'], /--check takes no value/],
  [['hosts.ini'], /unexpected argument hosts.ini/],
  [['-T', 'soon'], /--timeout soon: expected a number of seconds/],
  [['--forks', '0'], /--forks 0: expected a whole number/],
  [['--check', '--verify'], /exclude each other/],
  [['--plan-out', 'p', '--step'], /--plan-out and --step exclude each other/],
  [['--apply-plan', 'p', '--check'], /--apply-plan and --check exclude each other/],
  [
    ['--apply-plan', 'p', '-l', 'm1', '--tags', 'etcd'],
    /--limit goes with --plan-out[\s\S]*--tags goes with/,
  ],
  [['--tgas', 'x', '--forks', 'many'], /--tgas[\s\S]*--forks many/],
] as const) {
  test(`${args.join(' ')} is refused`, () => {
    assert.throws(
      () => parseOptions(args),
      (error: Error) => error instanceof UsageError && message.test(error.message),
    )
  })
}

test('a playbook may take words: those it needs, and no more', () => {
  assert.equal(parseOptions(['haproxy', '-C', 'm1'], 'ROLE [PATTERN]').args, ['haproxy', 'm1'])
  assert.equal(parseOptions(['haproxy'], 'ROLE [PATTERN]').args, ['haproxy'])
  assert.throws(
    () => parseOptions([], 'ROLE [PATTERN]'),
    /ROLE is missing: this playbook takes ROLE \[PATTERN\]/,
  )
  assert.throws(() => parseOptions(['a', 'b', 'c'], 'ROLE [PATTERN]'), /unexpected argument c/)
  assert.is(parseOptions(['--help'], 'ROLE').help, true)
})

test('the help names every flag and begins with examples', () => {
  const help = helpText({ name: 'HA', command: 'zx ha.mjs' })
  assert.ok(help.indexOf('Examples') < help.indexOf('Options'))
  for (const flag of ['--inventory', '--accept-new-host-keys', '--verify', '--no-color'])
    assert.match(help, flag)
})

test.run()
