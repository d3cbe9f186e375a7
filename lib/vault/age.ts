import { readFileSync } from 'node:fs'
import { armor, Decrypter, Encrypter, identityToRecipient } from 'age-encryption'
import { QuorateError } from '../errors.ts'

/** @throws QuorateError where no identity fits */
export async function decryptAge(text: string, identityFiles: readonly string[]): Promise<string> {
  const identities = readIdentities(identityFiles)
  if (identities.length === 0) {
    throw new QuorateError('it is encrypted with age, and there is no identity', {
      hint: 'Give one: --age-identity FILE.',
    })
  }
  if (!text.startsWith('-----')) {
    throw new QuorateError('files of age have to be text here', { hint: 'Encrypt it with: age --armor' })
  }
  const decrypter = new Decrypter()
  for (const identity of identities) decrypter.addIdentity(identity)
  try {
    return await decrypter.decrypt(armor.decode(text), 'text')
  } catch {
    throw new QuorateError('it is encrypted with age, but for none of the identities given, or damaged')
  }
}

/** The text as an armored file, for the owners of the identities. */
export async function encryptAge(plain: string, identityFiles: readonly string[]): Promise<string> {
  const encrypter = new Encrypter()
  for (const identity of readIdentities(identityFiles)) {
    encrypter.addRecipient(await identityToRecipient(identity))
  }
  return armor.encode(await encrypter.encrypt(plain))
}

function readIdentities(files: readonly string[]): string[] {
  return files.flatMap((file) => {
    try {
      const lines = readFileSync(file, 'utf8')
        .split('\n')
        .map((line) => line.trim())
      return lines.filter((line) => line !== '' && !line.startsWith('#'))
    } catch (error) {
      throw new QuorateError(
        `--age-identity ${file} cannot be read: ${(error as NodeJS.ErrnoException).code}`,
      )
    }
  })
}
