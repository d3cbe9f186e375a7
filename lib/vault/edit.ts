import { spawn } from 'node:child_process'
import { accessSync, constants, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { QuorateError } from '../errors.ts'

// In memory, where there is such a place: what was never written to a disk cannot be found on it.
const MEMORY = '/dev/shm'
const ENDING_SIGNALS = ['SIGTERM', 'SIGHUP'] as const

/**
 * Lets the user edit a text, in a file that only they can read and that is gone afterwards in every case.
 *
 * @param name - The file that the text belongs to: editors go by its extension.
 * @throws QuorateError if the editor fails
 */
export async function editText(text: string, name: string): Promise<string> {
  const folder = mkdtempSync(join(isWritable(MEMORY) ? MEMORY : tmpdir(), 'quorate-edit-'))
  const remove = (): void => rmSync(folder, { recursive: true, force: true })
  const onSignal = (): never => {
    remove()
    process.exit(1)
  }
  // Ctrl-C is the editor's business: it has the terminal.
  const ignore = (): void => {}
  process.on('SIGINT', ignore)
  for (const signal of ENDING_SIGNALS) process.on(signal, onSignal)
  try {
    const file = join(folder, `secrets${extname(name) || '.yml'}`)
    writeFileSync(file, text, { mode: 0o600 })
    await runEditor(file)
    return readFileSync(file, 'utf8')
  } finally {
    remove()
    process.off('SIGINT', ignore)
    for (const signal of ENDING_SIGNALS) process.off(signal, onSignal)
  }
}

async function runEditor(file: string): Promise<void> {
  const editor = process.env.VISUAL || process.env.EDITOR || 'vi'
  // A shell, because editors come with arguments: code --wait.
  const child = spawn('sh', ['-c', `${editor} "$1"`, 'sh', file], { stdio: 'inherit' })
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  if (code !== 0) throw new QuorateError(`the editor ${editor} ended with ${code}: nothing was changed`)
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}
