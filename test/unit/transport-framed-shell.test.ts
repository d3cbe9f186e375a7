import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { UnreachableError } from '../../lib/errors.ts'
import type { Connection, ScriptResult } from '../../lib/transport/connection.ts'
import { connectLocal } from '../../lib/transport/local.ts'
import { findProgram } from '../helpers/find-program.ts'

// Hosts differ in what /bin/sh is. Debian has dash, RHEL bash, Alpine busybox.
for (const program of ['dash', 'bash', 'busybox'].filter(findProgram)) {
  const test = suite<{ connection: Connection; bin: string }>(`framed shell in ${program}`)
  const path = process.env.PATH ?? ''

  test.before.each(async (context) => {
    context.bin = mkdtempSync(join(tmpdir(), 'quorate-sh-'))
    symlinkSync(findProgram(program) as string, join(context.bin, 'sh'))
    process.env.PATH = `${context.bin}${delimiter}${path}`
    context.connection = await connectLocal({}, { name: 'm1' })
  })

  test.after.each(async ({ connection, bin }) => {
    process.env.PATH = path
    await connection.close()
    rmSync(bin, { recursive: true })
  })

  const outcomes: [what: string, script: string, rc: number, stdout: string, stderr?: string][] = [
    ['both outputs', 'echo out; echo err >&2', 0, 'out\n', 'err\n'],
    ['output without a final newline', 'printf abc; printf def >&2', 0, 'abc', 'def'],
    ['empty lines at both ends', "printf '\\n\\nx\\n\\n'", 0, '\n\nx\n\n'],
    ['no output', 'true', 0, ''],
    ['an empty script', '', 0, ''],
    ['a comment without a newline', 'echo x # comment', 0, 'x\n'],
    ['single quotes', `echo 'it'"'"'s'`, 0, "it's\n"],
    ['a here-document', "cat <<'END'\n$x `y` 'z'\nEND", 0, "$x `y` 'z'\n"],
    ['the exit code of the last command', 'false', 1, ''],
    ['an exit', 'echo before; exit 7; echo after', 7, 'before\n'],
    ['a failure under set -e', 'set -e; false; echo after', 1, ''],
    ['an exec', 'exec sh -c "echo replaced; exit 3"', 3, 'replaced\n'],
    ['a command that does not exist', '/nonexistent 2>/dev/null', 127, ''],
    ['a death by signal', 'sh -c "kill -KILL \\$\\$"', 137, ''],
    ['an exit trap', 'trap "echo bye" EXIT; echo hi', 0, 'hi\nbye\n'],
    ['an unset variable under set -u', 'set -u; echo $nothing 2>/dev/null; echo after', -1, ''],
    ['non-ASCII text', 'echo grün 漢字 🙂', 0, 'grün 漢字 🙂\n'],
    ['a read from stdin', 'cat; read line; echo "read: $?"', 0, 'read: 1\n'],
    ['a broken pipe', 'yes | head -n 1', 0, 'y\n'],
    ['the POSIX locale and umask', 'echo $LC_ALL; umask', 0, 'C\n0022\n'],
  ]
  for (const [what, script, rc, stdout, stderr] of outcomes) {
    test(`gives the result of ${what}`, async ({ connection }) => {
      const result = await connection.run(script)
      assert.is(result.stdout.toString(), stdout)
      if (stderr !== undefined) assert.is(result.stderr.toString(), stderr)
      if (rc >= 0) assert.is(result.rc, rc)
      else assert.is.not(result.rc, 0)
    })
  }

  test('confines a syntax error to its script', async ({ connection }) => {
    for (const broken of ['if then', 'echo "unfinished', ') ; (', '}', 'case x in']) {
      const [first, second] = await Promise.all([connection.run(broken), connection.run('echo fine')])
      assert.is.not(first?.rc, 0, broken)
      assert.is.not(first?.stderr.length, 0, broken)
      assert.is(second?.stdout.toString(), 'fine\n', broken)
    }
  })

  test('lets nothing leak from one script into the next', async ({ connection }) => {
    await connection.run(
      'cd /; x=1; export y=2; f() { :; }; trap "echo trapped" EXIT; umask 077; set -f; alias ls=rm',
    )
    const { stdout } = await connection.run('pwd; echo "<$x$y>"; umask; echo /et[c]; command -v f')
    assert.is(stdout.toString(), `${process.cwd()}\n<>\n0022\n/etc\n`)
  })

  test('hands over 5 MB of all byte values on both outputs unchanged', async ({ connection }) => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, value) => value))
    const octal = Array.from(bytes, (value) => `\\${value.toString(8).padStart(3, '0')}`).join('')
    const make = `printf '${octal}'`
    const script = `all() { ${make}; }; ten() { for i in 0 1 2 3 4 5 6 7 8 9; do "$@"; done; }
many() { ten ten ten ten all; ten ten ten ten all; }; many; many >&2`
    const { stdout, stderr } = await connection.run(script)
    const expected = Buffer.concat(Array.from({ length: 20_000 }, () => bytes))
    assert.ok(stdout.equals(expected), `stdout: ${stdout.length} bytes`)
    assert.ok(stderr.equals(expected), `stderr: ${stderr.length} bytes`)
  })

  test('runs scripts one after the other and gives their results in order', async ({ connection }) => {
    const seen: [number, string][] = []
    const results = await connection.runAll(['sleep 0.05; echo 1', 'echo 2', 'exit 3', 'echo 4'], {
      onResult: ({ stdout }, index) => seen.push([index, stdout.toString()]),
    })
    assert.equal(results.map(summary), ['0 1\n', '0 2\n', '3 ', '0 4\n'])
    assert.equal(seen, [
      [0, '1\n'],
      [1, '2\n'],
      [2, ''],
      [3, '4\n'],
    ])
  })

  test('keeps the order of scripts that are submitted at the same time', async ({ connection }) => {
    const results = await Promise.all([
      connection.run('sleep 0.05; echo a'),
      connection.runAll(['echo b', 'echo c']),
      connection.run('echo d'),
    ])
    assert.equal(results.flat().map(summary), ['0 a\n', '0 b\n', '0 c\n', '0 d\n'])
  })

  test('leaves out the scripts behind a failure only in its own group', async ({ connection }) => {
    const [stopped, other, again] = await Promise.all([
      connection.runAll(['echo 1', 'exit 5', 'echo 3', 'echo 4'], { stopOnError: true }),
      connection.run('echo other'),
      connection.runAll(['echo 1', 'echo 2'], { stopOnError: true }),
    ])
    assert.equal(stopped.map(summary), ['0 1\n', '5 '])
    assert.is(summary(other), '0 other\n')
    assert.equal(again.map(summary), ['0 1\n', '0 2\n'])
  })

  test('passes output on while the script still runs', async ({ connection }) => {
    const dir = mkdtempSync(join(tmpdir(), 'quorate-live-'))
    const flag = join(dir, 'flag')
    let seen = ''
    await connection.run(`printf ready; until [ -e ${flag} ]; do sleep 0.01; done; echo; echo end`, {
      onOutput(chunk) {
        seen += chunk
        // The script waits for this file: without live output it would wait for ever.
        if (seen === 'ready')
          connectLocal({}, { name: 'm2' }).then((other) => other.run(`: >${flag}`).then(() => other.close()))
      },
    })
    assert.is(seen, 'ready\nend\n')
    rmSync(dir, { recursive: true })
  })

  test('takes a script of 1 MB', async ({ connection }) => {
    const text = "it's ".repeat(200_000)
    const { stdout } = await connection.run(`cat <<'END'\n${text}\nEND`)
    assert.is(stdout.toString(), `${text}\n`)
  })

  test('rejects what is running and everything after it when the shell is killed', async ({ connection }) => {
    const running = connection.run('kill -KILL $$; sleep 60').then(fulfilled, rejected)
    const waiting = connection.run('echo never').then(fulfilled, rejected)
    for (const error of [
      await running,
      await waiting,
      await connection.run('true').then(fulfilled, rejected),
    ]) {
      assert.instance(error, UnreachableError)
      assert.match((error as Error).message, 'm1')
    }
  })

  test.run()
}

function summary({ rc, stdout }: ScriptResult): string {
  return `${rc} ${stdout}`
}

const fulfilled = () => undefined
const rejected = (error: unknown) => error
