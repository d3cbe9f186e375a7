import { createHash, X509Certificate } from 'node:crypto'

/** `sha256:…` of the certificate's public key, as kubeadm pins a cluster's CA; undefined where the text is no certificate. */
export function caCertHash(pem: string): string | undefined {
  try {
    const key = new X509Certificate(pem).publicKey.export({ type: 'spki', format: 'der' })
    return `sha256:${createHash('sha256').update(key).digest('hex')}`
  } catch {
    return undefined
  }
}
