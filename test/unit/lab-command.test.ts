import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseLabCommand } from '../../lib/lab/command.ts'

const understood: [string, object][] = [
  ['', { command: 'help' }],
  ['--help', { command: 'help' }],
  ['status', { command: 'status' }],
  ['up', { command: 'up', name: 'default', hosts: 3 }],
  ['up --name a --hosts 5', { command: 'up', name: 'a', hosts: 5 }],
  ['up --hosts=m1,m2', { command: 'up', name: 'default', hosts: ['m1', 'm2'] }],
  ['down', { command: 'down', name: 'default', all: false }],
  ['down --name a', { command: 'down', name: 'a', all: false }],
  ['down --all', { command: 'down', name: 'default', all: true }],
  ['ssh m1', { command: 'ssh', name: 'default', host: 'm1', remote: [] }],
  ['ssh --name a m1 ls --all', { command: 'ssh', name: 'a', host: 'm1', remote: ['ls', '--all'] }],
  ['ssh --name=a m1', { command: 'ssh', name: 'a', host: 'm1', remote: [] }],
]
for (const [line, command] of understood) {
  test(`'lab ${line}' is understood`, () => {
    assert.equal(parseLabCommand(line.split(' ').filter(Boolean)), command)
  })
}

const refused: [string, RegExp][] = [
  ['stats', /no command 'stats'\n.*did you mean status\?/],
  ['frobnicate', /no command 'frobnicate'\n.*known: up, down/],
  ['up --host 3', /no option --host\n.*did you mean --hosts\?/],
  ['up five', /'five' is one argument too many/],
  ['up --hosts', /--hosts needs a value/],
  ['up --name=', /--name needs a value/],
  ['down --name a --all', /exclude each other/],
  ['status --name a', /no option --name/],
  ['ssh', /ssh needs the name of a host/],
  ['ssh --name a', /ssh needs the name of a host/],
  ['ssh --nam a m1', /no option --nam\n.*did you mean --name\?/],
]
for (const [line, message] of refused) {
  test(`'lab ${line}' is refused with a way out`, () => {
    assert.throws(() => parseLabCommand(line.split(' ')), message)
  })
}

test.run()
