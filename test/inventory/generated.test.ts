// Inventories and patterns made at random mean the same to Quorate and to ansible-core; what differs is shrunk.
//   node --import tsx test/inventory/generated.test.ts --runs 20000 [--seed N]      the long version; its seeds are new each time
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Question } from '../helpers/ansible-oracle.ts'
import { loadFor, toAnswer } from '../helpers/compare-inventory.ts'
import { withOracle } from '../helpers/with-oracle.ts'
import { iniText, patternText, plainIni, yamlText } from './arbitraries.ts'

const { values } = parseArgs({ options: { runs: { type: 'string' }, seed: { type: 'string' } } })
const seed = Number(values.seed ?? (values.runs === undefined ? 1 : Date.now() % 2 ** 31))

/** Refused by Quorate on purpose: see differences.ts. */
const CHOSEN =
  /^(?:expected key=value(?:, but '=|.*got: =)|.* stands for more than 100000 hosts|ansible_group_priority must be|\[.*:children\] names 'ungrouped')/
/** Patterns refused on purpose; Ansible warns, or does something else than what is written. */
const CHOSEN_PATTERNS =
  /matches no host and no group|has a bracket without its partner|counts backwards|is not a regular/

const directory = mkdtempSync(join(tmpdir(), 'quorate-generated-'))
const test = suite('generated')
const oracle = withOracle(test)
test.after(() => rmSync(directory, { recursive: true }))

let count = 0

/** Ansible remembers files by their path: each inventory has a folder of its own. */
async function withFile(
  name: string,
  text: string,
  compare: (question: Question) => Promise<void>,
): Promise<void> {
  const folder = join(directory, String(count++))
  mkdirSync(folder)
  writeFileSync(join(folder, name), text)
  await compare({ sources: [join(folder, name)] })
  rmSync(folder, { recursive: true })
}

async function compareInventory(question: Question): Promise<void> {
  const inventory = await loadFor(question)
  const expected = await oracle().ask(question)
  if (!Array.isArray(inventory)) assert.equal(toAnswer(inventory, question), expected)
  else if (expected.error === undefined) {
    const unexpected = inventory.filter((problem) => !CHOSEN.test(problem))
    assert.equal(unexpected, [], 'Ansible accepts it')
  }
}

async function comparePatterns(question: Question): Promise<void> {
  const inventory = await loadFor(question)
  const expected = await oracle().ask(question)
  if (Array.isArray(inventory) || expected.error !== undefined) return assert.unreachable(String(inventory))
  const actual = toAnswer(inventory, question)
  for (const kind of ['patterns', 'limits'] as const) {
    for (const [pattern, hosts] of Object.entries(actual[kind])) {
      const theirs = expected[kind][pattern]
      if (!('error' in hosts)) assert.equal(hosts, theirs, `${kind}: ${pattern}`)
      else if (theirs !== undefined && !('error' in theirs)) assert.match(hosts.error, CHOSEN_PATTERNS)
    }
  }
}

function check<T>(
  name: string,
  runs: number,
  arbitrary: fc.Arbitrary<T>,
  property: (input: T) => Promise<void>,
): void {
  test(name, async () => {
    const numRuns = Number(values.runs ?? runs)
    await fc.assert(fc.asyncProperty(arbitrary, property), { numRuns, seed })
    console.log(`${name}: ${numRuns} with the seed ${seed}`)
  })
}

check('inventories in INI, also wrong ones', 400, iniText, (text) =>
  withFile('hosts.ini', text, compareInventory),
)
check('inventories in INI', 150, plainIni, (text) => withFile('hosts.ini', text, compareInventory))
check('inventories in YAML', 250, yamlText, (text) => withFile('hosts.yml', text, compareInventory))
check(
  'patterns',
  150,
  fc.tuple(plainIni, fc.array(patternText, { minLength: 1, maxLength: 8 })),
  ([text, patterns]) =>
    withFile('hosts.ini', text, (question) => comparePatterns({ ...question, patterns, limits: patterns })),
)

test.run()
