import { type Query, QuorateError } from '../../lib/index.ts'
import { type Build, configId, isActive, SOCKET } from './config.ts'
import type { NginxVars } from './vars.ts'

const HINT =
  'journalctl -u nginx and /var/log/nginx/error.log tell why; systemctl restart nginx where a reload cannot do'

/** What the running nginx told. */
export interface Status {
  /** Backends that accept connections from this host. */
  readonly up: readonly string[]
  readonly down: readonly string[]
  /** Whether an apiserver answered /readyz with ok through nginx. */
  readonly ready: boolean
}

/**
 * Asks nginx, and every apiserver past it: nginx itself does not tell how they are.
 *
 * @throws QuorateError where nginx does not answer, or runs with another configuration than it should.
 */
export async function askStatus(query: Query, vars: NginxVars, build: Build): Promise<Status> {
  const address = vars.bind === '*' ? '127.0.0.1' : vars.bind
  const { stdout } = await query`
curl --silent --max-time 3 --unix-socket ${SOCKET} http://nginx/quorate | sed 's/^/config /'
echo
curl --silent --output /dev/null --noproxy '*' --max-time 3 ${`http://${address}:${vars.port}/`} && echo listens
curl --silent --fail --output /dev/null --noproxy '*' --max-time 5 ${`http://${address}:${vars.port}/readyz`} && echo ready
for address in ${vars.backends.map((backend) => backend.address)}; do
  case $address in *:*) host="[$address]" ;; *) host=$address ;; esac
  curl --silent --insecure --output /dev/null --noproxy '*' --max-time 3 "https://$host:${vars.backendPort}/readyz" && echo "up $address" &
done
wait`
  const lines = stdout.split('\n')
  if (!lines.some((line) => line.startsWith('config ')))
    throw new QuorateError(`nginx does not answer on ${SOCKET}`, { hint: HINT })
  if (!lines.includes(`config ${configId(vars, build)}`))
    throw new QuorateError('nginx runs with another configuration than it should', { hint: HINT })
  if (!lines.includes('listens'))
    throw new QuorateError(`nginx does not answer on port ${vars.port}`, { hint: HINT })
  const isUp = ({ address }: { readonly address: string }) => lines.includes(`up ${address}`)
  const names = (up: boolean) =>
    vars.backends.filter((backend) => isUp(backend) === up).map(({ name }) => name)
  return { up: names(true), down: names(false), ready: lines.includes('ready') }
}

/** `2 of 3 apiservers are up; m3 is down; passive health checks` */
export function describeStatus({ up, down }: Status, vars: NginxVars, build: Build): string {
  const summary = `${up.length} of ${up.length + down.length} apiservers are up`
  const checks = `${isActive(vars, build) ? 'active' : 'passive'} health checks`
  return [summary, ...down.map((name) => `${name} is down`), checks].join('; ')
}
