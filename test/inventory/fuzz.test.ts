// Whatever is in a file, reading it ends with an inventory or with problems.
//   node --import tsx test/inventory/fuzz.test.ts --runs 1000000 [--seed N]      the long version
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import fc from 'fast-check'
import { test } from 'uvu'
import * as yaml from 'yaml'
import { UsageError } from '../../lib/errors.ts'
import { newDraft } from '../../lib/inventory/draft.ts'
import { groupGraph } from '../../lib/inventory/group-graph.ts'
import { checkLoops } from '../../lib/inventory/group-loops.ts'
import { selectHosts } from '../../lib/inventory/index.ts'
import { readIni } from '../../lib/inventory/ini.ts'
import { parseLiteral } from '../../lib/inventory/python-literal.ts'
import { resolveInventory } from '../../lib/inventory/resolve.ts'
import { readYaml } from '../../lib/inventory/yaml-inventory.ts'

const { values } = parseArgs({ options: { runs: { type: 'string' }, seed: { type: 'string' } } })
const runs = Number(values.runs ?? 3000)
const seed = Number(values.seed ?? (values.runs === undefined ? 1 : Date.now() % 2 ** 31))

const CORPUS = fileURLToPath(new URL('corpus', import.meta.url))
const files = [CORPUS, join(CORPUS, 'refused')].flatMap((folder) =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => readFileSync(join(folder, name), 'latin1')),
)
// Values of every kind are many lines: the others would hardly ever be hit.
const seeds = fc.constantFrom(...files.filter((text) => text.length < 1500))
const piece = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.string({ unit: fc.constantFrom(...'[]:"\'#=\\{}(),&*!~|- \n\t\u0000\u00ff'), maxLength: 6 }),
  fc.constantFrom(
    '[',
    ']',
    ':vars]',
    '[1:',
    '&a ',
    '*a',
    '<<: *a',
    '!vault ',
    '"""',
    '(((((((((',
    '{'.repeat(300),
    '\ud800',
  ),
)
const edit = fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat({ max: 12 }), piece)

/** A file of the corpus with some pieces replaced. */
const mutated = fc.tuple(seeds, fc.array(edit, { minLength: 1, maxLength: 5 })).map(([text, edits]) =>
  edits.reduce((before, [where, cut, insert]) => {
    const at = Math.floor(where * before.length)
    return before.slice(0, at) + insert + before.slice(at + cut)
  }, text),
)

function fuzz(name: string, read: (text: string) => void): void {
  test(name, () =>
    fc.assert(fc.property(mutated, read), { numRuns: runs, seed, interruptAfterTimeLimit: 3_600_000 }),
  )
}

/** What comes after reading: groups, variables, patterns. */
function use(draft: ReturnType<typeof newDraft>): void {
  checkLoops(draft)
  if (draft.problems.length > 0) return
  const inventory = resolveInventory(draft, groupGraph(draft), [])
  const [name = 'all'] = inventory.hosts.keys()
  for (const pattern of [name, `!${name}`, `${name}[0]`, `~${name}`]) {
    try {
      selectHosts(pattern, { ...inventory, directory: '.' })
    } catch (error) {
      if (!(error instanceof UsageError)) throw error
    }
  }
}

fuzz('INI', (text) => {
  const draft = newDraft('hosts.ini')
  readIni(draft, Buffer.from(text, 'latin1'), 'hosts.ini')
  use(draft)
})

fuzz('YAML', (text) => {
  const draft = newDraft('hosts.yml')
  readYaml(draft, yaml, { file: 'hosts.yml', text }, true)
  use(draft)
})

fuzz('Python literals', (text) => void parseLiteral(text.slice(0, 200)))

test.run()
