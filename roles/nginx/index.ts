import { defineRole, directory, file, pkg, QuorateError, service, until } from '../../lib/index.ts'
import { refuseSharedPort, refuseTakenPort } from '../balancer/ports.ts'
import { buildOf } from './build.ts'
import { CONFIG_FILE, nginxConf, nginxUnit } from './config.ts'
import { refuseMissingChecks } from './refuse.ts'
import { askStatus, describeStatus } from './status.ts'
import { nginxVars } from './vars.ts'

const UNIT_DIRECTORY = '/etc/systemd/system/nginx.service.d'
const DROP_IN = `${UNIT_DIRECTORY}/quorate.conf`

/**
 * A TCP load balancer in haproxy's place, on hosts that serve nothing else with nginx. It notices that an apiserver is
 * away when a connection fails, and passes that one on to the next; that one is up but not ready it does not notice.
 *
 * @example nginx({ backends: group('kube-master'), port: 8443 })
 */
export const nginx = defineRole({
  name: 'nginx',
  summary: 'a TCP load balancer in front of every kube-apiserver',
  vars: nginxVars,

  async preflight({ vars, host, query }) {
    refuseSharedPort('nginx', vars, host.address)
    await refuseTakenPort('nginx', query, host, vars)
  },

  async converge({ vars, facts, apply, query, rolling }) {
    const stream = facts.packageManager === 'apt' ? 'libnginx-mod-stream' : 'nginx-mod-stream'
    await apply(
      pkg(['nginx', stream, 'curl']),
      directory(UNIT_DIRECTORY),
      file(DROP_IN, { content: nginxUnit() }),
    )
    const build = await buildOf(query)
    refuseMissingChecks(vars, build)
    await rolling(
      () =>
        apply(
          file(CONFIG_FILE, { content: nginxConf(vars, build), validate: 'nginx -t -q -c %' }),
          service('nginx', {
            enabled: true,
            state: 'running',
            restartOn: [DROP_IN],
            reloadOn: [CONFIG_FILE],
          }),
        ),
      { healthy: () => until(() => askStatus(query, vars, build), { seconds: 10 }) },
    )
  },

  async verify({ vars, query }) {
    const build = await buildOf(query)
    const status = await until(() => askStatus(query, vars, build), { seconds: 5 })
    const found = describeStatus(status, vars, build)
    if (vars.requireUp && !status.ready)
      throw new QuorateError(`nginx runs, but no apiserver is ready through it: ${found}`)
    return found
  },
})
