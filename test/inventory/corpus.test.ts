// Every inventory in corpus/ means the same to Quorate and to ansible-core, both refuse those in corpus/refused, and
// differences.ts says why those in corpus/differs differ.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Answer, Question } from '../helpers/ansible-oracle.ts'
import { loadFor, toAnswer } from '../helpers/compare-inventory.ts'
import { valuesOf } from '../helpers/inventory-files.ts'
import { withOracle } from '../helpers/with-oracle.ts'
import { DIFFERENCES, PATTERN_DIFFERENCES } from './differences.ts'

const CORPUS = fileURLToPath(new URL('corpus', import.meta.url))
const test = suite('corpus')
const oracle = withOracle(test)

for (const name of casesIn(CORPUS)) {
  test(name, async () => {
    const question = questionOf(join(CORPUS, name))
    const inventory = await loadFor(question)
    assert.not.instance(inventory, Array, String(inventory))
    if (Array.isArray(inventory)) return
    const patterns = patternsFor([...inventory.groups.keys()], [...inventory.hosts.keys()])
    const asked = { ...question, patterns, limits: patterns }
    assert.equal(toAnswer(inventory, asked), await oracle().ask(asked))
  })
}

for (const name of casesIn(join(CORPUS, 'refused'))) {
  test(`refused: ${name}`, async () => {
    const question = questionOf(join(CORPUS, 'refused', name))
    const answer = await oracle().ask(question)
    assert.type(answer.error, 'string', 'ansible-core accepts it')
    assert.instance(await loadFor(question), Array, 'Quorate accepts it')
  })
}

for (const name of casesIn(join(CORPUS, 'differs'))) {
  test(`differs: ${name}`, async () => {
    const difference = DIFFERENCES[name]
    assert.ok(difference, 'differences.ts does not say why')
    const question = questionOf(join(CORPUS, 'differs', name))
    const inventory = await loadFor(question)
    if (difference.quorate instanceof RegExp) assert.match(String(inventory), difference.quorate)
    else if (Array.isArray(inventory)) assert.unreachable(`Quorate refuses it: ${inventory}`)
    else assert.equal(valuesOf(inventory, 'h1'), difference.quorate)
    if (difference.ansible === 'unasked') return
    const answer = await oracle().ask(question)
    if (difference.ansible === 'refused') assert.type(answer.error, 'string')
    else assert.equal(variablesOfH1(answer), difference.ansible)
  })
}

for (const [pattern, { file, quorate, ansible }] of Object.entries(PATTERN_DIFFERENCES)) {
  test(`differs: the pattern ${pattern}`, async () => {
    const question = { sources: [join(CORPUS, file)], patterns: [pattern] }
    const inventory = await loadFor(question)
    const answer = await oracle().ask(question)
    if (Array.isArray(inventory) || answer.error !== undefined) return assert.unreachable('refused')
    check(shown(toAnswer(inventory, question).patterns[pattern]), quorate)
    check(shown(answer.patterns[pattern]), ansible)
  })
}

function check(actual: string, expected: string | RegExp): void {
  if (expected instanceof RegExp) assert.match(actual, expected)
  else assert.is(actual, expected)
}

function shown(result: readonly string[] | { readonly error: string } | undefined): string {
  return result === undefined || 'error' in result ? String(result?.error) : result.join(' ')
}

function variablesOfH1(answer: Answer): unknown {
  if (answer.error !== undefined) return answer.error
  const { _meta } = answer.list as { _meta: { hostvars: Record<string, unknown> } }
  return _meta.hostvars.h1 ?? {}
}

function casesIn(directory: string): string[] {
  return readdirSync(directory).filter((name) => name !== 'refused' && name !== 'differs')
}

/** A file is a source; a directory has a case.json that names its sources. */
function questionOf(path: string): Question {
  const file = join(path, 'case.json')
  if (extname(path) !== '' || !existsSync(file)) return { sources: [path] }
  const { sources, playbookDirectory } = JSON.parse(readFileSync(file, 'utf8'))
  return {
    sources: sources.map((source: string) => (source.includes(',') ? source : join(path, source))),
    playbookDirectory: playbookDirectory && join(path, playbookDirectory),
  }
}

/** Patterns of every kind that match something in the inventory. */
function patternsFor(groups: readonly string[], hosts: readonly string[]): string[] {
  const names = groups.filter((name) => name !== 'ungrouped' && /^[\w-]+$/.test(name))
  const plain = hosts.filter((name) => /^[\w.-]+$/.test(name))
  return [
    '*',
    '~.*',
    ...names,
    ...names.flatMap((name) => [`all:!${name}`, `${name}:&all`, `~${name}$`, `${name[0]}*`]),
    ...plain.slice(0, 5).flatMap((name) => [name, `!${name}`, `${name.slice(0, 1)}*`, `all,!${name}`]),
    ...(hosts.length > 0 ? ['all[0]', 'all[-1]', 'all[0:1]', 'all[0:]', '*[0]'] : []),
  ]
}

test.run()
