import { createPrivateKey, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { join } from 'node:path'
import { QuorateError } from '../errors.ts'
import { Secret } from '../secret.ts'
import { type CertificateAuthority, commonNameOf, isoDay, newPrivateKey } from './authority.ts'
import { signCertificate } from './sign.ts'
import { readPrivateFile, writeAtomically } from './store.ts'

const DAY = 86_400_000
const USAGE_OIDS = { server: '1.3.6.1.5.5.7.3.1', client: '1.3.6.1.5.5.7.3.2' }

export type CertificateUsage = keyof typeof USAGE_OIDS

/** What a certificate has to be. */
export interface CertificateRequest {
  readonly commonName: string
  /** Names and addresses that it stands for, exactly these. Default: none. */
  readonly sans?: { readonly dns?: readonly string[]; readonly ip?: readonly string[] }
  readonly usages: readonly CertificateUsage[]
  /** How long a new one is valid. Default: 365. */
  readonly days?: number
  /** How long before its end it is replaced. Default: 60. */
  readonly renewBeforeDays?: number
}

export interface Certificate {
  /** PEM. */
  readonly cert: string
  /** PEM, PKCS #8. */
  readonly key: Secret
  /** True where it is in memory only, as its authority was opened by `check`: a run will make its own. */
  readonly provisional: boolean
}

/**
 * The certificate `name` of this authority, kept with its key in `NAME.pem` beside it. A new pair is made where there
 * is none or `inspectCertificate` finds something wrong; with an authority opened by `check` it is kept in memory only.
 * Of two processes that renew at the same time the last one's pair stays; both pairs are valid.
 *
 * @throws QuorateError where the request is malformed or the file is open to others.
 */
export async function issue(
  ca: CertificateAuthority,
  name: string,
  request: CertificateRequest,
): Promise<Certificate> {
  validate(name, request)
  const path = join(ca.dir, `${name}.pem`)
  const kept = await readPrivateFile(path)
  if (kept !== undefined && inspect(ca, kept, request) === 'ok') return { ...split(kept), provisional: false }
  const key = newPrivateKey()
  const cert = await signCertificate({
    subject: request.commonName,
    issuer: ca.commonName,
    key: createPrivateKey(key),
    signingKey: createPrivateKey(ca.key.reveal()),
    notAfter: endOf(ca, request.days ?? 365),
    leaf: {
      server: request.usages.includes('server'),
      client: request.usages.includes('client'),
      dns: request.sans?.dns ?? [],
      ip: request.sans?.ip ?? [],
    },
  })
  if (!ca.check) await writeAtomically(path, cert + key)
  return { cert, key: new Secret(key), provisional: ca.check }
}

/** `ok`, or why `issue` would make a new certificate: `expires on 2026-12-01`. Changes nothing. */
export async function inspectCertificate(
  ca: CertificateAuthority,
  name: string,
  request: CertificateRequest,
): Promise<string> {
  validate(name, request)
  const kept = await readPrivateFile(join(ca.dir, `${name}.pem`))
  return kept === undefined ? 'missing' : inspect(ca, kept, request)
}

function inspect(ca: CertificateAuthority, pem: string, request: CertificateRequest): string {
  const certificate = parse(pem)
  if (certificate === undefined) return 'unreadable'
  const authority = new X509Certificate(ca.certificate)
  if (!certificate.checkIssued(authority) || !certificate.verify(authority.publicKey))
    return 'issued by another authority'
  if (!matchesKey(certificate, pem)) return 'key does not match'
  if (commonNameOf(certificate) !== request.commonName) return `common name is ${commonNameOf(certificate)}`
  const usages = request.usages.map((usage) => USAGE_OIDS[usage])
  if (!sameSet(certificate.keyUsage ?? [], usages)) return 'usages differ'
  const names = namesOf(certificate)
  if (!sameSet(names, wantedNames(request))) return `names are ${names.join(', ') || 'missing'}`
  return isEnding(ca, certificate, request) ? `expires on ${isoDay(new Date(certificate.validTo))}` : 'ok'
}

function isEnding(
  ca: CertificateAuthority,
  certificate: X509Certificate,
  request: CertificateRequest,
): boolean {
  const end = Date.parse(certificate.validTo)
  // One that already lives as long as its authority cannot be bettered by a new one.
  if (end >= ca.expires.getTime()) return false
  return end - Date.now() < (request.renewBeforeDays ?? 60) * DAY
}

function endOf(ca: CertificateAuthority, days: number): Date {
  return new Date(Math.min(Date.now() + days * DAY, ca.expires.getTime()))
}

function split(pem: string): Pick<Certificate, 'cert' | 'key'> {
  const start = pem.indexOf('-----BEGIN PRIVATE KEY-----')
  return { cert: pem.slice(0, start), key: new Secret(pem.slice(start)) }
}

function parse(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem)
  } catch {
    return undefined
  }
}

function matchesKey(certificate: X509Certificate, pem: string): boolean {
  try {
    return certificate.checkPrivateKey(createPrivateKey(split(pem).key.reveal()))
  } catch {
    return false
  }
}

/** `DNS:m1`, `IP:10.0.0.1`, addresses in their shortest form. */
function namesOf(certificate: X509Certificate): string[] {
  const names = certificate.subjectAltName?.split(', ') ?? []
  return names.map((name) => name.replace(/^IP Address:(.*)$/, (_, ip: string) => `IP:${shortest(ip)}`))
}

function wantedNames({ sans }: CertificateRequest): string[] {
  return [
    ...(sans?.dns ?? []).map((name) => `DNS:${name}`),
    ...(sans?.ip ?? []).map((ip) => `IP:${shortest(ip)}`),
  ]
}

function shortest(ip: string): string {
  return isIP(ip) === 6 ? new URL(`http://[${ip}]`).hostname.slice(1, -1) : ip
}

function sameSet(some: readonly string[], others: readonly string[]): boolean {
  return (
    new Set(some).size === new Set([...some, ...others]).size && new Set(others).size === new Set(some).size
  )
}

function validate(name: string, { commonName, sans, usages }: CertificateRequest): void {
  if (!/^[A-Za-z0-9][\w.-]*$/.test(name))
    throw new QuorateError(`"${name}" cannot be a certificate's file name`)
  if (commonName === '' || commonName.length > 64) {
    throw new QuorateError(`"${commonName}" cannot be a common name: 1 to 64 characters`)
  }
  if (usages.length === 0)
    throw new QuorateError(`certificate ${name}: usages are empty; give server, client or both`)
  for (const dns of sans?.dns ?? []) {
    if (!/^(\*\.)?[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?$/.test(dns)) {
      throw new QuorateError(`certificate ${name}: "${dns}" is not a DNS name`)
    }
  }
  for (const ip of sans?.ip ?? []) {
    if (isIP(ip) === 0) throw new QuorateError(`certificate ${name}: "${ip}" is not an IP address`)
  }
}
