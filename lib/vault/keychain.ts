import { QuorateError } from '../errors.ts'
import { decryptVault, isVaultText, parseVaultText, type VaultText } from './format.ts'
import type { VaultPassword } from './passwords.ts'

/** What encrypted values and files are opened with. */
export interface Keychain {
  readonly passwords: readonly VaultPassword[]
  /** Files with identities of age. */
  readonly ageIdentities: readonly string[]
}

const AGE_HEADERS = ['-----BEGIN AGE ENCRYPTED FILE-----', 'age-encryption.org/v1']
const HOW_TO = 'Give one: --vault-password-file FILE, --vault-id LABEL@FILE or --ask-vault-pass.'

let keychain: Keychain = { passwords: [], ageIdentities: [] }

/** From now on encrypted values are opened with these. A process has one keychain: its inventories share it. */
export function useKeychain(keys: Keychain): void {
  keychain = keys
}

/** Whether a whole file is encrypted. */
export function isEncryptedFile(text: string): boolean {
  return isVaultText(text) || AGE_HEADERS.some((header) => text.trimStart().startsWith(header))
}

/** @throws QuorateError where no key fits */
export async function openFile(text: string): Promise<string> {
  if (isVaultText(text)) return openVault(text)
  const { decryptAge } = await import('./age.ts')
  return decryptAge(text.trim(), keychain.ageIdentities)
}

/**
 * The plain text of a value or file in Ansible Vault's format. Passwords of the label it names are tried first.
 *
 * @throws QuorateError where no password fits
 */
export function openVault(text: string): string {
  const vault = parseVaultText(text)
  if (vault === undefined) {
    throw new QuorateError(
      'this is no Ansible Vault of the versions 1.1 and 1.2 with AES256, or it is damaged',
    )
  }
  const what = vault.label === undefined ? 'it' : `it (vault id ${vault.label})`
  if (keychain.passwords.length === 0) {
    throw new QuorateError(`${what} is encrypted, and there is no vault password`, { hint: HOW_TO })
  }
  for (const { password } of inOrder(vault)) {
    const plain = decryptVault(vault, password.reveal())
    if (plain !== undefined) return plain
  }
  const labels = [...new Set(keychain.passwords.map(({ label }) => label))].join(', ')
  throw new QuorateError(
    `${what} is encrypted with another password than those given (vault ids: ${labels})`,
    {
      hint: HOW_TO,
    },
  )
}

function inOrder({ label }: VaultText): VaultPassword[] {
  const fits = (password: VaultPassword) => password.label === (label ?? 'default')
  const { passwords } = keychain
  return [...passwords.filter(fits), ...passwords.filter((password) => !fits(password))]
}
