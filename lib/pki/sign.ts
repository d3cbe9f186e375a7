import { createPublicKey, type KeyObject, randomBytes, webcrypto } from 'node:crypto'
import type { Extension } from '@peculiar/x509'

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const HOUR = 3_600_000

/** What a new certificate says. */
export interface SigningRequest {
  /** Common name of the holder. */
  readonly subject: string
  /** Common name of the authority: the same as `subject` where it signs itself. */
  readonly issuer: string
  /** The holder's key; only its public half gets into the certificate. */
  readonly key: KeyObject
  readonly signingKey: KeyObject
  readonly notAfter: Date
  /** Undefined for the certificate of an authority. */
  readonly leaf?: {
    readonly server: boolean
    readonly client: boolean
    readonly dns: readonly string[]
    readonly ip: readonly string[]
  }
}

/** Makes and signs a certificate: PEM. The only place that loads the X.509 library, so that runs which sign nothing do not pay for it. */
export async function signCertificate(request: SigningRequest): Promise<string> {
  await import('reflect-metadata')
  const x509 = await import('@peculiar/x509')
  const publicKey = await importKey(
    createPublicKey(request.key.export({ type: 'pkcs8', format: 'pem' })),
    'verify',
  )
  const signingKey = await importKey(request.signingKey, 'sign')
  const issuerPublicKey = createPublicKey(request.signingKey.export({ type: 'pkcs8', format: 'pem' }))
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: [{ CN: [request.subject] }],
    issuer: [{ CN: [request.issuer] }],
    // Hosts whose clocks are a little behind accept it too.
    notBefore: new Date(Date.now() - HOUR),
    notAfter: request.notAfter,
    signingAlgorithm: ALGORITHM,
    publicKey,
    signingKey,
    extensions: [
      ...(request.leaf === undefined ? authorityExtensions(x509) : leafExtensions(x509, request.leaf)),
      await x509.SubjectKeyIdentifierExtension.create(publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(await importKey(issuerPublicKey, 'verify')),
    ],
  })
  return `${certificate.toString('pem').trimEnd()}\n`
}

function authorityExtensions(x509: typeof import('@peculiar/x509')): Extension[] {
  const { keyCertSign, cRLSign } = x509.KeyUsageFlags
  return [
    new x509.BasicConstraintsExtension(true, 0, true),
    new x509.KeyUsagesExtension(keyCertSign | cRLSign, true),
  ]
}

function leafExtensions(
  x509: typeof import('@peculiar/x509'),
  leaf: NonNullable<SigningRequest['leaf']>,
): Extension[] {
  const usages = [
    ...(leaf.server ? [x509.ExtendedKeyUsage.serverAuth] : []),
    ...(leaf.client ? [x509.ExtendedKeyUsage.clientAuth] : []),
  ]
  const names = [
    ...leaf.dns.map((value) => ({ type: 'dns' as const, value })),
    ...leaf.ip.map((value) => ({ type: 'ip' as const, value })),
  ]
  return [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    new x509.ExtendedKeyUsageExtension(usages),
    ...(names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names)]),
  ]
}

function importKey(key: KeyObject, usage: 'sign' | 'verify'): Promise<webcrypto.CryptoKey> {
  const format = usage === 'sign' ? 'pkcs8' : 'spki'
  const bytes = key.export({ type: format, format: 'der' } as never) as unknown as Buffer
  return webcrypto.subtle.importKey(format, bytes, ALGORITHM, true, [usage])
}

/** 127 random bits, never negative. */
function serialNumber(): string {
  const bytes = randomBytes(16)
  bytes[0] = ((bytes[0] as number) & 0x7f) | 0x40
  return bytes.toString('hex')
}
