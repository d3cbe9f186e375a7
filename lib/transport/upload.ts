import { randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { QuorateError } from '../errors.ts'
import { elevate, PasswordPrompt } from './become.ts'
import type { HostProcess } from './host-process.ts'
import type { Way } from './shell-connection.ts'

export interface Upload {
  readonly source: string | Readable
  readonly path: string
  readonly mode: number
}

/**
 * Streams a file to the host through a program of its own, as fast as the host takes it.
 *
 * @throws QuorateError which names the path and the reason; what had arrived is removed.
 */
export async function uploadTo(way: Way, { source, path, mode }: Upload): Promise<void> {
  const content = typeof source === 'string' ? await openFile(source) : source
  const end = randomBytes(16).toString('hex')
  const receive = ['sh', '-c', RECEIVE, 'sh', path, mode.toString(8), end]
  const { argv, question } = elevate(receive, way)
  const process = await way.launch(argv)
  const password = new PasswordPrompt(process, question, way.become)
  let said = ''
  process.stderr.on('data', (chunk: Buffer) => {
    password.watch(chunk)
    said = (said + chunk.toString()).slice(-4096)
  })
  const failure = await started(process).then((ready) => (ready ? send(content, process, end) : undefined))
  const rc = await process.ended
  content.destroy()
  if (rc === 0 && failure === undefined) return
  const lost = way.lost()
  if (lost !== undefined) throw lost
  throw new QuorateError(`${way.name}: cannot upload ${path}: ${reason(said, failure)}`, { cause: failure })
}

// The end of stdin can also mean that the connection broke: only a file that ends with our last word is complete.
// dd without input cuts the last word off. 0600 until everything is there, so nobody reads what is not theirs.
const RECEIVE = `umask 077
exec 4>"$1" || exit
chmod 600 "$1" || exit
echo ready
LC_ALL=C; export LC_ALL
cat >&4 && size=$(wc -c <"$1") && [ "$(tail -c 32 "$1" | tr -d '\\000')" = "$3" ] &&
dd of="$1" bs=1 count=0 seek=$((size-32)) </dev/null 2>/dev/null && chmod "$2" "$1" || { [ ! -f "$1" ] || rm -f "$1"; exit 1; }`

async function openFile(path: string): Promise<Readable> {
  const stream = createReadStream(path, { highWaterMark: 256 * 1024 })
  await new Promise<void>((resolve, reject) => {
    stream.once('open', () => resolve())
    stream.once('error', (error) =>
      reject(new QuorateError(`cannot read ${path}: ${error.message}`, { cause: error })),
    )
  })
  return stream
}

/** Whether the program got as far as to read its stdin: sudo must have had its password by then. */
function started(process: HostProcess): Promise<boolean> {
  return new Promise((resolve) => {
    process.stdout.once('data', () => resolve(true))
    process.stdout.resume()
    process.ended.then(() => resolve(false))
  })
}

/** The error that stopped the transfer: of the source, or of the host's end. */
async function send(content: Readable, { stdin, ended }: HostProcess, end: string): Promise<unknown> {
  const sink = new Writable({
    highWaterMark: 256 * 1024,
    write(chunk, _encoding, done) {
      if (stdin.write(chunk)) done()
      else stdin.once('drain', done)
    },
  })
  // The host's program may end before it has read everything: then nothing drains any more.
  const stop = new AbortController()
  ended.then(() => stop.abort())
  try {
    await pipeline(content, sink, { signal: stop.signal })
    stdin.end(end)
    return undefined
  } catch (error) {
    stdin.end()
    return error
  }
}

function reason(said: string, failure: unknown): string {
  const last = said.trim().split('\n').at(-1) ?? ''
  if (last !== '') return last.replace(/^\S*sh: (\d+: |line \d+: )?/, '').replace(/^cat: /, '')
  return failure instanceof Error ? failure.message : 'the transfer was cut short'
}
