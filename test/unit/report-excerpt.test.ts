import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { UsageError } from '../../lib/errors.ts'
import { excerpt } from '../../lib/report/excerpt.ts'
import { printError } from '../../lib/report/index.ts'

const directory = mkdtempSync(join(tmpdir(), 'quorate-excerpt-'))
test.after(() => rmSync(directory, { recursive: true }))

const INI = `web1 foo = bar\n\tx\ty z\nh ansible_password="a b\n${'a'.repeat(80)}b${'c'.repeat(80)}\n`
const YAML = 'a: 1\n  continued\n- b: [\n'

function at(name: string, text: string, line: number, column?: number): string[] {
  const file = join(directory, name)
  writeFileSync(file, text)
  return excerpt({ file, line, ...(column !== undefined && { column }) })
}

test('the line, and a caret below the character', () => {
  assert.equal(at('hosts.ini', INI, 1, 6), ['web1 foo = bar', '     ^'])
  assert.equal(at('hosts.ini', INI, 2, 6), ['\tx\ty z', '\t \t  ^'])
})

test('of a long line the part around the character', () => {
  const [line = '', caret = ''] = at('hosts.ini', INI, 4, 81)
  assert.is(line.length, 100)
  assert.is(line[caret.indexOf('^')], 'b')
})

test('a line that may hold a secret is not shown', () => {
  assert.equal(at('hosts.ini', INI, 3, 3), [])
  assert.equal(at('vars.yml', YAML, 2, 3), [])
  assert.equal(at('other.yml', YAML, 3, 6), ['- b: [', '     ^'])
})

test('nothing where there is no such line, no column, or code', () => {
  assert.equal(at('hosts.ini', INI, 9, 1), [])
  assert.equal(at('hosts.ini', INI, 1), [])
  assert.equal(at('playbook.mjs', 'x', 1, 1), [])
  assert.equal(excerpt({ file: '/nonexistent', line: 1, column: 1 }), [])
})

test('an error is printed with the line before its hint', () => {
  const file = join(directory, 'printed.ini')
  writeFileSync(file, 'h1 x\n')
  const problem = { message: 'expected key=value', place: { file, line: 1, column: 4 }, hint: 'Write x=1.' }
  let text = ''
  printError(new UsageError([problem]), { write: (chunk) => (text += chunk) }, { color: false })
  assert.match(text, /:1:4: expected key=value\n {4}h1 x\n {4} {3}\^\n {4}Write x=1\.\n$/)
})

test.run()
