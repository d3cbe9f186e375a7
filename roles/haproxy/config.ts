import { createHash } from 'node:crypto'
import { isIPv6 } from 'node:net'
import type { HaproxyVars } from './vars.ts'

export const CONFIG_FILE = '/etc/haproxy/haproxy.cfg'

/** The name of the backend that holds the apiservers, also in `show stat`. */
export const BACKEND = 'kube-apiserver'

/** Statistics and commands, for root alone: haproxy listens for them nowhere else. */
export const SOCKET = '/run/haproxy/admin.sock'

/** Where `caContent` is kept. */
export const CA_FILE = '/etc/haproxy/k8s-ca.crt'

/**
 * haproxy.cfg: TLS goes through to an apiserver that is ready. Plain HTTP is answered by haproxy itself, so that a
 * person or keepalived can ask whether it is alive, also while no apiserver is.
 */
export function haproxyCfg(vars: HaproxyVars): string {
  return render(vars, configId(vars))
}

/** What the running haproxy says its configuration is: a reload that fails leaves the former one at work, and exits 0. */
export function configId(vars: HaproxyVars): string {
  return createHash('sha256').update(render(vars, '')).digest('hex').slice(0, 16)
}

/** A drop-in for the distribution's haproxy.service. */
export function haproxyUnit({ restartSec }: HaproxyVars): string {
  return `# Written by Quorate (role haproxy).
[Service]
RuntimeDirectory=haproxy
RestartSec=${restartSec}
`
}

/** `10.0.0.1:6443`, `[fd00::1]:6443`: as `show stat` prints it. */
export function endpoint(address: string, port: number): string {
  return isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`
}

function render(vars: HaproxyVars, id: string): string {
  return `# Written by Quorate (role haproxy): the next run undoes what is changed here.
global
  chroot /var/lib/haproxy
  user haproxy
  group haproxy
  description ${id}${vars.maxconn === undefined ? '' : `\n  maxconn ${vars.maxconn}`}
  hard-stop-after ${vars.hardStopAfter}
  stats socket ${SOCKET} mode 600 level admin expose-fd listeners

defaults
  mode tcp
  option clitcpka
  option srvtcpka
  option redispatch
  timeout connect ${vars.timeoutConnect}
  timeout check ${vars.timeoutCheck}
  timeout client ${vars.timeoutClient}
  timeout server ${vars.timeoutServer}

frontend ${BACKEND}
  ${bind(vars)}
  tcp-request inspect-delay 5s
  tcp-request content accept if { req.ssl_hello_type 1 } || HTTP
  use_backend haproxy-status if HTTP
  default_backend ${BACKEND}

backend ${BACKEND}
  option httpchk GET /readyz
  http-check expect status 200
  balance leastconn
  default-server check check-ssl ${verify(vars)} inter ${vars.inter} fall ${vars.fall} rise ${vars.rise} on-marked-down shutdown-sessions
${vars.backends.map(({ name, address }) => `  server ${name} ${endpoint(address, vars.backendPort)}`).join('\n')}

backend haproxy-status
  mode http
  http-request return status 503 content-type text/plain lf-string "haproxy on %H: no apiserver is up\\n" if { path /readyz } { nbsrv(${BACKEND}) lt 1 }
  http-request return status 200 content-type text/plain lf-string "haproxy on %H: %[nbsrv(${BACKEND})] of ${vars.backends.length} apiservers are up\\n"
`
}

function bind({ bind, port }: HaproxyVars): string {
  // transparent: the address may be a VIP that is on another host now.
  return bind === '*' ? `bind :${port}` : `bind ${bind}:${port} transparent`
}

// Before the first `kubeadm init` there is no CA to verify with; the check carries no secret, so that is safe to start with.
function verify({ caContent, caFile }: HaproxyVars): string {
  const file = caContent === undefined ? caFile : CA_FILE
  return file === undefined ? 'verify none' : `verify required ca-file ${file}`
}
