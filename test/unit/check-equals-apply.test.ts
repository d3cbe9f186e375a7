// Check mode tells exactly what the run then does: generated states of a folder, each reached from the one before.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { absent, block, directory, file, line } from '../../lib/resources/index.ts'
import { Secret } from '../../lib/secret.ts'
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

asRoot(
  'edits of a secret file that is written first, and what lies in a directory that is removed',
  async () => {
    const at = (name: string) => `${folder}/known/${name}`
    const secret = (text: string) => () => file(at('key'), { content: new Secret(text) })
    const edits = [
      () => line(at('key'), { line: 'key=1', match: /^key=/ }),
      () => block(at('key'), { marker: 'ours', content: 'one' }),
    ]
    const { changes, unknown } = await requireTruthOfAll(connection, [
      [() => directory(at('a')), () => file(at('a/b'), { content: 'b' }), secret('first\n'), ...edits],
      [
        () => absent(at('a')),
        () => absent(at('a/b')),
        () => line(at('a/b/c'), { line: 'c', state: 'absent' }),
      ],
      [secret('key=0\nsecond'), ...edits],
    ])
    assert.equal({ changes, unknown }, { changes: 9, unknown: 0 })
  },
)

test.run()
