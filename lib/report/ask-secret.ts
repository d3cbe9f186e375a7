import { openSync } from 'node:fs'
import { ReadStream, WriteStream } from 'node:tty'
import { UsageError } from '../errors.ts'
import { Secret } from '../secret.ts'

const CTRL_C = '\x03'
const CTRL_D = '\x04'
const BACKSPACES = ['\b', '\x7f']
const ENDS = ['\r', '\n', CTRL_D]

/**
 * Asks on the terminal itself, whatever stdin and stdout are, and shows nothing of the answer.
 *
 * @throws UsageError without a terminal: `what` says who asks.
 */
export async function askSecret(question: string, what: string): Promise<Secret> {
  const terminal = openTerminal(what)
  try {
    // Before the question: an answer may come at once.
    terminal.input.setRawMode(true)
    terminal.output.write(question)
    return new Secret(await readUnseen(terminal.input))
  } finally {
    terminal.output.write('\n')
    terminal.input.setRawMode(false)
    terminal.input.destroy()
    terminal.output.destroy()
  }
}

function openTerminal(what: string): { input: ReadStream; output: WriteStream } {
  try {
    const input = new ReadStream(openSync('/dev/tty', 'r+'))
    const output = new WriteStream(openSync('/dev/tty', 'w'))
    return { input, output }
  } catch {
    const hint = 'run it in a terminal, or use keys, an ssh-agent, or an encrypted variables file'
    throw new UsageError([{ message: `${what}, but there is no terminal to ask on`, hint }])
  }
}

/** What is typed until the end of the line; Ctrl-C ends the program, as it does everywhere. */
function readUnseen(input: ReadStream): Promise<string> {
  let text = ''
  return new Promise((resolve) => {
    input.on('data', (chunk: Buffer) => {
      for (const char of chunk.toString()) {
        if (char === CTRL_C) {
          input.setRawMode(false)
          process.kill(process.pid, 'SIGINT')
        } else if (ENDS.includes(char)) return resolve(char === CTRL_D ? '' : text)
        else text = BACKSPACES.includes(char) ? text.slice(0, -1) : text + char
      }
    })
    input.once('close', () => resolve(''))
  })
}
