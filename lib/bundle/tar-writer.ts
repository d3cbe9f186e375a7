import { createReadStream, createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

/** One file of a tar: its content, or where that is. */
export interface TarEntry {
  /** At most 100 bytes. */
  readonly name: string
  readonly content: Buffer | { readonly path: string; readonly size: number }
}

const BLOCK = 512

/** Writes a tar of files. The same entries make the same bytes, so the archive has a digest that means something. */
export async function writeTar(path: string, entries: readonly TarEntry[]): Promise<void> {
  await pipeline(Readable.from(blocks(entries)), createWriteStream(path))
}

async function* blocks(entries: readonly TarEntry[]): AsyncGenerator<Buffer> {
  for (const { name, content } of entries) {
    const size = Buffer.isBuffer(content) ? content.length : content.size
    yield header(name, size)
    if (Buffer.isBuffer(content)) yield content
    else yield* createReadStream(content.path)
    yield Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK)
  }
  yield Buffer.alloc(2 * BLOCK)
}

/** A POSIX ustar header: mode 0644, owner 0, time 0. */
function header(name: string, size: number): Buffer {
  const block = Buffer.alloc(BLOCK)
  if (Buffer.byteLength(name) > 100) throw new RangeError(`${name} is too long a name for a tar`)
  const octal = (value: number, width: number) => `${value.toString(8).padStart(width - 1, '0')}\0`
  const fields: [number, string][] = [
    [0, name],
    [100, octal(0o644, 8)],
    [108, octal(0, 8)],
    [116, octal(0, 8)],
    [124, octal(size, 12)],
    [136, octal(0, 12)],
    [148, ' '.repeat(8)],
    [156, '0'],
    [257, 'ustar\x0000'],
  ]
  for (const [offset, text] of fields) block.write(text, offset, 'latin1')
  // The sum counts its own field as blanks.
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return block
}
