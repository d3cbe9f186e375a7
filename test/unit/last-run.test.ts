import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { HostRecap } from '../../lib/engine/events.ts'
import { failedHosts, rememberFailures } from '../../lib/last-run.ts'

const test = suite('last run')
const folder = mkdtempSync(join(tmpdir(), 'quorate-state-'))
const state = join(folder, 'state')
const subject = { playbook: 'HA', inventory: '/etc/hosts.ini' }

test.before.each(() => {
  process.env.XDG_STATE_HOME = state
  rmSync(state, { recursive: true, force: true })
})
test.after(() => rmSync(folder, { recursive: true, force: true }))

test('who failed or was unreachable is kept until it took part in a run without failing', async () => {
  await rememberFailures(subject, [host('m1'), host('m2', { failed: 1 }), host('m3', { unreachable: true })])
  assert.equal(await failedHosts(subject), ['m2', 'm3'])
  await rememberFailures(subject, [host('m2')])
  assert.equal(await failedHosts(subject), ['m3'])
  await rememberFailures(subject, [host('m1'), host('m3')])
  assert.equal(readdirSync(join(state, 'quorate')), [], 'nothing is left behind')
})

test('playbooks and inventories are told apart, and the file is for its owner only', async () => {
  await rememberFailures(subject, [host('m1', { failed: 1 })])
  await refused({ ...subject, playbook: 'other' })
  await refused({ ...subject, inventory: '/etc/other.ini' })
  const [file] = readdirSync(join(state, 'quorate'))
  assert.is(statSync(join(state, 'quorate', file as string)).mode & 0o777, 0o600)
})

test('a run in which nothing failed leaves no file', async () => {
  assert.is(await rememberFailures(subject, [host('m1')]), undefined)
  await refused(subject)
  assert.throws(() => readdirSync(state), /ENOENT/)
})

test('a folder that cannot be written is worth a warning, not an error', async () => {
  writeFileSync(join(folder, 'file'), '')
  process.env.XDG_STATE_HOME = join(folder, 'file')
  const warning = await rememberFailures(subject, [host('m1', { failed: 1 })])
  assert.match(warning?.message ?? '', /cannot remember who failed/)
})

async function refused(other: typeof subject): Promise<void> {
  await failedHosts(other).then(
    () => assert.unreachable(),
    (error: Error) => assert.match(error.message, /no host failed in the last run of/),
  )
}

function host(name: string, more: Partial<HostRecap> = {}): HostRecap {
  return { host: name, ok: 1, changed: 0, failed: 0, unreachable: false, seconds: 1, ...more }
}

test.run()
