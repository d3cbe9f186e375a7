import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { QuorateError } from '../errors.ts'
import { encryptVault, isVaultText, parseVaultText } from './format.ts'
import { isEncryptedFile, type Keychain, openFile } from './keychain.ts'

/** The text of a file; undefined if there is none. */
export function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    throw new QuorateError(`${file} cannot be read: ${code}`)
  }
}

/** What is in an encrypted file. @throws QuorateError */
export async function readEncrypted(file: string): Promise<string> {
  const text = existing(file)
  if (!isEncryptedFile(text)) throw new QuorateError(`${file} is not encrypted`)
  try {
    return await openFile(text)
  } catch (error) {
    if (!(error instanceof QuorateError)) throw error
    throw new QuorateError(`${file}: ${error.message}`, {
      ...(error.hint !== undefined && { hint: error.hint }),
    })
  }
}

/** The text of a file that is not encrypted. @throws QuorateError */
export function readPlain(file: string): string {
  const text = existing(file)
  if (isEncryptedFile(text)) throw new QuorateError(`${file} is encrypted already`)
  return text
}

/**
 * Encrypts with the first password, or to the identities of age. What was encrypted before keeps its form, its label
 * and the password of that label.
 */
export async function encryptText(plain: string, keys: Keychain, before?: string): Promise<string> {
  const isVault = before !== undefined && isVaultText(before)
  const wasAge = before !== undefined && isEncryptedFile(before) && !isVault
  if (keys.ageIdentities.length > 0 && !isVault && (wasAge || keys.passwords.length === 0)) {
    const { encryptAge } = await import('./age.ts')
    return encryptAge(plain, keys.ageIdentities)
  }
  const label = isVault ? parseVaultText(before)?.label : undefined
  const chosen = keys.passwords.find((password) => password.label === label) ?? keys.passwords[0]
  if (chosen === undefined) {
    throw new QuorateError('there is no key to encrypt with', {
      hint: 'Give one: --vault-password-file FILE, --vault-id LABEL@FILE, --ask-vault-pass or --age-identity FILE.',
    })
  }
  const written = chosen.label === 'default' ? undefined : chosen.label
  return encryptVault(plain, chosen.password.reveal(), label ?? written)
}

/** Writes a file as a whole or not at all; a new one is only for its owner. */
export function replaceFile(file: string, text: string): void {
  const temporary = `${file}.${process.pid}.tmp`
  try {
    writeFileSync(temporary, text, { mode: modeOf(file), flag: 'wx' })
    renameSync(temporary, file)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw new QuorateError(`${file} cannot be written: ${(error as NodeJS.ErrnoException).code}`)
  }
}

function modeOf(file: string): number {
  try {
    return statSync(file).mode & 0o777
  } catch {
    return 0o600
  }
}

function existing(file: string): string {
  const text = readText(file)
  if (text === undefined) throw new QuorateError(`${file} does not exist`)
  return text
}
