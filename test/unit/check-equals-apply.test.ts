// Check mode tells exactly what the run then does: generated states of a folder, each reached from the one before.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { directory } from '../../lib/resources/index.ts'
import type { Connection } from '../../lib/transport/connection.ts'
import { connect } from '../../lib/transport/index.ts'
import { requireTruthOfAll } from '../helpers/check-equals-apply.ts'
import { desiredFiles } from '../helpers/desired-state.ts'

const test = suite('check equals apply')
const folder = mkdtempSync(join(tmpdir(), 'quorate-truth-'))
let connection: Connection

test.before(async () => {
  connection = await connect({ transport: 'local', host: 'local', port: 22 }, { name: 'local' })
})
test.after(async () => {
  await connection?.close()
  rmSync(folder, { recursive: true })
})

// Files get owners, which only root can give.
const asRoot = process.getuid?.() === 0 ? test : test.skip

asRoot('100 generated states', async () => {
  const any = fc.array(desiredFiles(folder), { minLength: 3, maxLength: 8 })
  const states = fc.sample(any, { numRuns: 100, seed: 20261121 })
  const parents = ['a', 'a/x'].map((name) => () => directory(`${folder}/${name}`))
  const { changes, unknown } = await requireTruthOfAll(
    connection,
    states.map((state, index) => (index % 4 === 0 ? state : [...parents, ...state])),
  )
  assert.ok(changes > 100 && unknown < changes / 4, 'check mode knows what it tells')
})

test.run()
