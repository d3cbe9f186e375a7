/** Where a member tells its metrics, to its own host only. */
export const METRICS_PORT = 2381

/** Why a flag of etcd (without its dashes) cannot be given freely; undefined where it can. */
export function settingProblem(name: string): string | undefined {
  if (OWN.has(name) || name.startsWith('initial-') || name.startsWith('discovery'))
    return 'is set by the role itself'
  if (name.startsWith('experimental-'))
    return 'experimental flags are gone in etcd 3.7; use feature-gates (3.6 or newer)'
  if (name === 'enable-v2') return 'the v2 API is gone in etcd 3.6'
  return undefined
}

/** What the role decides: given freely, these would break TLS, the quorum rule or the role's own questions. */
const OWN = new Set([
  'name',
  'data-dir',
  'config-file',
  'listen-client-urls',
  'listen-client-http-urls',
  'advertise-client-urls',
  'listen-peer-urls',
  'listen-metrics-urls',
  'trusted-ca-file',
  'cert-file',
  'key-file',
  'client-cert-auth',
  'auto-tls',
  'peer-trusted-ca-file',
  'peer-cert-file',
  'peer-key-file',
  'peer-client-cert-auth',
  'peer-auto-tls',
  'heartbeat-interval',
  'election-timeout',
  'quota-backend-bytes',
  'snapshot-count',
  'force-new-cluster',
])
