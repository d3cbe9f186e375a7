// Asks the real ansible-core for what test/inventory/templates.json says that it answers; UPDATE=1 writes that file.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { installAnsible } from '../helpers/ansible-oracle.ts'
import { TEMPLATE_ANSWERS, TEMPLATE_HOSTS, TEMPLATE_VARS } from '../helpers/template-cases.ts'

const python = await installAnsible()

test('ansible-core evaluates every case as it is written down', () => {
  const folder = mkdtempSync(join(tmpdir(), 'quorate-templates-'))
  try {
    mkdirSync(join(folder, 'group_vars'))
    writeFileSync(join(folder, 'hosts.ini'), TEMPLATE_HOSTS)
    writeFileSync(join(folder, 'group_vars/all.yml'), TEMPLATE_VARS)
    const script = fileURLToPath(new URL('templates.py', import.meta.url))
    const answer = execFileSync(python, [script, join(folder, 'hosts.ini'), 'm1'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, HOME: '/root', NOPE_NOT_SET: undefined },
    })
    if (process.env.UPDATE) writeFileSync(new URL('templates.json', import.meta.url), `${answer}\n`)
    else assert.equal(JSON.parse(answer), TEMPLATE_ANSWERS)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test.run()
