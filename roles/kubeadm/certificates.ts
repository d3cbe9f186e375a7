import { X509Certificate } from 'node:crypto'
import { sh } from '../../lib/index.ts'
import { ETCD_CERT } from './documents.ts'
import { KUBERNETES, PKI } from './paths.ts'

const DAY = 86_400_000

/** A certificate on a master. */
export interface Certificate {
  readonly path: string
  readonly end: Date
  /** A piece of its file that no other certificate has. */
  readonly piece: string
}

/** The authorities, ten years long; renewing them is no matter of one host. */
const AUTHORITY = /\/(front-proxy-)?ca\.crt$/

/** Shell: prints every certificate of a master, each line with its file. */
export const PRINT_CERTIFICATES = sh`grep -Hs . ${PKI}/*.crt ${PKI}/etcd/*.crt
grep -Hs client-certificate-data: ${KUBERNETES}/admin.conf ${KUBERNETES}/controller-manager.conf ${KUBERNETES}/scheduler.conf`

/** What {@link PRINT_CERTIFICATES} printed: of each kind the one that ends first before the others. */
export function parseCertificates(output: string): {
  authorities: Certificate[]
  certificates: Certificate[]
  given: Certificate[]
} {
  const texts = new Map<string, string[]>()
  for (const line of output.split('\n')) {
    const [, path = '', text = ''] = /^(\/etc\/kubernetes\/[^:]*):(.*)$/.exec(line) ?? []
    if (path !== '') texts.set(path, [...(texts.get(path) ?? []), text])
  }
  const all = [...texts].flatMap(([path, lines]) => certificate(path, lines))
  const sorted = all.sort((one, other) => one.end.getTime() - other.end.getTime())
  // Where etcd is not kubeadm's own, its client certificate is not either.
  const isGiven = (path: string) => path === ETCD_CERT && !texts.has(`${PKI}/etcd/server.crt`)
  return {
    authorities: sorted.filter(({ path }) => AUTHORITY.test(path)),
    certificates: sorted.filter(({ path }) => !AUTHORITY.test(path) && !isGiven(path)),
    given: sorted.filter(({ path }) => isGiven(path)),
  }
}

/** Days until a certificate ends; negative where it has. */
export function daysLeft({ end }: Certificate): number {
  return Math.floor((end.getTime() - Date.now()) / DAY)
}

function certificate(path: string, lines: readonly string[]): Certificate[] {
  const [, encoded] = /^ *client-certificate-data: *(\S+)$/.exec(lines[0] ?? '') ?? []
  const pem = encoded === undefined ? lines.join('\n') : Buffer.from(encoded, 'base64').toString()
  try {
    // The end of a certificate is its signature.
    const piece = encoded?.slice(-64) ?? lines.at(-3) ?? ''
    return [{ path, end: new Date(new X509Certificate(pem).validTo), piece }]
  } catch {
    return []
  }
}
