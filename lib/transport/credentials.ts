import { UsageError } from '../errors.ts'
import type { Secret } from '../secret.ts'
import { type KeyFile, readKeyFile } from './private-key.ts'
import type { ConnectionSettings } from './settings.ts'
import { agentSocket, keyFiles } from './ssh-identities.ts'

const PASSPHRASE_ATTEMPTS = 3

/** Asks a person; `what` says why, for the error where nobody can be asked. */
export type Ask = (question: string, what: string) => Promise<Secret>

export interface CredentialOptions {
  /** For hosts whose `ansible_password` is not set. */
  readonly askPass: boolean
  /** For hosts whose `ansible_become_password` is not set. */
  readonly askBecomePass: boolean
}

/**
 * The settings with the passwords that the user wants to be asked for, and the passphrases of keys that nothing else
 * opens: each is asked for once, before the first host is touched.
 *
 * @throws UsageError where nobody can be asked, or a passphrase stays wrong.
 */
export async function askCredentials(
  all: ReadonlyMap<string, ConnectionSettings>,
  options: CredentialOptions,
  ask: Ask,
): Promise<ReadonlyMap<string, ConnectionSettings>> {
  const password = options.askPass ? await ask('SSH password: ', '--ask-pass asks for a password') : undefined
  const become = options.askBecomePass ? await askBecome(ask, password) : undefined
  const filled = new Map<string, ConnectionSettings>()
  for (const [name, settings] of all) filled.set(name, fill(settings, password, become))
  return askPassphrases(filled, ask)
}

async function askBecome(ask: Ask, password: Secret | undefined): Promise<Secret> {
  const defaults = password === undefined ? '' : '[defaults to SSH password]'
  const answer = await ask(`BECOME password${defaults}: `, '--ask-become-pass asks for a password')
  return password !== undefined && answer.reveal() === '' ? password : answer
}

function fill(
  settings: ConnectionSettings,
  password: Secret | undefined,
  becomePassword: Secret | undefined,
): ConnectionSettings {
  const { become, transport } = settings
  return {
    ...settings,
    ...(transport === 'ssh' && password && !settings.password && { password }),
    ...(become && becomePassword && !become.password && { become: { ...become, password: becomePassword } }),
  }
}

async function askPassphrases(
  all: ReadonlyMap<string, ConnectionSettings>,
  ask: Ask,
): Promise<ReadonlyMap<string, ConnectionSettings>> {
  const passphrases = new Map<string, Secret>()
  for (const file of await lockedKeys([...all.values()].flatMap(withJumps))) {
    passphrases.set(file, await askPassphrase(file, ask))
  }
  if (passphrases.size === 0) return all
  return new Map([...all].map(([name, settings]) => [name, unlock(settings, passphrases)]))
}

async function askPassphrase(file: string, ask: Ask): Promise<Secret> {
  const what = `the private key ${file} has a passphrase`
  let question = `Passphrase for ${file}: `
  for (let attempt = 1; attempt <= PASSPHRASE_ATTEMPTS; attempt++) {
    const passphrase = await ask(question, what)
    const isRight = await readKeyFile(file, passphrase).then(
      () => true,
      () => false,
    )
    if (isRight) return passphrase
    question = `That was wrong. ${question}`
  }
  const hint = `or load it into an ssh-agent: eval $(ssh-agent) && ssh-add ${file}`
  throw new UsageError([{ message: `wrong passphrase for ${file}, ${PASSPHRASE_ATTEMPTS} times`, hint }])
}

/** Files of keys with a passphrase without which some host has nothing to log in with, as far as can be known. */
async function lockedKeys(all: readonly ConnectionSettings[]): Promise<ReadonlySet<string>> {
  const files = new Map<string, Promise<KeyFile | undefined>>()
  const read = (file: string) => {
    const known = files.get(file) ?? readKeyFile(file).catch(() => undefined)
    files.set(file, known)
    return known
  }
  const agents = new Map<string, Promise<readonly Buffer[]>>()
  const locked = new Set<string>()
  for (const settings of all.filter(({ transport }) => transport === 'ssh')) {
    const keys = (await Promise.all(keyFiles(settings).map(read))).filter((key) => key !== undefined)
    const encrypted = keys.filter(({ isEncrypted }) => isEncrypted)
    if (encrypted.length === 0 || settings.passphrase !== undefined) continue
    const inAgent = await agentHolds(agentSocket(settings), agents)
    const isOpen = (key: KeyFile) => key.key !== undefined || inAgent(key)
    const given = encrypted.filter((key) => key.file === settings.privateKeyFile && !isOpen(key))
    const hasOther = settings.password !== undefined || keys.some(isOpen) || inAgent(undefined)
    for (const { file } of hasOther ? given : encrypted) locked.add(file)
  }
  return locked
}

/** Whether an agent holds a key; without a key, whether it holds any. */
async function agentHolds(
  socket: string | undefined,
  agents: Map<string, Promise<readonly Buffer[]>>,
): Promise<(key: KeyFile | undefined) => boolean> {
  if (socket === undefined) return () => false
  const { agentKeys } = await import('./ssh-agent.ts')
  const asked = agents.get(socket) ?? agentKeys(socket)
  agents.set(socket, asked)
  const held = await asked
  return (key) =>
    key === undefined
      ? held.length > 0
      : key.publicKey !== undefined && held.some((one) => one.equals(key.publicKey as Buffer))
}

function withJumps(settings: ConnectionSettings): ConnectionSettings[] {
  const jump = settings.config?.jump
  return jump === undefined ? [settings] : [settings, ...withJumps(jump)]
}

function unlock(settings: ConnectionSettings, passphrases: ReadonlyMap<string, Secret>): ConnectionSettings {
  const { config } = settings
  if (config?.jump === undefined) return { ...settings, passphrases }
  return { ...settings, passphrases, config: { ...config, jump: unlock(config.jump, passphrases) } }
}
