import { type Certificate, type CertificateAuthority, certificateAuthority, issue } from '../../lib/index.ts'
import type { EtcdVars, Member } from './vars.ts'

/** What the control machine gives to every host. */
export interface Certificates {
  readonly ca: Pick<CertificateAuthority, 'certificate' | 'provisional'>
  /** By member name. */
  readonly members: ReadonlyMap<string, Certificate>
  readonly client: Certificate
  readonly warning: string | undefined
}

/** CA and certificates from `pkiDir`, made or renewed where that is due; in check mode nothing is written. */
export async function certificatesOf({ pkiDir, members }: EtcdVars, check: boolean): Promise<Certificates> {
  const ca = await certificateAuthority(pkiDir, { commonName: 'etcd', check })
  const certificates = new Map<string, Certificate>()
  for (const member of members)
    certificates.set(member.name, await issue(ca, member.name, memberRequest(member)))
  const client = await issue(ca, 'healthcheck-client', {
    commonName: 'etcd-healthcheck-client',
    usages: ['client'],
  })
  // For the apiservers, which get it from here.
  await issue(ca, 'apiserver-etcd-client', { commonName: 'apiserver-etcd-client', usages: ['client'] })
  return { ca, members: certificates, client, warning: ca.warning }
}

// Members are clients of each other too, and one certificate serves both listeners.
function memberRequest({ name, address }: Member) {
  return {
    commonName: name,
    sans: { dns: [...new Set([name, 'localhost'])], ip: [...new Set([address, '127.0.0.1'])] },
    usages: ['server', 'client'] as const,
  }
}
