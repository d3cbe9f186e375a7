import { randomBytes } from 'node:crypto'
import { link, lstat, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { QuorateError } from '../errors.ts'

/** Makes a directory that only we can enter; git is told to ignore what is in it. */
export async function makePrivateDirectory(dir: string): Promise<void> {
  if ((await mkdir(dir, { recursive: true, mode: 0o700 })) === undefined) return
  await writeAtomically(join(dir, '.gitignore'), '*\n')
}

/** @throws QuorateError where `dir` exists and others than its owner can enter it, or it is no directory. */
export async function checkPrivateDirectory(dir: string): Promise<void> {
  const found = await stat(dir).catch(absent)
  if (found === undefined) return
  if (!found.isDirectory())
    throw new QuorateError(`${dir} is not a directory: certificates and keys are kept in it`)
  refuseIfShared(dir, found.mode, '700')
}

/**
 * The text of a file that only its owner may read; undefined where there is none.
 *
 * @throws QuorateError where others may read it too.
 */
export async function readPrivateFile(path: string): Promise<string | undefined> {
  const found = await lstat(path).catch(absent)
  if (found === undefined) return undefined
  if (!found.isFile()) throw new QuorateError(`${path} is not a regular file`)
  refuseIfShared(path, found.mode, '600')
  return readFile(path, 'utf8')
}

/** The text of a file, undefined where there is none. */
export async function readText(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(absent)
}

/** Replaces a file as a whole; readers see the old text or the new one. Mode 0600. */
export async function writeAtomically(path: string, text: string): Promise<void> {
  await withTemporary(path, text, (temporary) => rename(temporary, path))
}

/** Writes a file unless there is one, and returns the text that is there afterwards: of two processes one wins. */
export async function writeOnce(path: string, text: string): Promise<string> {
  await withTemporary(path, text, async (temporary) => {
    await link(temporary, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
    await rm(temporary)
  })
  return readFile(path, 'utf8')
}

async function withTemporary(
  path: string,
  text: string,
  place: (temporary: string) => Promise<void>,
): Promise<void> {
  const temporary = join(dirname(path), `.${randomBytes(6).toString('hex')}.tmp`)
  try {
    await writeFile(temporary, text, { mode: 0o600, flag: 'wx', flush: true })
    await place(temporary)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

function refuseIfShared(path: string, mode: number, wanted: string): void {
  if ((mode & 0o077) === 0) return
  const found = (mode & 0o777).toString(8).padStart(4, '0')
  throw new QuorateError(`${path} has mode ${found}: private keys must be out of reach of other users`, {
    hint: `chmod ${wanted} ${path}`,
  })
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
  return undefined
}
