import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { UnreachableError } from '../../lib/errors.ts'
import { connect } from '../../lib/transport/index.ts'
import type { ConnectionSettings } from '../../lib/transport/settings.ts'

const test = suite('containers')
const dir = mkdtempSync(join(tmpdir(), 'quorate-container-'))
const path = process.env.PATH ?? ''

// Says what it was given, and runs what stands behind the container's name, as the engines do.
const ENGINE = `#!/bin/sh
echo "$0 $1 $2 $3 $4 $5" | sed 's/.*\\///' >>${dir}/given
[ "$3" != -u ] || shift 2
[ "$3" = box ] || { echo "Error: No such container: $3" >&2; exit 125; }
shift 3
exec "$@"
`

test.before(() => {
  for (const name of ['docker', 'podman']) {
    writeFileSync(join(dir, name), ENGINE)
    chmodSync(join(dir, name), 0o755)
  }
  process.env.PATH = `${dir}${delimiter}${path}`
})
test.before.each(() => writeFileSync(join(dir, 'given'), ''))
test.after(() => {
  process.env.PATH = path
  rmSync(dir, { recursive: true })
})

for (const [transport, user, expected] of [
  ['docker', undefined, 'docker exec -i box sh -c'],
  ['podman', undefined, 'podman exec -i box sh -c'],
  ['docker', 'app', 'docker exec -i -u app box'],
] as const) {
  test(`runs scripts and uploads by ${expected}`, async () => {
    const connection = await connect(settings(transport, 'box', user), { name: 'm1' })
    try {
      assert.is((await connection.run('echo in; exit 3')).rc, 3)
      await connection.upload(process.execPath, join(dir, 'uploaded'), { mode: 0o700 })
      assert.ok(readFileSync(join(dir, 'uploaded')).equals(readFileSync(process.execPath)))
    } finally {
      await connection.close()
    }
    const given = readFileSync(join(dir, 'given'), 'utf8').split('\n')
    assert.ok(
      given.slice(0, 2).every((line) => line.startsWith(expected)),
      given.join('\n'),
    )
  })
}

test('says what the engine says of a container that does not exist', async () => {
  const error = await connect(settings('docker', 'none'), { name: 'm1' }).catch((reason) => reason)
  assert.instance(error, UnreachableError)
  assert.match(error.message, /^m1: .*No such container: none/)
})

function settings(transport: 'docker' | 'podman', host: string, user?: string): ConnectionSettings {
  return { transport, host, ...(user !== undefined && { user }) }
}

test.run()
