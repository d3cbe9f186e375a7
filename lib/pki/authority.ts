import { createPrivateKey, generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import { QuorateError } from '../errors.ts'
import { Secret } from '../secret.ts'
import { signCertificate } from './sign.ts'
import { checkPrivateDirectory, makePrivateDirectory, readPrivateFile, readText, writeOnce } from './store.ts'

const DAY = 86_400_000
const YEARS = 10
/** Days before its end from which on an authority has to be replaced: leaves would live shorter than a year. */
const WARN_DAYS = 365

export interface AuthorityOptions {
  /** Name of the authority, set when it is made. */
  readonly commonName: string
  /** Writes nothing: what is missing is made in memory only, so that a plan can be made with it. Default: false. */
  readonly check?: boolean
}

/** A certificate authority kept in a directory of the control machine. */
export interface CertificateAuthority {
  readonly dir: string
  /** PEM. */
  readonly certificate: string
  readonly key: Secret
  readonly commonName: string
  readonly expires: Date
  /** What will soon be wrong with it. */
  readonly warning: string | undefined
  readonly check: boolean
  /** True where it is in memory only, as `check` has it: a run will make its own. */
  readonly provisional: boolean
}

/**
 * Opens the certificate authority in `dir` (`ca.crt`, `ca.key`; P-256), and makes it where there is none: valid for
 * ten years, directory 0700, files 0600. Two processes that make it at the same time end up with the same one.
 *
 * @throws QuorateError where the directory or key is open to others, half of the pair is lost, or it has expired.
 */
export async function certificateAuthority(
  dir: string,
  options: AuthorityOptions,
): Promise<CertificateAuthority> {
  const { commonName, check = false } = options
  await checkPrivateDirectory(dir)
  if (!check) await makePrivateDirectory(dir)
  const [keyPath, certificatePath] = [join(dir, 'ca.key'), join(dir, 'ca.crt')]
  const keep = async (path: string, text: string) => (check ? text : writeOnce(path, text))
  const found = await readText(certificatePath)
  const foundKey = await readPrivateFile(keyPath)
  if (found !== undefined && foundKey === undefined) {
    throw new QuorateError(`${certificatePath} is there but ${keyPath} is not: nothing can be signed`, {
      hint: `bring ${keyPath} back from a backup; a new authority would not be trusted by what runs with the old one`,
    })
  }
  // The key comes first and only once: whoever is killed or overtaken here continues with the same key.
  const key = foundKey ?? (await keep(keyPath, newPrivateKey()))
  const certificate = found ?? (await keep(certificatePath, await selfSigned(commonName, key)))
  const provisional = check && (found === undefined || foundKey === undefined)
  return {
    ...{ dir, certificate, key: new Secret(key), check, provisional },
    ...describe(certificate, key, certificatePath),
  }
}

/** A new P-256 key: PKCS #8, PEM. */
export function newPrivateKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

function selfSigned(commonName: string, pem: string): Promise<string> {
  const key = createPrivateKey(pem)
  const notAfter = new Date(Date.now() + YEARS * 365 * DAY)
  return signCertificate({ subject: commonName, issuer: commonName, key, signingKey: key, notAfter })
}

function describe(
  pem: string,
  key: string,
  path: string,
): Pick<CertificateAuthority, 'commonName' | 'expires' | 'warning'> {
  const certificate = parse(pem, path)
  if (!certificate.ca) throw new QuorateError(`${path} is not the certificate of an authority`)
  if (!certificate.checkPrivateKey(parseKey(key, path.replace(/crt$/, 'key')))) {
    throw new QuorateError(`${path} does not belong to the ca.key beside it`)
  }
  const expires = new Date(certificate.validTo)
  const days = Math.floor((expires.getTime() - Date.now()) / DAY)
  if (days < 0) {
    throw new QuorateError(`the certificate authority ${path} expired on ${isoDay(expires)}`, {
      hint: 'move the directory away for a new one; all that trusts the old one needs new certificates',
    })
  }
  const warning =
    days < WARN_DAYS
      ? `the certificate authority ${path} expires on ${isoDay(expires)}, in ${days} days, and all its certificates with it`
      : undefined
  return { commonName: commonNameOf(certificate), expires, warning }
}

/** @throws QuorateError where the text is no certificate. */
function parse(pem: string, path: string): X509Certificate {
  try {
    return new X509Certificate(pem)
  } catch (cause) {
    throw new QuorateError(`${path} is not a certificate in PEM form`, { cause })
  }
}

function parseKey(pem: string, path: string): KeyObject {
  try {
    return createPrivateKey(pem)
  } catch (cause) {
    throw new QuorateError(`${path} is not a private key in PEM form`, { cause })
  }
}

/** The CN of a certificate's subject. */
export function commonNameOf(certificate: X509Certificate): string {
  return /^CN=(.*)$/m.exec(certificate.subject)?.[1] ?? ''
}

/** `2026-11-21` */
export function isoDay(date: Date): string {
  return date.toISOString().slice(0, 10)
}
