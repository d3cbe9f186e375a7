import { execFileSync } from 'node:child_process'
import { accessSync, constants, readFileSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { basename, resolve } from 'node:path'
import { type Problem, UsageError } from '../errors.ts'
import { Secret } from '../secret.ts'

/** Where passwords of vaults come from, as the command line says. */
export interface VaultSources {
  /** `--vault-id`: `label@source`, or a source alone; a source is `prompt`, a file or a script. */
  readonly vaultIds: readonly string[]
  /** `--vault-password-file`: a file, or a script that prints the password. */
  readonly vaultPasswordFiles: readonly string[]
  /** `--ask-vault-pass` */
  readonly askVaultPass: boolean
  /** `--age-identity`: files with identities of age. */
  readonly ageIdentities: readonly string[]
}

/** A password, and the label it is for. */
export interface VaultPassword {
  readonly label: string
  readonly password: Secret
}

type Ask = (question: string, what: string) => Promise<Secret>

const DEFAULT_LABEL = 'default'

/**
 * The passwords in the order in which they are tried. Without any flag, `ANSIBLE_VAULT_PASSWORD_FILE` names a file.
 *
 * @throws UsageError for what cannot be read
 */
export async function readVaultPasswords(sources: VaultSources, ask: Ask): Promise<VaultPassword[]> {
  const { vaultIds, vaultPasswordFiles, askVaultPass } = sources
  const named = vaultIds.map((id) => {
    const at = id.indexOf('@')
    return { label: at > 0 ? id.slice(0, at) : DEFAULT_LABEL, source: id.slice(at + 1) }
  })
  const files = [...vaultPasswordFiles]
  const fromEnvironment = process.env.ANSIBLE_VAULT_PASSWORD_FILE
  if (named.length + files.length === 0 && !askVaultPass && fromEnvironment) files.push(fromEnvironment)
  const all = [
    ...named,
    ...files.map((source) => ({ label: DEFAULT_LABEL, source })),
    ...(askVaultPass ? [{ label: DEFAULT_LABEL, source: 'prompt' }] : []),
  ]
  const passwords: VaultPassword[] = []
  const problems: Problem[] = []
  for (const { label, source } of all) {
    if (source === 'prompt' || source === 'prompt_ask_vault_pass') {
      const question = label === DEFAULT_LABEL ? 'Vault password: ' : `Vault password (${label}): `
      passwords.push({ label, password: await ask(question, 'the password of the vault') })
    } else {
      const read = readPassword(source, label)
      if (typeof read === 'string') passwords.push({ label, password: new Secret(read) })
      else problems.push(read)
    }
  }
  if (problems.length > 0) throw new UsageError(problems)
  return passwords
}

function readPassword(source: string, label: string): string | Problem {
  const path = resolve(source.replace(/^~(?=\/)/, homedir()))
  try {
    const password = isProgram(path) ? runProgram(path, label) : readFileSync(path, 'utf8').trim()
    if (password !== '') return password
    return { message: `the vault password file ${source} gives an empty password` }
  } catch (error) {
    const { code, status } = error as NodeJS.ErrnoException & { status?: number }
    const reason = typeof status === 'number' ? `it ended with ${status}` : (code ?? String(error))
    return { message: `the vault password file ${source} cannot be read: ${reason}` }
  }
}

function isProgram(path: string): boolean {
  if (!statSync(path).isFile()) return false
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** As with Ansible, a program whose name ends in `-client` is told which label is wanted. */
function runProgram(path: string, label: string): string {
  const isClient = /-client(?:\.[^.]*)?$/.test(basename(path))
  const output = execFileSync(path, isClient ? ['--vault-id', label] : [], {
    encoding: 'utf8',
    stdio: ['inherit', 'pipe', 'inherit'],
  })
  return output.replace(/^[\r\n]+|[\r\n]+$/g, '')
}
