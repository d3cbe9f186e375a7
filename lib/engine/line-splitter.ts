import { StringDecoder } from 'node:string_decoder'

type Stream = 'stdout' | 'stderr'

// A line that is longer is no text for people, and a cut one could show half of a secret that is masked as a whole.
const LONGEST_LINE = 64 * 1024

/** Passes on output as whole lines, so that nothing that has to be masked arrives in two pieces. */
export class LineSplitter {
  readonly #emit: (text: string, stream: Stream) => void
  readonly #rest = { stdout: '', stderr: '' }
  readonly #decoders = { stdout: new StringDecoder('utf8'), stderr: new StringDecoder('utf8') }
  /** The line that is being read was too long: what is left of it is left out. */
  readonly #tooLong = { stdout: false, stderr: false }

  /** @param emit Takes one or several lines, without the last line break. */
  constructor(emit: (text: string, stream: Stream) => void) {
    this.#emit = emit
  }

  push(chunk: Buffer, stream: Stream): void {
    // A progress bar returns to the start of its line instead of beginning a new one.
    const lines = (this.#rest[stream] + this.#decoders[stream].write(chunk)).split(/\r\n|\n|\r(?!$)/)
    this.#rest[stream] = lines.pop() as string
    const whole = this.#tooLong[stream] ? lines.slice(1) : lines
    if (lines.length > 0) this.#tooLong[stream] = false
    if (this.#rest[stream].length > LONGEST_LINE) {
      if (!this.#tooLong[stream]) whole.push('(a line of more than 64 kB)')
      this.#tooLong[stream] = true
      this.#rest[stream] = ''
    }
    if (whole.length > 0) this.#emit(whole.join('\n'), stream)
  }

  /** What has no line break at its end is passed on too. */
  end(): void {
    for (const stream of ['stdout', 'stderr'] as const) {
      const rest = this.#rest[stream] + this.#decoders[stream].end()
      if (rest !== '' && !this.#tooLong[stream]) this.#emit(rest, stream)
    }
  }
}
