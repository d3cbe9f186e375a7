// The real ansible-vault reads what we write, and we read what it writes.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { decryptVault, encryptVault, parseVaultText } from '../../lib/vault/format.ts'
import { installAnsible } from '../helpers/ansible-oracle.ts'

const python = await installAnsible()
const PASSWORD = 'pässword with spaces'

for (const [plain, label] of [
  ['a: 1\n', undefined],
  ['sixteen letters!', 'prod'],
  [`${'ü: "{{ x }}"\n'.repeat(500)}`, 'a.b-c'],
] as const) {
  test(`${Buffer.byteLength(plain)} bytes${label === undefined ? '' : `, labelled ${label}`}`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'quorate-vault-'))
    try {
      const [file, password] = [join(folder, 'file'), join(folder, 'password')]
      writeFileSync(password, PASSWORD)
      const vault = (...args: string[]) =>
        execFileSync(
          python,
          ['-m', 'ansible', 'vault', ...args, '--vault-id', `${label ?? 'default'}@${password}`],
          {
            encoding: 'utf8',
            stdio: ['ignore', 'pipe', 'pipe'],
          },
        )
      writeFileSync(file, encryptVault(plain, PASSWORD, label))
      assert.is(vault('decrypt', '--output', '-', file), plain)
      vault('rekey', '--new-vault-id', `${label ?? 'default'}@${password}`, file)
      const theirs = parseVaultText(readFileSync(file, 'utf8'))
      assert.is(theirs?.label, label)
      assert.is(theirs && decryptVault(theirs, PASSWORD), plain)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
}

test.run()
