import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readAptSources } from '../../lib/lab/apt-sources.ts'

const SIGNED = '[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]'

function sourcesFrom(files: Record<string, string>): string[] {
  const etc = mkdtempSync(join(tmpdir(), 'quorate-apt-'))
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(etc, name)), { recursive: true })
      writeFileSync(join(etc, name), text.replaceAll('ETC', etc))
    }
    return readAptSources(etc)
  } finally {
    rmSync(etc, { recursive: true })
  }
}

test('one-line sources are read, comments and deb-src left out', () => {
  const text =
    '# deb http://a bookworm main\ndeb [arch=amd64] http://a/ bookworm main contrib # yes\ndeb-src http://a bookworm main\n'
  assert.equal(sourcesFrom({ 'sources.list': text }), [`deb ${SIGNED} http://a bookworm main contrib`])
})

test('a stanza gives one source for each of its suites, comments inside it left out', () => {
  const text =
    'Types: deb deb-src\n# a comment\nURIs: http://a\nSuites: bookworm bookworm-updates\nComponents: main\n'
  const expected = [`deb ${SIGNED} http://a bookworm main`, `deb ${SIGNED} http://a bookworm-updates main`]
  assert.equal(sourcesFrom({ 'sources.list.d/debian.sources': text }), expected)
})

test('a disabled stanza is left out', () => {
  const text = 'Enabled: no\nTypes: deb\nURIs: http://a\nSuites: bookworm\nComponents: main\n'
  assert.equal(sourcesFrom({ 'sources.list.d/debian.sources': text }), [])
})

test('a source that two files name is listed once', () => {
  const line = 'deb http://a bookworm main\n'
  const found = sourcesFrom({ 'sources.list': line, 'sources.list.d/again.list': line })
  assert.equal(found, [`deb ${SIGNED} http://a bookworm main`])
})

test('the archives of others, other releases and disabled files are left out', () => {
  const files = {
    'sources.list':
      'deb http://b cloud-bookworm main\ndeb http://a trixie main\ndeb http://c bookworm stable\n',
    'sources.list.d/off.list.disabled': 'deb http://a bookworm main\n',
  }
  assert.equal(sourcesFrom(files), [])
})

test('a list of mirrors is replaced by its first entry', () => {
  const files = {
    'mirrors/debian.list': '# ours\nhttp://a/debian\nhttp://b/debian\n',
    'sources.list': 'deb mirror+file:ETC/mirrors/debian.list bookworm main\n',
  }
  assert.equal(sourcesFrom(files), [`deb ${SIGNED} http://a/debian bookworm main`])
})

test.run()
