import { createHash } from 'node:crypto'
import { isIPv6 } from 'node:net'
import type { NginxVars } from './vars.ts'

export const CONFIG_FILE = '/etc/nginx/nginx.conf'

/** Where nginx tells about itself, on this host alone. */
export const SOCKET = '/run/nginx-quorate.sock'

/** With active checks only: they need a server whose upstream does not depend on the client. */
const CHECKED_SOCKET = '/run/nginx-quorate-checked.sock'

/** What a build of nginx can, and where it has its module for TCP. */
export interface Build {
  /** Only the commercial build checks servers without a client. */
  readonly activeChecks: boolean
  /** The file to load; undefined where TCP is built in. */
  readonly streamModule: string | undefined
  /** Whom its worker processes run as. */
  readonly user: string
}

/**
 * nginx.conf: TLS goes through to an apiserver that accepts connections. Plain HTTP is answered by nginx itself, so
 * that a person or keepalived can ask whether it is alive, also while no apiserver is; `/readyz` asks an apiserver.
 */
export function nginxConf(vars: NginxVars, build: Build): string {
  return render(vars, build, configId(vars, build))
}

/** What the running nginx says its configuration is: a reload that fails leaves the former one at work. */
export function configId(vars: NginxVars, build: Build): string {
  return createHash('sha256')
    .update(render(vars, build, ''))
    .digest('hex')
    .slice(0, 16)
}

/** A drop-in for the distribution's nginx.service. */
export function nginxUnit(): string {
  return `# Written by Quorate (role nginx).
[Service]
# An nginx that was killed leaves its socket behind, and could not start again.
ExecStartPre=-/bin/rm -f ${SOCKET} ${CHECKED_SOCKET}
Restart=on-failure
# Long enough for keepalived to move the VIP first.
RestartSec=5
LimitNOFILE=1048576
`
}

function render(vars: NginxVars, build: Build, id: string): string {
  const { backends, backendPort, timeout, connectTimeout, workerConnections } = vars
  const passive = `max_fails=${vars.maxFails} fail_timeout=${vars.failTimeout}`
  const active = isActive(vars, build)
  const servers = backends
    .map(({ address }) => `    server ${endpoint(address, backendPort)} ${passive};`)
    .join('\n')
  return `# Written by Quorate (role nginx): the next run undoes what is changed here.
${build.streamModule === undefined ? '' : `load_module ${build.streamModule};\n`}user ${build.user};
pid /run/nginx.pid;
worker_processes auto;
worker_rlimit_nofile ${2 * workerConnections + 1024};
worker_shutdown_timeout ${vars.shutdownTimeout};
error_log /var/log/nginx/error.log warn;

events {
  worker_connections ${workerConnections};
}

stream {
  # A client that does not speak TLS talks to nginx itself.
  map $ssl_preread_protocol $quorate_upstream {
    "" quorate_status;
    default ${active ? 'checked' : 'kube_apiserver'};
  }
  upstream kube_apiserver {
    ${active ? 'zone kube_apiserver 64k;\n    ' : ''}least_conn;
${servers}
  }
  upstream quorate_status {
    server unix:${SOCKET};
  }
  server {
    listen ${vars.bind === '*' ? '' : `${vars.bind}:`}${vars.port} so_keepalive=on;
    ssl_preread on;
    preread_timeout 5s;
    proxy_pass $quorate_upstream;
    proxy_connect_timeout ${connectTimeout};
    proxy_timeout ${timeout};
    proxy_socket_keepalive on;
${access(vars)}  }${active ? checked(vars) : ''}
}

http {
  access_log off;
  server_tokens off;
  default_type text/plain;
  upstream kube_apiserver_https {
${servers}
  }
  server {
    listen unix:${SOCKET};
    location = /quorate {
      return 200 "${id}\\n";
    }
    location = /readyz {
      proxy_pass https://kube_apiserver_https;
      proxy_connect_timeout 1s;
      proxy_read_timeout 2s;
    }
    location / {
      return 200 "nginx on $hostname: ${backends.length} apiservers\\n";
    }
  }
}
`
}

/** Whether nginx asks the apiservers by itself. */
export function isActive({ healthCheck }: NginxVars, { activeChecks }: Build): boolean {
  return healthCheck === 'active' || (healthCheck === 'auto' && activeChecks)
}

function checked({ checkInterval, connectTimeout, timeout }: NginxVars): string {
  return `
  upstream checked {
    server unix:${CHECKED_SOCKET};
  }
  server {
    listen unix:${CHECKED_SOCKET};
    proxy_pass kube_apiserver;
    proxy_connect_timeout ${connectTimeout};
    proxy_timeout ${timeout};
    health_check interval=${checkInterval} fails=2 passes=2;
  }`
}

function access({ allow }: NginxVars): string {
  if (allow.length === 0) return ''
  return ['127.0.0.1', ...allow]
    .map((network) => `    allow ${network};\n`)
    .join('')
    .concat('    deny all;\n')
}

/** `10.0.0.1:6443`, `[fd00::1]:6443` */
function endpoint(address: string, port: number): string {
  return isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`
}
