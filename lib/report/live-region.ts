import { stripVTControlCharacters } from 'node:util'
import { ProcessOutput, Spinner } from 'listr2'
import { cleanText } from './clean.ts'
import { displayWidth } from './text.ts'

const FRAME_MS = 100
const LINE_START_AND_ERASE = '\r\u001b[K'
const LINE_UP_AND_ERASE = '\u001b[1A\u001b[2K'
const CURSOR_SHOW = '\u001b[?25h'

/** The terminal's size and the spinner's picture, at the moment of a frame. */
export interface LiveFrame {
  readonly rows: number
  readonly columns: number
  readonly spinner: string
}

export interface LiveStreams {
  readonly stdout: NodeJS.WriteStream
  readonly stderr: NodeJS.WriteStream
}

/**
 * The part at the end of a terminal that is redrawn in place, ten times a second however many events there are.
 *
 * Built on listr2's spinner and its guarding of the streams, not on its `DefaultRenderer`: that one redraws a line for
 * every task at every event, keeps the size that the terminal had at the start, and lets a library end the process at
 * a signal before the recap is printed.
 */
export class LiveRegion {
  readonly #stdout: NodeJS.WriteStream
  readonly #output: LiveOutput
  readonly #frame: (size: LiveFrame) => readonly string[]
  readonly #spinner = new Spinner()
  readonly #timer: NodeJS.Timeout
  #above = ''
  #drawn: readonly string[] = []
  #closed = false

  /** Starts to draw what `frame` returns: lines that fit the terminal, none where nothing is to be shown. */
  constructor({ stdout, stderr }: LiveStreams, frame: (size: LiveFrame) => readonly string[]) {
    this.#stdout = stdout
    this.#output = new LiveOutput(stdout, stderr)
    this.#frame = frame
    this.#output.hijack()
    stdout.on('resize', this.#redraw)
    // Whatever ends the process, the user gets the cursor back.
    process.once('exit', this.close)
    // A picture must not keep a process alive that has nothing left to do.
    this.#timer = setInterval(this.#tick, FRAME_MS).unref()
  }

  /** Prints text that stays, above the live part, with the next frame. */
  print(text: string): void {
    if (this.#closed) this.#stdout.write(text)
    else this.#above += text
  }

  /** Removes the live part and gives the cursor and the streams back; nothing is drawn from then on. */
  readonly close = (): void => {
    if (this.#closed) return
    this.#closed = true
    clearInterval(this.#timer)
    this.#stdout.off('resize', this.#redraw)
    process.off('exit', this.close)
    this.#output.toStdout(this.#erase() + this.#above, false)
    this.#output.release()
  }

  readonly #tick = (): void => {
    this.#spinner.spin()
    this.#above += this.#output.takeHeld()
    this.#redraw()
  }

  // One write, so that no terminal ever shows a frame half erased.
  readonly #redraw = (): void => {
    const { rows = 24, columns = 80 } = this.#stdout
    const lines = this.#frame({ rows, columns, spinner: this.#spinner.fetch() })
    const text = this.#erase() + this.#above + lines.map((line) => `${line}\n`).join('')
    this.#drawn = lines
    this.#above = ''
    if (text !== '') this.#output.toStdout(text, false)
  }

  // A terminal that was made narrower has wrapped the last frame: it is taller than it was drawn. Line by line, because
  // some terminals (tmux) move a screen that is erased as a whole into their history.
  #erase(): string {
    const { columns = 80 } = this.#stdout
    const height = this.#drawn.reduce((lines, line) => lines + linesTaken(line, columns), 0)
    // The terminal may have echoed a key (^C) where the cursor stands.
    return height === 0 ? '' : LINE_START_AND_ERASE + LINE_UP_AND_ERASE.repeat(height)
  }
}

/** Holds what others write (`console.log` in a role) until it can be printed above the live part. */
class LiveOutput extends ProcessOutput {
  /** The lines that others have written since the last call, without their escape codes. */
  takeHeld(): string {
    const held = this.#releaseStreams()
    for (const stream of Object.values(this.stream)) stream.hijack()
    return held
  }

  override release(): void {
    this.toStdout(this.#releaseStreams() + CURSOR_SHOW, false)
    this.active = false
  }

  #releaseStreams(): string {
    const entries = Object.values(this.stream).flatMap((stream) => stream.release())
    const text = cleanText(entries.map(({ entry }) => entry).join(''))
    return text === '' || text.endsWith('\n') ? text : `${text}\n`
  }
}

function linesTaken(line: string, columns: number): number {
  return Math.max(1, Math.ceil(displayWidth(stripVTControlCharacters(line)) / columns))
}
