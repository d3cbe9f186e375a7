const NEWLINE = 0x0a
const NOTHING: Buffer = Buffer.alloc(0)

/** Who takes the output between two markers. */
export interface FrameSink {
  /** The line that ends the output: `<newline>TAG <trailer><newline>`. */
  readonly tag: string
  output(chunk: Buffer): void
  end(trailer: string): void
}

/**
 * Cuts one byte stream into frames, each ended by its own marker line.
 * Every byte is looked at a bounded number of times, however the stream arrives in chunks.
 */
export class FrameReader {
  readonly #sinks: FrameSink[] = []
  #marker = NOTHING
  /** What may be the beginning of the marker. */
  #held = NOTHING

  /** Frames arrive in the order in which they are expected. */
  expect(sink: FrameSink): void {
    this.#sinks.push(sink)
    if (this.#sinks.length === 1) this.#marker = markerOf(sink)
  }

  push(chunk: Buffer): void {
    let data = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
    this.#held = NOTHING
    // Whatever comes after the last frame was printed by a process that a script left behind: nobody waits for it.
    for (let sink = this.#sinks[0]; sink !== undefined && data.length > 0; sink = this.#sinks[0]) {
      const found = data.indexOf(this.#marker)
      const start = found < 0 ? possibleStart(data, this.#marker) : found
      const end = found < 0 ? -1 : data.indexOf(NEWLINE, found + this.#marker.length)
      if (start > 0) sink.output(data.subarray(0, start))
      if (end < 0) {
        this.#held = data.subarray(start)
        break
      }
      const trailer = data.toString('latin1', start + this.#marker.length, end)
      data = data.subarray(end + 1)
      this.#next()
      sink.end(trailer)
    }
  }

  #next(): void {
    this.#sinks.shift()
    const next = this.#sinks[0]
    if (next !== undefined) this.#marker = markerOf(next)
  }
}

function markerOf(sink: FrameSink): Buffer {
  return Buffer.from(`\n${sink.tag} `, 'latin1')
}

/** Where the marker may begin at the end of `data`; the length of `data` if it does not. */
function possibleStart(data: Buffer, marker: Buffer): number {
  // The marker holds one newline, its first byte: only the last newline can begin it.
  const start = data.lastIndexOf(NEWLINE)
  if (start < 0 || data.length - start >= marker.length) return data.length
  return data.subarray(start).equals(marker.subarray(0, data.length - start)) ? start : data.length
}
