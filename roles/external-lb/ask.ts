import type { Query } from '../../lib/index.ts'
import type { ExternalLbVars } from './vars.ts'

/** What one host sees of the load balancer. */
export interface Sight {
  /** What the resolver gives for the domain; empty without a domain, or where there is no answer. */
  readonly resolved: readonly string[]
  /** Whether it accepts connections. */
  readonly connects: boolean
  /** Whether an apiserver answers through it, with whatever certificate. */
  readonly answers: boolean
  /** The answer was that of a ready apiserver. */
  readonly ready: boolean
  /** What is wrong with the certificate; empty where it is that of the cluster, or there is no CA to compare with yet. */
  readonly certificate: string
  /** Whether this host's own apiserver is ready. */
  readonly ownReady: boolean
}

const CA_FILE = '/etc/kubernetes/pki/ca.crt'

/** curl's exit codes for a TLS handshake that was never answered, and a certificate that is not trusted or of another name. */
const CERTIFICATE_CODES = ['51', '60', '77', '83', '91']

/** Asks a host, in one round trip. */
export async function ask(query: Query, vars: ExternalLbVars, own: string): Promise<Sight> {
  const { address, port, domain } = vars.loadbalancerApiserver
  const name = domain ?? address
  const url = (host: string) => `https://${host.includes(':') ? `[${host}]` : host}:${port}/readyz`
  // The name's address is given, as this is about the load balancer and not the resolver.
  const resolve = domain === undefined ? [] : ['--resolve', `${domain}:${port}:${address}`]
  const curl = ['curl', '--silent', '--noproxy', '*', '--connect-timeout', '3', '--max-time', '8']
  const { stdout } = await query`
[ -z ${domain ?? ''} ] || getent ahosts ${name} | awk '{ print "resolved", $1 }' | sort -u
${curl} --insecure --output /dev/null --write-out 'answer %{http_code} %{num_connects}\\n' ${resolve} ${url(name)}
if [ -r ${CA_FILE} ]; then
  ${curl} --show-error --cacert ${CA_FILE} --output /dev/null ${resolve} ${url(name)} 2>&1 | sed 's/^/certificate /'
fi
${curl} --insecure --output /dev/null --write-out 'own %{http_code}\\n' ${`https://${own}:${vars.apiServerPort}/readyz`}
:`
  return parseSight(stdout)
}

/** What `ask`'s script prints. */
export function parseSight(text: string): Sight {
  const lines = text.split('\n')
  const rest = (kind: string) =>
    lines.filter((line) => line.startsWith(`${kind} `)).map((line) => line.slice(kind.length + 1))
  const [code = '000', connects = '0'] = rest('answer')[0]?.split(' ') ?? []
  const complaint = rest('certificate')[0] ?? ''
  const [, curlCode = ''] = /^curl: \((\d+)\)/.exec(complaint) ?? []
  return {
    resolved: rest('resolved'),
    connects: Number(connects) > 0,
    answers: code !== '000',
    ready: code === '200',
    certificate: CERTIFICATE_CODES.includes(curlCode) ? complaint.replace(/^curl: \(\d+\) /, '') : '',
    ownReady: rest('own')[0] === '200',
  }
}
