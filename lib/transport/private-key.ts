import { readFile, stat } from 'node:fs/promises'
import type { ParsedKey } from 'ssh2'
import type { Secret } from '../secret.ts'

/** What a key file can be used for. */
export interface KeyFile {
  readonly file: string
  /** Undefined where only an agent can use it: it has a passphrase that we do not know, or holds but a public key. */
  readonly key: ParsedKey | undefined
  readonly isEncrypted: boolean
  /** The public key as agents list it; undefined where nothing tells. */
  readonly publicKey: Buffer | undefined
}

const cache = new Map<string, Promise<KeyFile>>()

/**
 * Each file is read once a run: to open a key with its passphrase is meant to take long.
 *
 * @throws Error with the reason for a file that cannot be read, is no key, or does not go with the passphrase.
 */
export async function readKeyFile(file: string, passphrase?: Secret): Promise<KeyFile> {
  const { ino, mtimeMs } = await stat(file)
  const version = JSON.stringify([file, ino, mtimeMs, passphrase?.reveal()])
  const known = cache.get(version) ?? open(file, passphrase)
  cache.set(version, known)
  return known
}

async function open(file: string, passphrase: Secret | undefined): Promise<KeyFile> {
  const { utils } = (await import('ssh2')).default
  const text = await readFile(file)
  const key = utils.parseKey(text, passphrase?.reveal())
  if (!(key instanceof Error)) {
    const publicKey = key.getPublicSSH()
    return { file, key: key.isPrivateKey() ? key : undefined, isEncrypted: false, publicKey }
  }
  const isEncrypted = /passphrase/i.test(key.message)
  if (!isEncrypted) throw key
  if (passphrase !== undefined) throw new Error('wrong passphrase')
  return { file, key: undefined, isEncrypted, publicKey: await publicKeyOf(file, text) }
}

/** OpenSSH's format has the public key in clear; for older ones there may be a file beside it. */
async function publicKeyOf(file: string, text: Buffer): Promise<Buffer | undefined> {
  const [, body] = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]+)-----END/.exec(text.toString('latin1')) ?? []
  if (body !== undefined) return embeddedPublicKey(Buffer.from(body, 'base64'))
  const beside = await readFile(`${file}.pub`, 'latin1').catch(() => undefined)
  const encoded = beside?.split(/\s+/)[1]
  return encoded === undefined ? undefined : Buffer.from(encoded, 'base64')
}

/** "openssh-key-v1\0", then strings with their lengths: cipher, kdf and its options; a count; the public key. */
function embeddedPublicKey(data: Buffer): Buffer | undefined {
  try {
    let at = 'openssh-key-v1\0'.length
    for (let skipped = 0; skipped < 3; skipped++) at += 4 + data.readUInt32BE(at)
    const length = data.readUInt32BE(at + 4)
    return data.subarray(at + 8, at + 8 + length)
  } catch {
    return undefined
  }
}
