import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  pbkdf2Sync,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto'

const HEADER = /^\$ANSIBLE_VAULT;(1\.[12]);AES256(?:;([^\r\n]+?))?[ \t]*\r?\n/
const ITERATIONS = 10_000
const LINE_LENGTH = 80
const BLOCK = 16

/** A text in the format of Ansible Vault, taken apart. */
export interface VaultText {
  /** Which of several passwords it was encrypted with, as its writer named it; undefined if it has no name. */
  readonly label: string | undefined
  readonly salt: Buffer
  readonly mac: Buffer
  readonly ciphertext: Buffer
}

/** Whether a text starts as Ansible Vault's do. */
export function isVaultText(text: string): boolean {
  return text.trimStart().startsWith('$ANSIBLE_VAULT;')
}

/** Takes a text in Ansible Vault's format 1.1 or 1.2 apart; undefined if it is damaged or of another version. */
export function parseVaultText(text: string): VaultText | undefined {
  const trimmed = `${text.trim()}\n`
  const header = HEADER.exec(trimmed)
  if (header === null) return undefined
  const body = fromHex(trimmed.slice(header[0].length).replace(/\s/g, ''))
  const parts = body?.toString('latin1').split('\n').map(fromHex)
  const [salt, mac, ciphertext] = parts ?? []
  if (parts?.length !== 3 || !salt?.length || !mac?.length || !ciphertext?.length) return undefined
  return { label: header[2], salt, mac, ciphertext }
}

/** The plain text, or undefined if the password is another one. */
export function decryptVault({ salt, mac, ciphertext }: VaultText, password: string): string | undefined {
  const { key, macKey, iv } = deriveKeys(password, salt)
  const actual = createHmac('sha256', macKey).update(ciphertext).digest()
  if (actual.length !== mac.length || !timingSafeEqual(actual, mac)) return undefined
  const decipher = createDecipheriv('aes-256-ctr', key, iv)
  const padded = Buffer.concat([decipher.update(ciphertext), decipher.final()])
  return padded.subarray(0, padded.length - (padded.at(-1) ?? 0)).toString()
}

/** The text in format 1.2 if there is a label, else in 1.1. */
export function encryptVault(plain: string, password: string, label?: string): string {
  const salt = randomBytes(32)
  const { key, macKey, iv } = deriveKeys(password, salt)
  const bytes = Buffer.from(plain)
  const padding = BLOCK - (bytes.length % BLOCK)
  const cipher = createCipheriv('aes-256-ctr', key, iv)
  const ciphertext = Buffer.concat([
    cipher.update(bytes),
    cipher.update(Buffer.alloc(padding, padding)),
    cipher.final(),
  ])
  const mac = createHmac('sha256', macKey).update(ciphertext).digest()
  const body = Buffer.from([salt, mac, ciphertext].map((part) => part.toString('hex')).join('\n')).toString(
    'hex',
  )
  const header = label === undefined ? '$ANSIBLE_VAULT;1.1;AES256' : `$ANSIBLE_VAULT;1.2;AES256;${label}`
  return `${[header, ...(body.match(new RegExp(`.{1,${LINE_LENGTH}}`, 'g')) ?? [])].join('\n')}\n`
}

function deriveKeys(password: string, salt: Buffer): { key: Buffer; macKey: Buffer; iv: Buffer } {
  const bytes = pbkdf2Sync(password, salt, ITERATIONS, 80, 'sha256')
  return { key: bytes.subarray(0, 32), macKey: bytes.subarray(32, 64), iv: bytes.subarray(64) }
}

function fromHex(text: string): Buffer | undefined {
  return /^(?:[0-9a-f]{2})*$/i.test(text) ? Buffer.from(text, 'hex') : undefined
}
