import { createHmac } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'

/** One line of a known_hosts file. */
export interface KnownHost {
  readonly file: string
  readonly line: number
  readonly marker: 'revoked' | undefined
  readonly keyType: string
  readonly key: Buffer
  readonly matches: (name: string) => boolean
}

/** The name under which known_hosts files list a host. */
export function knownHostName(host: string, port: number): string {
  const name = host.toLowerCase()
  return port === 22 ? name : `[${name}]:${port}`
}

const cache = new Map<string, { version: string; entries: readonly KnownHost[] }>()

/** The lines of a known_hosts file; none where there is no such file. Read once, and again when it has changed. */
export function readKnownHosts(file: string): readonly KnownHost[] {
  const stat = statSync(file, { throwIfNoEntry: false })
  if (stat === undefined || !stat.isFile()) return []
  const version = `${stat.ino} ${stat.size} ${stat.mtimeMs}`
  const cached = cache.get(file)
  if (cached?.version === version) return cached.entries
  const entries = parseKnownHosts(readFileSync(file, 'utf8'), file)
  cache.set(file, { version, entries })
  return entries
}

/** Certificate authorities are left out (ssh2 knows no host certificates), as are lines that cannot be read. */
export function parseKnownHosts(text: string, file: string): KnownHost[] {
  return text.split('\n').flatMap((line, index) => parseLine(line, { file, line: index + 1 }))
}

function parseLine(text: string, place: { file: string; line: number }): KnownHost[] {
  const words = text.trim().split(/\s+/)
  const marker = words[0]?.startsWith('@') ? words.shift() : undefined
  const [names, keyType, key] = words
  if (!names || names.startsWith('#') || !keyType || !key || !(marker === undefined || marker === '@revoked'))
    return []
  return [
    {
      ...place,
      marker: marker && 'revoked',
      keyType,
      key: Buffer.from(key, 'base64'),
      matches: names.startsWith('|1|') ? hashedName(names) : namePatterns(names),
    },
  ]
}

/** `|1|salt|HMAC-SHA1(salt, name)`: who reads the file does not learn which hosts are in it. */
function hashedName(text: string): (name: string) => boolean {
  const [, , salt = '', hash = ''] = text.split('|')
  const key = Buffer.from(salt, 'base64')
  const digest = Buffer.from(hash, 'base64')
  return (name) => createHmac('sha1', key).update(name).digest().equals(digest)
}

/** `m1,10.0.0.1,*.example.com,!bad.example.com` */
function namePatterns(text: string): (name: string) => boolean {
  const patterns = text.toLowerCase().split(',')
  const negated = patterns
    .filter((pattern) => pattern.startsWith('!'))
    .map((pattern) => glob(pattern.slice(1)))
  const positive = patterns.filter((pattern) => !pattern.startsWith('!')).map(glob)
  return (name) => positive.some((matches) => matches(name)) && !negated.some((matches) => matches(name))
}

function glob(pattern: string): (name: string) => boolean {
  if (!/[*?]/.test(pattern)) return (name) => name === pattern
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  const expression = new RegExp(`^${source}$`)
  return (name) => expression.test(name)
}
