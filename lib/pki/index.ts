export { type AuthorityOptions, type CertificateAuthority, certificateAuthority } from './authority.ts'
export {
  type Certificate,
  type CertificateRequest,
  type CertificateUsage,
  inspectCertificate,
  issue,
} from './certificate.ts'
