import { execFileSync } from 'node:child_process'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { completion } from '../../lib/completion.ts'
import { UsageError } from '../../lib/errors.ts'
import { helpText } from '../../lib/help.ts'
import { manualPage } from '../../lib/man.ts'
import { OPTIONS, parseOptions } from '../../lib/options.ts'

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
  [['--reconnect', 'long'], /--reconnect long: expected a number of seconds/],
  [['--completion', 'tcsh'], /--completion tcsh: expected bash, zsh, fish/],
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

const COMPLETIONS: [words: string[], expected: string[]][] = [
  [
    ['zx', 'a.mjs', '--lis'],
    ['--list-hosts', '--list-tasks', '--list-tags'],
  ],
  [['npx', 'zx', 'b.mjs', '--output', 'j'], ['json']],
  [['./a.mjs', '-C', '--no-'], ['--no-color']],
  [['npx', 'tsc', '--no-'], []],
  [['zx', 'a.mjs', '--limit', '--'], []],
]
for (const [words, expected] of COMPLETIONS) {
  test(`bash completes ${words.join(' ')}`, () => {
    const script = `${completion('bash', 'zx a.mjs')}
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)); _quorate; printf '%s\\n' "\${COMPREPLY[@]}"`
    const stdout = execFileSync('bash', ['-c', script, 'bash', ...words], { encoding: 'utf8' })
    assert.equal(stdout.split('\n').filter(Boolean), expected)
  })
}

test('the completions of all shells know every flag', () => {
  for (const shell of ['bash', 'zsh', 'fish'] as const) {
    const script = completion(shell, 'zx playbooks/site.mjs')
    for (const flag of Object.keys(OPTIONS)) assert.match(script, new RegExp(`(--|-l )${flag}\\b`), shell)
    assert.match(script, 'site.mjs')
  }
})

test('the manual page tells every flag, and no line is taken for a request', () => {
  const page = manualPage(
    { name: "'tis a playbook", command: 'zx playbooks/site.mjs', usage: 'ROLE' },
    '1.2.3',
  )
  for (const flag of Object.keys(OPTIONS)) assert.match(page, `\\fB\\-\\-${flag.replaceAll('-', '\\-')}\\fR`)
  const requests = new Set(page.match(/^[.'][^ \n]*/gm))
  assert.equal([...requests].sort(), ['.B', '.SH', '.TH', '.TP'])
  assert.match(page, '.TH SITE 1 "" "Quorate 1.2.3"')
})

test.run()
