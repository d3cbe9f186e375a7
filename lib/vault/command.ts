import { parseArgs } from 'node:util'
import { type Problem, UsageError } from '../errors.ts'
import type { Secret } from '../secret.ts'
import { didYouMean } from '../suggest.ts'
import { editText } from './edit.ts'
import { encryptText, readEncrypted, readPlain, readText, replaceFile } from './files.ts'
import { isEncryptedFile, type Keychain, useKeychain } from './keychain.ts'
import { readVaultPasswords } from './passwords.ts'

/** How `npm run secrets` is called. */
export const SECRETS_USAGE = `Variables files that only those with the key can read, in the format of Ansible Vault or of age.

  npm run secrets -- edit FILE       in $EDITOR; a file that does not exist is made
  npm run secrets -- encrypt FILE    an existing plain file
  npm run secrets -- view FILE       print what is in it
  npm run secrets -- decrypt FILE    make it plain again
  npm run secrets -- rekey FILE --new-vault-password-file FILE

  --vault-password-file FILE      where the password is: a file, or a program that prints it
  --vault-id LABEL@SOURCE         the same with a label; SOURCE may be prompt
  --ask-vault-pass, -J            ask for it
  --age-identity FILE             use age instead: encrypts to the owner of the identity; repeatable`

const COMMANDS = ['edit', 'encrypt', 'view', 'decrypt', 'rekey'] as const

/** What the user of `npm run secrets` asks for. */
export interface SecretsCommand {
  readonly command: (typeof COMMANDS)[number] | 'help'
  readonly file: string
  readonly vaultIds: readonly string[]
  readonly vaultPasswordFiles: readonly string[]
  readonly askVaultPass: boolean
  readonly ageIdentities: readonly string[]
  readonly newVaultPasswordFile: string | undefined
}

const OPTIONS = {
  'vault-password-file': { type: 'string', multiple: true },
  'vault-id': { type: 'string', multiple: true },
  'ask-vault-pass': { type: 'boolean', short: 'J' },
  'age-identity': { type: 'string', multiple: true },
  'new-vault-password-file': { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const

/** Reads the arguments of `npm run secrets`. @throws UsageError with all that is wrong. */
export function parseSecretsCommand(args: readonly string[]): SecretsCommand {
  const { values, tokens, positionals } = parseArgs({
    args: [...args],
    options: OPTIONS,
    strict: false,
    allowPositionals: true,
    tokens: true,
  })
  const problems = tokens.flatMap((token): Problem[] => {
    if (token.kind !== 'option') return []
    if (!(token.name in OPTIONS)) {
      const names = Object.keys(OPTIONS).map((name) => `--${name}`)
      return [{ message: `there is no option ${token.rawName}`, hint: didYouMean(token.rawName, names) }]
    }
    const takesValue = OPTIONS[token.name as keyof typeof OPTIONS].type === 'string'
    return takesValue && !token.value ? [{ message: `${token.rawName} needs a value` }] : []
  })
  const [name = '', file = '', ...rest] = positionals
  const command =
    args.length === 0 || values.help === true ? 'help' : COMMANDS.find((known) => known === name)
  if (command === undefined) {
    problems.push({ message: `there is no command '${name}'`, hint: didYouMean(name, COMMANDS) })
  } else if (command !== 'help' && file === '') problems.push({ message: `${command} needs a file` })
  if (rest.length > 0) problems.push({ message: `'${rest[0]}' is one argument too many` })
  if (problems.length > 0) throw new UsageError(problems)
  return {
    command: command as SecretsCommand['command'],
    file,
    vaultIds: texts(values['vault-id']),
    vaultPasswordFiles: texts(values['vault-password-file']),
    askVaultPass: values['ask-vault-pass'] === true,
    ageIdentities: texts(values['age-identity']),
    newVaultPasswordFile: texts([values['new-vault-password-file'] ?? []].flat())[0],
  }
}

/**
 * Does it.
 *
 * @returns what is to be printed
 * @throws QuorateError
 */
export async function runSecretsCommand(
  options: SecretsCommand,
  ask: (question: string, what: string) => Promise<Secret>,
): Promise<string> {
  const { command, file, ageIdentities, newVaultPasswordFile } = options
  const keys: Keychain = { passwords: await readVaultPasswords(options, ask), ageIdentities }
  useKeychain(keys)
  switch (command) {
    case 'view':
      return readEncrypted(file)
    case 'decrypt':
      replaceFile(file, await readEncrypted(file))
      return `${file} is plain now\n`
    case 'encrypt':
      replaceFile(file, await encryptText(readPlain(file), keys))
      return `${file} is encrypted\n`
    case 'rekey': {
      const plain = await readEncrypted(file)
      const sources = { ...options, vaultIds: [], askVaultPass: newVaultPasswordFile === undefined }
      const files = newVaultPasswordFile === undefined ? [] : [newVaultPasswordFile]
      const passwords = await readVaultPasswords({ ...sources, vaultPasswordFiles: files }, ask)
      replaceFile(file, await encryptText(plain, { passwords, ageIdentities: [] }))
      return `${file} has another password\n`
    }
    case 'edit':
      return edit(file, keys)
    default:
      return `${SECRETS_USAGE}\n`
  }
}

async function edit(file: string, keys: Keychain): Promise<string> {
  const before = readText(file)
  const isNew = before === undefined
  const plain = isNew ? '' : isEncryptedFile(before) ? await readEncrypted(file) : readPlain(file)
  // To find out behind the editor that there is no key would lose what was written.
  await encryptText('', keys, before)
  const after = await editText(plain, file)
  if (after === plain) return `${file} is as it was\n`
  replaceFile(file, await encryptText(after, keys, before))
  return `${file} is encrypted\n`
}

function texts(values: unknown): string[] {
  return Array.isArray(values) ? values.map(String) : []
}
