import { once } from 'node:events'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { commandSocket } from '../../lib/transport/proxy-command.ts'
import type { ConnectionSettings } from '../../lib/transport/settings.ts'

const settings = { host: 'm1', transport: 'ssh' } as ConnectionSettings

test('the last words of a command come after the end of its stdout', async () => {
  const way = commandSocket("sh -c 'exec 1>&-; sleep 0.2; echo no pipe >&2; exit 1'", settings)
  way.socket.resume()
  await once(way.socket, 'end')
  assert.is(await way.said?.(), 'no pipe')
  way.release()
})

test('nobody waits for the words of a command that still runs', async () => {
  const way = commandSocket("sh -c 'echo hello >&2; echo here; exec sleep 600'", settings)
  await once(way.socket, 'readable')
  assert.not.ok(way.socket.destroyed)
  assert.match((await way.said?.()) ?? '', /^(hello)?$/)
  way.release()
})

test.run()
